package io.smartrouter.webhook.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import io.smartrouter.testing.RouterProcess;
import io.smartrouter.testing.TestCluster;
import io.smartrouter.testing.TestRedis;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Two whole routers on one Redis, an API server and the agents of its pods; every request goes to the next router. */
final class SimulatorRig implements AutoCloseable {
    static final String PUBLIC = "https://voice.example.com";
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final TestRedis redis = TestRedis.start();
    private final TestCluster cluster = TestCluster.start(0);
    private final SimulatedPods pods = new SimulatedPods(cluster);
    private final List<RouterProcess> routers;
    private final AtomicInteger turn = new AtomicInteger();
    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    record Answer(int status, String body) {}

    private SimulatorRig(int count, String tiers, Map<String, String> more) {
        pods.start(count);
        Map<String, String> settings = new TreeMap<>();
        Sender.settings(PUBLIC).forEach((name, value) -> settings.put(name, String.valueOf(value)));
        settings.put("router.config.tiers", tiers);
        settings.put("router.config.poll", "200ms");
        settings.put("router.settle.quarantine", "0s");
        settings.put("router.redis.command-timeout", "5s"); // a machine that is busy shall not change an answer
        settings.putAll(more);
        routers = Stream.generate(() -> RouterProcess.start(redis, cluster, settings))
                .limit(2)
                .toList();
        routers.forEach(RouterProcess::awaitReady);
        Awaitility.await()
                .atMost(Duration.ofSeconds(30))
                .until(() -> json("/pods?limit=1000").path("pods").size() == count);
    }

    /**
     * Starts it.
     *
     * @param pods how many agents
     * @param tiers the configuration of a new data set
     * @param more more settings of the routers
     */
    static SimulatorRig start(int pods, String tiers, Map<String, String> more) {
        return new SimulatorRig(pods, tiers, more);
    }

    SimulatedPods pods() {
        return pods;
    }

    HttpClient http() {
        return http;
    }

    /** Sends a provider's request to the next router. */
    Answer send(Sender.Request request) {
        HttpRequest.Builder builder = to(request.target());
        request.headers().forEach(builder::header);
        boolean post = request.method().equals("POST");
        return send(builder.method(
                request.method(),
                post ? BodyPublishers.ofString(request.body(), StandardCharsets.UTF_8) : BodyPublishers.noBody()));
    }

    /** What our proxy does with a stream's request: the address of the agent to which it goes, if any. */
    Optional<String> authorize(String path) {
        try {
            HttpResponse<Void> answer = http.send(
                    to("/stream/authorize").header("X-Original-URI", path).build(), BodyHandlers.discarding());
            assertThat(answer.statusCode()).isIn(200, 403);
            return answer.headers().firstValue("X-Agent-Address");
        } catch (IOException e) {
            throw new IllegalStateException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** The API's answer. */
    JsonNode json(String path) {
        return JSON.readTree(send(to(path)).body());
    }

    /** What is known of a call. */
    JsonNode call(String sid) {
        return json("/calls/" + sid);
    }

    Answer put(String path, String json) {
        return send(to(path).header("Content-Type", "application/json").PUT(BodyPublishers.ofString(json)));
    }

    Answer post(String path, String json) {
        return send(to(path).header("Content-Type", "application/json").POST(BodyPublishers.ofString(json)));
    }

    /** Puts it, and waits until both routers have it in effect. */
    void configure(String path, String json) {
        Answer answer = put(path, json);
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        Awaitility.await()
                .until(() ->
                        routers.stream().allMatch(router -> router.get(path).status() == 200));
    }

    /** No index, pod or call contradicts another. */
    void invariantsHold() {
        JsonNode found = JSON.readTree(
                routers.getFirst().management("/actuator/invariants").body());
        assertThat(found.path("violations_total").asInt(-1))
                .as(found.toString())
                .isZero();
    }

    private HttpRequest.Builder to(String target) {
        int port = routers.get(turn.getAndIncrement() % routers.size()).port();
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + target))
                .timeout(Duration.ofSeconds(30));
    }

    private Answer send(HttpRequest.Builder request) {
        try {
            HttpResponse<String> answer = http.send(request.build(), BodyHandlers.ofString());
            return new Answer(answer.statusCode(), answer.body());
        } catch (IOException e) {
            throw new IllegalStateException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        routers.forEach(RouterProcess::close);
        pods.close();
        cluster.close();
        redis.close();
        http.close();
    }
}
