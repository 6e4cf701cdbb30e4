package io.smartrouter.webhook.hostile;

import static org.assertj.core.api.Assertions.assertThat;

import io.smartrouter.pool.PoolManager;
import io.smartrouter.testing.TestRedis;
import io.smartrouter.webhook.WebhookClient;
import io.smartrouter.webhook.WebhookClient.Answer;
import io.smartrouter.webhook.WebhookRouter;
import io.smartrouter.webhook.simulator.Sender;
import io.smartrouter.webhook.simulator.Sender.Request;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.springframework.boot.web.server.servlet.context.ServletWebServerApplicationContext;

/** A router that knows every provider, on a Redis to which nothing but requests writes. */
final class HostileRouter implements AutoCloseable {
    static final String PUBLIC = "https://voice.example.com";
    static final List<String> ENDPOINTS = List.of("allocate", "hangup", "stream", "continue");
    private static final int PODS = 3;

    private final TestRedis redis;
    private final ServletWebServerApplicationContext router;
    private final WebhookClient http;

    private HostileRouter(TestRedis redis) {
        this.redis = redis;
        this.router = WebhookRouter.start(redis, PODS, settings(PUBLIC));
        this.http = new WebhookClient(router);
    }

    static HostileRouter start() {
        HostileRouter router = new HostileRouter(TestRedis.start());
        // The data set is there, and settled, before the first comparison.
        Request first = post(Sender.PLIVO, "hangup", Sender.PLIVO.hangup("warm-up"));
        Awaitility.await().until(() -> router.send(first).status() == 200);
        return router;
    }

    /** Another router on the same Redis, for which providers have another URL. */
    ServletWebServerApplicationContext second(String publicUrl) {
        return WebhookRouter.start(redis, PODS, settings(publicUrl));
    }

    private static Map<String, Object> settings(String publicUrl) {
        Map<String, Object> settings = Sender.settings(publicUrl);
        settings.put("router.redis.command-timeout", "5s"); // a machine that is busy shall not change an answer
        return settings;
    }

    void hangUp(Sender sender, String sid) {
        assertThat(send(post(sender, "hangup", sender.hangup(sid))).status()).isEqualTo(200);
    }

    Answer send(Request request) {
        return send(http, request);
    }

    static Answer send(WebhookClient client, Request request) {
        return client.send(request.method(), request.target(), request.headers(), bytes(request));
    }

    Answer chunked(Request request) {
        return http.chunked(request.target(), request.headers(), bytes(request));
    }

    /** Everything in Redis, byte for byte. */
    Map<String, String> keySpace() {
        return WebhookRouter.keySpace(redis);
    }

    /** Everything in Redis, to be read. */
    String text() {
        return RedisText.of(redis);
    }

    PoolManager pool() {
        return router.getBean(PoolManager.class);
    }

    /** A genuine request. */
    static Request post(Sender sender, String endpoint, List<String[]> fields) {
        return sender.request(PUBLIC, "POST", sender.path(endpoint), List.of(), fields);
    }

    /** These, but this field with this value. */
    static List<String[]> with(List<String[]> fields, String name, String value) {
        List<String[]> all = new ArrayList<>(fields);
        all.removeIf(pair -> pair[0].equals(name));
        all.add(new String[] {name, value});
        return all;
    }

    /** These, and one more. */
    static List<String[]> plus(List<String[]> fields, String name, String value) {
        List<String[]> all = new ArrayList<>(fields);
        all.add(new String[] {name, value});
        return all;
    }

    private static byte[] bytes(Request request) {
        return request.body().getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        router.close();
        redis.close();
    }
}
