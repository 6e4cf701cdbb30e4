package io.smartrouter.api;

import static io.smartrouter.api.TestRouter.OPERATOR;
import static org.assertj.core.api.Assertions.assertThat;

import io.smartrouter.api.HttpClientForTests.Answer;
import io.smartrouter.pool.Incarnation;
import io.smartrouter.pool.PodFacts;
import io.smartrouter.pool.PoolManager;
import io.smartrouter.testing.TestRedis;
import io.smartrouter.web.Stopping;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@NullUnmarked
class DrainWaitIT {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private final ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor();
    private TestRedis redis;
    private TestRouter router;
    private HttpClientForTests http;
    private String pod;

    @BeforeEach
    void aPodInACall() {
        redis = TestRedis.start();
        router = new TestRouter(redis, 2, Map.of());
        http = router.http();
        Answer allocated = http.json("POST", "/allocate", OPERATOR, "{\"call_sid\":\"CA1\"}");
        pod = allocated.text("pod_name");
    }

    @AfterEach
    void stop() {
        router.close();
        redis.close();
        clients.shutdownNow();
    }

    private Answer drain(String wait) {
        return http.json("POST", "/drain", OPERATOR, "{\"pod_name\":\"%s\",\"wait\":\"%s\"}".formatted(pod, wait));
    }

    /** A drain that waits, certainly: the pod is drained, and no answer is there. */
    private Future<Answer> waitingDrain() {
        Future<Answer> answer = clients.submit(() -> drain("10s"));
        awaitDrained();
        assertThat(answer.isDone()).isFalse();
        return answer;
    }

    private void awaitDrained() {
        Awaitility.await()
                .atMost(PATIENCE)
                .until(() ->
                        router.bean(PoolManager.class).pod(pod).orElseThrow().drained());
    }

    private static Answer get(Future<Answer> answer) throws Exception {
        return answer.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }

    private static void assertDrained(Answer answer, boolean drained, int calls) {
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        assertThat(answer.json().path("success").asBoolean()).isTrue();
        assertThat(answer.json().path("drained").asBoolean()).as(answer.body()).isEqualTo(drained);
        assertThat(answer.json().path("active_calls").asInt()).isEqualTo(calls);
    }

    @Test
    void itAnswersWhenTheLastCallHasEnded() throws Exception {
        Future<Answer> waiting = waitingDrain();
        http.json("POST", "/release", OPERATOR, "{\"call_sid\":\"CA1\"}");
        assertDrained(get(waiting), true, 0);
        assertDrained(drain("1s"), true, 0);
    }

    @Test
    void itAnswersWhenTheTimeIsOverAndThePodStaysDrained() {
        assertDrained(drain("1s"), false, 1);
        assertThat(router.bean(PoolManager.class).pod(pod).orElseThrow().drained())
                .isTrue();
    }

    @Test
    void undrainEndsTheWaitAndSaysSo() throws Exception {
        Future<Answer> waiting = waitingDrain();
        http.send("POST", "/pods/" + pod + "/undrain", Map.of("Authorization", "Bearer " + OPERATOR), null);
        Answer answer = get(waiting);
        assertDrained(answer, false, 1);
        assertThat(answer.text("message")).contains("undrained");
        assertThat(answer.text("state")).isEqualTo("ready");
    }

    @Test
    void aPodWhoseIncarnationIsGoneIsDrained() throws Exception {
        Future<Answer> waiting = waitingDrain();
        String ordinal = pod.substring(pod.lastIndexOf('-') + 1);
        router.bean(PoolManager.class)
                .gone(pod, Incarnation.of(pod, "uid-" + ordinal, "containerd://" + ordinal), Optional.of("9"));
        Answer answer = get(waiting);
        assertDrained(answer, true, 0);
        assertThat(answer.text("state")).isEqualTo("gone");
    }

    @Test
    void aPodThatKubernetesDeletesIsWaitedForAlthoughSomebodyUndrainsIt() throws Exception {
        String ordinal = pod.substring(pod.lastIndexOf('-') + 1);
        router.bean(PoolManager.class)
                .observe(new PodFacts(
                        pod,
                        Incarnation.of(pod, "uid-" + ordinal, "containerd://" + ordinal),
                        "8",
                        PodFacts.Readiness.DELETING,
                        "127.0.0.1:9000",
                        true,
                        null,
                        null));
        Future<Answer> waiting = waitingDrain();
        http.send("POST", "/pods/" + pod + "/undrain", Map.of("Authorization", "Bearer " + OPERATOR), null);
        http.json("POST", "/release", OPERATOR, "{\"call_sid\":\"CA1\"}");
        assertDrained(get(waiting), true, 0);
    }

    @Test
    void aRouterThatStopsSendsTheClientToAnotherOne() throws Exception {
        Future<Answer> waiting = waitingDrain();
        router.bean(Stopping.class).stop();
        Answer answer = get(waiting);
        assertThat(answer.status()).isEqualTo(503);
        assertThat(answer.text("code")).isEqualTo("stopping");
        assertThat(answer.header("retry-after")).isEqualTo("1");
        assertThat(answer.header("connection")).isEqualTo("close");
    }

    @Test
    void redisThatIsAwayIsNoAnswerUntilTheTimeIsOver() throws Exception {
        Future<Answer> waiting = clients.submit(() -> drain("3s"));
        awaitDrained();
        redis.process().destroyForcibly().waitFor();
        Answer answer = get(waiting);
        assertThat(answer.status()).as(answer.body()).isEqualTo(503);
        assertThat(answer.text("code")).isEqualTo("store_unavailable");
    }

    @Test
    void aHundredWaitAndTheNextIsToldAtOnce() throws Exception {
        List<Future<Answer>> waiting = new ArrayList<>();
        DrainWait places = router.bean(DrainWait.class);
        for (int i = 0; i < 99; i++) {
            assertThat(places.enter()).isTrue();
        }
        waiting.add(waitingDrain());
        Answer refused = drain("10s");
        assertThat(refused.status()).isEqualTo(503);
        assertThat(refused.text("code")).isEqualTo("overloaded");
        assertThat(http.json("POST", "/drain", OPERATOR, "{\"pod_name\":\"" + pod + "\"}")
                        .status())
                .as("without wait")
                .isEqualTo(200);
        http.json("POST", "/release", OPERATOR, "{\"call_sid\":\"CA1\"}");
        assertDrained(get(waiting.getFirst()), true, 0);
        assertDrained(drain("1s"), true, 0);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "0s", "10", "2h", "3601s", "-1s", "1d", "999999s", "10 m"})
    void aWaitThatIsNoneIsRefusedAndNothingIsDrained(String wait) {
        Answer answer = drain(wait);
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.text("field")).isEqualTo("wait");
        assertThat(router.bean(PoolManager.class).pod(pod).orElseThrow().drained())
                .isFalse();
    }

    @Test
    void anUnknownPodIsNotWaitedFor() {
        pod = "nobody-7";
        assertThat(drain("10s").status()).isEqualTo(404);
    }
}
