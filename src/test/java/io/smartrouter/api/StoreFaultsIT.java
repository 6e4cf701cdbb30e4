package io.smartrouter.api;

import static io.smartrouter.api.TestRouter.OPERATOR;
import static io.smartrouter.api.TestRouter.READER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.lettuce.core.KillArgs;
import io.smartrouter.api.HttpClientForTests.Answer;
import io.smartrouter.testing.TestRedis;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever Redis does, a caller hears of it in time, and no pod is believed free that is not. */
@NullUnmarked
class StoreFaultsIT {
    private static final Duration BOUND = Duration.ofSeconds(3);
    private static final int PODS = 3;
    private TestRedis redis;
    private TestRouter router;
    private HttpClientForTests http;
    private String token;

    @BeforeEach
    void start() {
        redis = TestRedis.start();
        router = new TestRouter(redis, PODS, Map.of());
        http = router.http();
        token = lastOf(allocate("CA-before").text("ws_url"));
    }

    @AfterEach
    void stop() {
        router.close();
        redis.close();
    }

    private static String lastOf(String url) {
        return url.substring(url.lastIndexOf('/') + 1);
    }

    private Answer allocate(String call) {
        return http.json("POST", "/allocate", OPERATOR, "{\"call_sid\":\"" + call + "\"}");
    }

    /** Every door of the API, asked once while the fault lasts. */
    private void everyDoorIsShut(String fault) {
        List<Supplier<Answer>> doors = List.of(
                () -> allocate("CA-during"),
                () -> allocate("CA-before"),
                () -> http.json("POST", "/release", OPERATOR, "{\"call_sid\":\"CA-other\"}"),
                () -> http.json("POST", "/drain", OPERATOR, "{\"pod_name\":\"voice-agent-2\"}"),
                () -> http.send(
                        "POST", "/calls/CA-before/heartbeat", Map.of("Authorization", "Bearer " + token), null));
        shut(fault, doors);
    }

    private static void shut(String fault, List<Supplier<Answer>> doors) {
        long longest = 0;
        for (Supplier<Answer> door : doors) {
            long begun = System.nanoTime();
            Answer answer = door.get();
            long took = System.nanoTime() - begun;
            longest = Math.max(longest, took);
            assertUnavailable(answer);
            assertThat(Duration.ofNanos(took)).isLessThan(BOUND);
        }
        System.out.println("store fault " + fault + ": " + doors.size() + " doors 503, slowest "
                + Duration.ofNanos(longest).toMillis() + " ms");
    }

    private static void assertUnavailable(Answer answer) {
        assertThat(answer.status()).as(answer.body()).isEqualTo(503);
        assertThat(answer.text("code")).isEqualTo("store_unavailable");
        assertThat(answer.header("retry-after")).isEqualTo("1");
        assertThat(answer.header("content-type")).startsWith("application/problem+json");
    }

    /** After the fault: the old call has its pod, and exactly the other pods can be had. */
    private void nothingWasBelievedFree() {
        await().atMost(Duration.ofSeconds(20)).until(() -> allocate("CA-before").status() == 200);
        Set<String> pods = new HashSet<>();
        pods.add(allocate("CA-before").text("pod_name"));
        for (int i = 0; i < 20 && pods.size() <= PODS; i++) {
            Answer answer = allocate("CA-after-" + i);
            if (answer.status() != 200) {
                assertThat(answer.text("code")).isEqualTo("exhausted");
                break;
            }
            assertThat(pods.add(answer.text("pod_name")))
                    .as("one pod, one call")
                    .isTrue();
        }
        assertThat(pods).hasSize(PODS);
    }

    @Test
    void slow() {
        redis.command("CLIENT PAUSE 4000");
        everyDoorIsShut("CLIENT PAUSE");
        redis.command("CLIENT UNPAUSE");
        nothingWasBelievedFree();
    }

    @Test
    void busyWithAScript() throws InterruptedException {
        redis.command("CONFIG SET lua-time-limit 1000");
        Thread endless = Thread.ofVirtual().start(() -> redis.command("EVAL \"while true do end\" 0"));
        await().atMost(BOUND).until(() -> http.get("/calls/CA-before", READER).status() == 503);
        everyDoorIsShut("busy script");
        redis.command("SCRIPT KILL");
        endless.join();
        nothingWasBelievedFree();
    }

