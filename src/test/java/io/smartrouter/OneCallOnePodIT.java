package io.smartrouter;

import static org.assertj.core.api.Assertions.assertThat;

import io.smartrouter.pool.redis.DataSet;
import io.smartrouter.testing.RouterProcess;
import io.smartrouter.testing.RouterProcess.Answer;
import io.smartrouter.testing.TestCluster;
import io.smartrouter.testing.TestRedis;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The races of one call, over two routers in processes of their own on one real Redis, through their public API. */
class OneCallOnePodIT {
    private static final int PODS = 8;
    private static final int CONCURRENT = 64;
    private static final int ROUNDS = 200;
    private static final int RACES = 60;

    private static TestRedis redis;
    private static TestCluster cluster;
    private static List<RouterProcess> routers;
    private static DataSet data;
    private static ExecutorService threads;

    @BeforeAll
    static void startRouters() {
        redis = TestRedis.start();
        cluster = TestCluster.start(PODS);
        // Which pod is the question, not how soon: a slow machine must not make Redis count as away.
        Map<String, String> settings = Map.of("router.settle.quarantine", "0s", "router.redis.command-timeout", "10s");
        routers = List.of(RouterProcess.start(redis, cluster, settings), RouterProcess.start(redis, cluster, settings));
        routers.forEach(RouterProcess::awaitReady);
        data = new DataSet(redis.port());
        threads = Executors.newVirtualThreadPerTaskExecutor();
        Awaitility.await().until(() -> data.available().size() == PODS);
    }

    @AfterAll
    static void stopRouters() {
        threads.close();
        data.close();
        routers.forEach(RouterProcess::close);
        cluster.close();
        redis.close();
    }

    @AfterEach
    void nothingIsLeftAndInvariantsHold() {
        assertThat(data.violations()).isEmpty();
        assertThat(data.locks()).isEmpty();
        assertThat(data.callsByPod().values()).allMatch(Set::isEmpty);
    }

    @Test
    void sixtyFourRequestsForOneCallGetOnePodAndEqualAnswers() throws Exception {
        for (int round = 0; round < ROUNDS; round++) {
            String sid = "storm-" + round;
            List<Answer> answers = together(CONCURRENT, i -> allocate(i, sid));
            assertThat(answers).allMatch(answer -> answer.status() == 200);
            assertThat(answers.stream().filter(answer -> answer.body().contains("\"was_existing\":false")))
                    .hasSize(1);
            assertThat(answers.stream()
                            .map(answer -> answer.body().replace("\"was_existing\":false", "\"was_existing\":true"))
                            .distinct())
                    .hasSize(1);
            assertThat(release(round, sid).status()).isEqualTo(200);
        }
        System.out.printf("one call, one pod: %d rounds x %d requests over two routers%n", ROUNDS, CONCURRENT);
    }

    @Test
    void releaseRacesAllocate() throws Exception {
        for (int round = 0; round < RACES; round++) {
            String sid = "ended-" + round;
            List<Answer> answers = together(16, i -> i == 8 ? release(i, sid) : allocate(i, sid));
            Answer released = answers.get(8);
            Set<String> given = answers.stream()
                    .filter(answer -> answer.body().contains("ws_url"))
                    .map(answer -> answer.body().replaceAll(".*\"ws_url\":\"([^\"]+)\".*", "$1"))
                    .collect(Collectors.toSet());
            assertThat(given).as("one lease at most").hasSizeLessThanOrEqualTo(1);
            assertThat(answers).allMatch(answer -> Set.of(200, 404, 409).contains(answer.status()));
            assertThat(released.status()).isIn(200, 404);
            assertThat(allocate(round, sid).status()).as("ended is ended").isEqualTo(409);
            assertThat(data.call(sid)).containsEntry("state", "ended");
        }
    }

    @Test
    void podDeletionRacesAllocate() throws Exception {
        for (int round = 0; round < RACES / 3; round++) {
            String sid = "moved-" + round;
            String victim = "voice-agent-" + round % PODS;
            List<Answer> answers = together(16, i -> {
                if (i == 8) {
                    cluster.delete(victim);
                    return new Answer(200, "");
                }
                return allocate(i, sid);
            });
            assertThat(answers).allMatch(answer -> answer.status() == 200);
            Awaitility.await().until(() -> !data.callsByPod().containsKey(victim));
            Answer after = allocate(round, sid);
            assertThat(after.status()).isEqualTo(200);
            assertThat(after.body()).doesNotContain("\"pod_name\":\"" + victim + "\"");
            assertThat(data.callsByPod().values().stream().filter(calls -> calls.contains(sid)))
                    .hasSize(1);
            release(round, sid);
            cluster.add(victim);
            Awaitility.await().until(() -> data.available().size() == PODS);
        }
    }

    @Test
    void fullHouseServesExactlyAsManyAsThereArePods() throws Exception {
        for (int round = 0; round < 10; round++) {
            int house = round;
            List<Answer> answers = together(10 * PODS, i -> allocate(i, "house-" + house + "-" + i));
            List<Answer> served =
                    answers.stream().filter(answer -> answer.status() == 200).toList();
            assertThat(served).hasSize(PODS);
            assertThat(served.stream()
                            .map(answer -> answer.body().replaceAll(".*\"pod_name\":\"([^\"]+)\".*", "$1"))
                            .collect(Collectors.toSet()))
                    .hasSize(PODS);
            assertThat(answers.stream().filter(answer -> answer.status() == 503))
                    .hasSize(9 * PODS)
                    .allMatch(answer -> answer.body().contains("\"exhausted\""));
            for (int i = 0; i < 10 * PODS; i++) {
                if (answers.get(i).status() == 200) {
                    release(i, "house-" + house + "-" + i);
                }
            }
        }
    }

    private static Answer allocate(int router, String sid) {
        return routers.get(router % 2).post("/allocate", "{\"call_sid\":\"" + sid + "\",\"provider\":\"plivo\"}");
    }

    private static Answer release(int router, String sid) {
        return routers.get(router % 2).post("/release", "{\"call_sid\":\"" + sid + "\"}");
    }

    /** All at once, as far as two cores allow. */
    private static List<Answer> together(int count, IntFunction<Answer> task) throws Exception {
        CountDownLatch start = new CountDownLatch(1);
        List<Future<Answer>> futures = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int at = i;
            futures.add(threads.submit(() -> {
                start.await();
                return task.apply(at);
            }));
        }
        start.countDown();
        List<Answer> answers = new ArrayList<>();
        for (Future<Answer> future : futures) {
            answers.add(future.get());
        }
        return answers;
    }
}
