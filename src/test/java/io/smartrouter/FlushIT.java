package io.smartrouter;

import static org.assertj.core.api.Assertions.assertThat;

import io.smartrouter.pool.redis.DataSet;
import io.smartrouter.testing.RouterProcess;
import io.smartrouter.testing.RouterProcess.Answer;
import io.smartrouter.testing.TestCluster;
import io.smartrouter.testing.TestRedis;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Redis loses everything while calls are live and more come: two routers on one Redis notice by themselves, open a new
 * data set from the pods that they watch, take back the calls whose agents speak for them, and offer none of their
 * pods. (The predecessor stayed empty until somebody restarted it.)
 */
class FlushIT {
    private static final int PODS = 12;
    private static final int LONG_CALLS = 5;
    private static final Duration PATIENCE = Duration.ofSeconds(40);

    private record Served(String pod, long begunNanos, long endedNanos) {}

    private final Queue<Served> served = new ConcurrentLinkedQueue<>();
    private final Map<String, Long> claimedAt = new ConcurrentHashMap<>();
    private final Queue<Future<?>> loops = new ConcurrentLinkedQueue<>();
    private final AtomicInteger sids = new AtomicInteger();
    private List<RouterProcess> routers = List.of();

    @ParameterizedTest
    @ValueSource(ints = {0, 5})
    void flushWithLiveCallsUnderLoad(int quarantineSeconds) {
        Map<String, String> settings = Map.of("router.settle.quarantine", quarantineSeconds + "s");
        try (TestRedis redis = TestRedis.start();
                TestCluster cluster = TestCluster.start(PODS);
                DataSet data = new DataSet(redis.port());
                RouterProcess one = RouterProcess.start(redis, cluster, settings);
                RouterProcess two = RouterProcess.start(redis, cluster, settings);
                ScheduledExecutorService load = Executors.newScheduledThreadPool(12)) {
            routers = List.of(one.awaitReady(), two.awaitReady());
            Awaitility.await().atMost(PATIENCE).until(() -> data.available().size() == PODS);
            for (int i = 0; i < LONG_CALLS; i++) {
                longCall("long-" + i, load);
            }
            for (int i = 0; i < 4; i++) {
                int router = i;
                loops.add(load.scheduleWithFixedDelay(() -> shortCall(router), 0, 20, TimeUnit.MILLISECONDS));
            }
            Awaitility.await().atMost(PATIENCE).until(() -> served.size() > 100 && claimedAt.size() == LONG_CALLS);

            claimedAt.clear();
            redis.command("FLUSHALL");
            long flushed = System.nanoTime();
            Awaitility.await()
                    .atMost(PATIENCE)
                    .until(() -> claimedAt.size() == LONG_CALLS
                            && served.stream()
                                            .filter(call -> call.begunNanos() > flushed)
                                            .count()
                                    > 100);
            long first = served.stream()
                    .filter(call -> call.begunNanos() > flushed)
                    .mapToLong(Served::endedNanos)
                    .min()
                    .orElseThrow();
            System.out.printf(
                    "FLUSHALL under load, quarantine %d s: routing back after %d ms, %d long calls back after %d ms%n",
                    quarantineSeconds,
                    (first - flushed) / 1_000_000,
                    claimedAt.size(),
                    (claimedAt.values().stream().mapToLong(at -> at).max().orElseThrow() - flushed) / 1_000_000);
            for (Served call : served) {
                Long claimed = claimedAt.get(call.pod());
                assertThat(claimed == null || call.begunNanos() <= Math.max(claimed, flushed))
                        .as("pod %s was offered after a heartbeat had claimed it", call.pod())
                        .isTrue();
            }
            if (quarantineSeconds > 0) {
                // Every heartbeat came before the quarantine's end: no pod ever held two calls.
                assertThat(served.stream().filter(call -> call.begunNanos() > flushed))
                        .noneMatch(call -> claimedAt.containsKey(call.pod()));
            }
            assertThat(loops).as("a loop that ended met a fault").noneMatch(Future::isDone);
            load.shutdownNow();
            for (int i = 0; i < LONG_CALLS; i++) {
                assertThat(data.call("long-" + i)).containsEntry("state", "connected");
            }
            assertThat(data.violations()).isEmpty();
        }
    }

    /** A call whose agent speaks for it all the time. */
    private void longCall(String sid, ScheduledExecutorService load) {
        Answer answer = allocate(0, sid);
        assertThat(answer.status()).isEqualTo(200);
        String pod = field(answer, "pod_name");
        String url = field(answer, "ws_url");
        String token = url.substring(url.lastIndexOf('/') + 1);
        loops.add(load.scheduleWithFixedDelay(
                () -> {
                    Answer beat = routers.get(1)
                            .post("/calls/" + sid + "/heartbeat", "{}", Map.of("Authorization", "Bearer " + token));
                    if (beat.status() == 200) {
                        claimedAt.putIfAbsent(pod, System.nanoTime());
                    }
                },
                0,
                200,
                TimeUnit.MILLISECONDS));
    }

    private void shortCall(int router) {
        String sid = "short-" + sids.incrementAndGet();
        long begun = System.nanoTime();
        Answer answer = allocate(router, sid);
        if (answer.status() == 200) {
            served.add(new Served(field(answer, "pod_name"), begun, System.nanoTime()));
            routers.get(router % 2).post("/release", "{\"call_sid\":\"" + sid + "\"}");
        }
    }

    private Answer allocate(int router, String sid) {
        return routers.get(router % 2).post("/allocate", "{\"call_sid\":\"" + sid + "\"}");
    }

    private static String field(Answer answer, String name) {
        return answer.body().replaceAll(".*\"" + name + "\":\"([^\"]+)\".*", "$1");
    }
}
