package io.smartrouter.webhook.hostile;

import static org.assertj.core.api.Assertions.assertThat;

import io.smartrouter.pool.redis.DataSet;
import io.smartrouter.testing.RouterProcess;
import io.smartrouter.testing.TestCluster;
import io.smartrouter.testing.TestRedis;
import io.smartrouter.webhook.WebhookClient;
import io.smartrouter.webhook.WebhookClient.Answer;
import io.smartrouter.webhook.simulator.Sender;
import io.smartrouter.webhook.simulator.Sender.Request;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Providers that ask for a pod and never send the stream, at a whole router: what their calls and pods come to. */
class ConnectDeadlineIT {
    private static final String PUBLIC = "https://voice.example.com";
    private static final Duration CONNECT = Duration.ofSeconds(2);
    private static final Duration BACK_OFF = Duration.ofSeconds(6);
    private static final Duration TICK = Duration.ofSeconds(5); // a router looks for what is due far more often
    private static final Pattern STREAM = Pattern.compile("wss://voice\\.example\\.com(/agent/[^\"<]+)");
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private static TestRedis redis;
    private static TestCluster cluster;
    private static RouterProcess router;
    private static WebhookClient http;
    private static DataSet data;

    @BeforeAll
    static void start() {
        redis = TestRedis.start();
        cluster = TestCluster.start(Sender.values().length);
        Map<String, String> settings = new HashMap<>(Map.of(
                "router.settle.quarantine", "0s",
                "router.call.connect-timeout", CONNECT.toSeconds() + "s",
                "router.probe-back-off", BACK_OFF.toSeconds() + "s"));
        Sender.settings(PUBLIC).forEach((name, value) -> settings.put(name, value.toString()));
        router = RouterProcess.start(redis, cluster, settings).awaitReady();
        http = new WebhookClient(router.port());
        data = new DataSet(redis.port());
        Awaitility.await().until(() -> data.available().size() == Sender.values().length);
    }

    @AfterAll
    static void stop() {
        data.close();
        router.close();
        cluster.close();
        redis.close();
    }

    @Test
    void aStreamThatNeverComesEndsItsCallAndTwoInARowMakeThePodSuspect() {
        Map<String, String> streams = round("first");
        // Once may be the caller's own network.
        assertThat(states()).containsOnly(Map.entry("ready", 4L));
        streams.values().forEach(ConnectDeadlineIT::refused);

        Map<Sender, String> second = new TreeMap<>();
        for (Sender sender : Sender.values()) {
            second.put(sender, stream(answer(sender, "second-" + sender.word())));
        }
        Sender lucky = Sender.TWILIO;
        String kept = "second-" + lucky.word();
        assertThat(authorize(String.valueOf(second.get(lucky))).status()).isEqualTo(200);
        for (Sender sender : Sender.values()) {
            if (sender != lucky) {
                awaitNeverConnected("second-" + sender.word());
            }
        }
        // Three pods were not reached twice; half of a pool is the most, for of more it is the network that fails.
        assertThat(states()).containsOnly(Map.entry("suspect", 2L), Map.entry("ready", 2L));
        // All deadlines of this round have passed, and the call that connected is there; its stream may come again.
        assertThat(call(kept).path("state").asString()).isEqualTo("connected");
        assertThat(authorize(String.valueOf(second.get(lucky))).status()).isEqualTo(200);

        // Two suspect pods, and two in calls, are a full house.
        String third = stream(answer(Sender.PLIVO, "third-1"));
        assertThat(authorize(third).status()).isEqualTo(200);
        assertThat(STREAM.matcher(answer(Sender.PLIVO, "third-2").body()).find())
                .isFalse();
        assertThat(data.violations()).isEmpty();

        // After a while they are offered again.
        Awaitility.await()
                .atMost(BACK_OFF.plus(TICK))
                .until(() -> data.available().size() == 2);
        send(Sender.PLIVO, "hangup", Sender.PLIVO.hangup("third-1"));
        send(lucky, "hangup", lucky.hangup(kept));
        Awaitility.await().until(() -> data.available().size() == 4);
        assertThat(data.callsByPod().values()).allMatch(Set::isEmpty);
        assertThat(data.violations()).isEmpty();
    }

    /** One call at each pod, none of which is reached: sid to the path of its stream. */
    private static Map<String, String> round(String name) {
        Map<String, String> streams = new TreeMap<>();
        for (Sender sender : Sender.values()) {
            String sid = name + "-" + sender.word();
            Answer first = answer(sender, sid);
            streams.put(sid, stream(first));
            assertThat(answer(sender, sid).body()).isEqualTo(first.body()); // a retry begins no new time
        }
        List<Long> lateMs = new ArrayList<>();
        streams.keySet().forEach(sid -> lateMs.add(awaitNeverConnected(sid)));
        System.out.println("never connected: calls=" + streams.size() + " ended after the deadline, ms=" + lateMs);
        return streams;
    }

    /** How long after its deadline it was ended. */
    private static long awaitNeverConnected(String sid) {
        Awaitility.await()
                .atMost(CONNECT.plus(TICK))
                .until(() -> call(sid).path("state").asString().equals("ended"));
        JsonNode call = call(sid);
        assertThat(call.path("end_reason").asString()).isEqualTo("never_connected");
        Instant connectBy = Instant.parse(call.path("connect_by").asString());
        assertThat(Duration.between(Instant.parse(call.path("allocated_at").asString()), connectBy))
                .isEqualTo(CONNECT);
        long lateMs = Duration.between(
                        connectBy, Instant.parse(call.path("ended_at").asString()))
                .toMillis();
        assertThat(lateMs).isBetween(0L, TICK.toMillis());
        return lateMs;
    }

    private static Map<String, Long> states() {
        Map<String, Long> states = new TreeMap<>();
        for (String pod : data.callsByPod().keySet()) {
            states.merge(get("/pods/" + pod).path("state").asString(), 1L, Long::sum);
        }
        return states;
    }

    private static Answer answer(Sender sender, String sid) {
        return send(sender, "allocate", sender.call(sid));
    }

    private static String stream(Answer answer) {
        Matcher stream = STREAM.matcher(answer.body());
        assertThat(stream.find()).as(answer.body()).isTrue();
        return stream.group(1);
    }

    private static void refused(String path) {
        assertThat(authorize(path).status()).isEqualTo(403);
    }

    private static Answer authorize(String path) {
        return http.send("GET", "/stream/authorize", Map.of("X-Original-URI", path), new byte[0]);
    }

    private static JsonNode call(String sid) {
        return get("/calls/" + sid);
    }

    private static JsonNode get(String path) {
        return JSON.readTree(router.get(path).body());
    }

    private static Answer send(Sender sender, String endpoint, List<String[]> fields) {
        Request request = sender.request(PUBLIC, "POST", sender.path(endpoint), List.of(), fields);
        Answer answer = http.send(
                request.method(),
                request.target(),
                request.headers(),
                request.body().getBytes(StandardCharsets.UTF_8));
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        return answer;
    }
}