    @Test
    void hanging() throws IOException, InterruptedException {
        signal("-STOP");
        everyDoorIsShut("SIGSTOP");
        shut(
                "SIGSTOP, reading",
                List.of(
                        () -> http.get("/pods", READER),
                        () -> http.get("/status", READER),
                        () -> http.get("/calls/CA-before", READER),
                        () -> http.get("/pods/voice-agent-0", READER)));
        signal("-CONT");
        nothingWasBelievedFree();
    }

    private void signal(String signal) throws IOException, InterruptedException {
        Process kill =
                new ProcessBuilder("kill", signal, Long.toString(redis.process().pid())).start();
        assertThat(kill.waitFor()).isZero();
    }

    @Test
    void gone() throws InterruptedException {
        int port = redis.port();
        redis.close();
        everyDoorIsShut("killed");
        redis = TestRedis.startOn(port); // empty: settled by the first request that notices
        await().atMost(Duration.ofSeconds(20)).until(() -> allocate("CA-new").status() == 200);
    }

    @Test
    void aReadOnlyReplica() {
        redis.command("REPLICAOF 127.0.0.1 " + TestRedis.freePort());
        // A question that writes nothing is answered even now: this call has its pod.
        assertThat(allocate("CA-before").status()).isEqualTo(200);
        shut(
                "read-only replica",
                List.of(
                        () -> allocate("CA-during"),
                        () -> http.json("POST", "/release", OPERATOR, "{\"call_sid\":\"CA-other\"}"),
                        () -> http.json("POST", "/drain", OPERATOR, "{\"pod_name\":\"voice-agent-2\"}")));
        redis.command("REPLICAOF NO ONE");
        // Its replication id is new: the data set is opened again, with its calls.
        nothingWasBelievedFree();
    }

    @Test
    void outOfMemory() {
        redis.command("CONFIG SET maxmemory 1");
        // A question that writes nothing is answered even now: this call has its pod.
        assertThat(allocate("CA-before").status()).isEqualTo(200);
        shut(
                "OOM",
                List.of(
                        () -> allocate("CA-during"),
                        () -> http.json("POST", "/drain", OPERATOR, "{\"pod_name\":\"voice-agent-2\"}"),
                        () -> http.json("PUT", "/merchants/m", OPERATOR, "{}")));
        redis.command("CONFIG SET maxmemory 0");
        nothingWasBelievedFree();
    }

    @Test
    void aPasswordIsAsked() {
        try (KeySpace keys = new KeySpace(redis)) {
            keys.redis().configSet("requirepass", "secret-of-redis");
            keys.redis().clientKill(KillArgs.Builder.typeNormal());
        }
        everyDoorIsShut("NOAUTH");
        Answer answer = allocate("CA-during");
        assertThat(answer.body()).doesNotContain("secret-of-redis").doesNotContain("NOAUTH");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "voice:epoch",
                "voice:call:CA-during",
                "voice:calls",
                "voice:pods",
                "voice:pool:default:pods",
                "voice:pool:default:available",
                "voice:pod:voice-agent-1",
                "voice:pod:voice-agent-1:calls",
                "voice:config:applied",
                "voice:events",
                "voice:merchant:acme:calls"
            })
    void aKeyOfTheWrongType(String key) {
        try (KeySpace keys = new KeySpace(redis)) {
            byte[] name = key.getBytes(StandardCharsets.UTF_8);
            keys.redis().del(name);
            if (key.equals("voice:config:applied")) {
                keys.redis().set(name, name);
            } else {
                keys.redis().setbit(name, 1, 1);
            }
            Map<String, String> before = keys.dump();
            Consumer<Answer> never = answer -> {
                // Where another pod can be chosen without that key, it may be; a pod in a call never is.
                if (answer.status() == 200) {
                    assertThat(answer.text("pod_name")).isNotEqualTo("");
                } else {
                    assertUnavailable(answer);
                }
            };
            long begun = System.nanoTime();
            Answer answer =
                    http.json("POST", "/allocate", OPERATOR, "{\"call_sid\":\"CA-during\",\"merchant_id\":\"acme\"}");
            never.accept(answer);
            assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(BOUND);
            if (answer.status() == 503) {
                assertThat(keys.dump()).isEqualTo(before);
            }
            System.out.println("wrong type at " + key + ": " + answer.status());
        }
    }
}
