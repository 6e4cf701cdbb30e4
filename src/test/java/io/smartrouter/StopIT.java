package io.smartrouter;

import static org.assertj.core.api.Assertions.assertThat;

import io.smartrouter.pool.redis.DataSet;
import io.smartrouter.testing.RouterProcess;
import io.smartrouter.testing.RouterProcess.Answer;
import io.smartrouter.testing.TestCluster;
import io.smartrouter.testing.TestRedis;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Routers that are told to stop, or killed, under load and with releases that Redis has not taken. */
@Timeout(300)
@Execution(ExecutionMode.CONCURRENT)
class StopIT {
    private static final int PODS = 30;
    private static final int CLIENTS = 6;
    private static final int SIGTERM = 143;
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Map<String, String> LINGERS =
            Map.of("router.settle.quarantine", "0s", "router.stop.linger", "5s");

    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(10))
            .build();
    private final AtomicBoolean stop = new AtomicBoolean();
    private final AtomicInteger sids = new AtomicInteger();
    /** What the balancer knows of the first router; it learns of the stop by its readiness, a moment later. */
    private final AtomicBoolean oneIsReady = new AtomicBoolean(true);

    private final AtomicInteger done = new AtomicInteger();
    private final Queue<String> faults = new ConcurrentLinkedQueue<>();

    @Test
    void sigtermUnderLoadAnswersEveryRequestAndLosesNoRelease() throws Exception {
        try (TestRedis redis = TestRedis.start();
                TestCluster cluster = TestCluster.start(PODS);
                DataSet data = new DataSet(redis.port());
                RouterProcess one = RouterProcess.start(redis, cluster, LINGERS);
                RouterProcess two = RouterProcess.start(redis, cluster, LINGERS);
                ExecutorService load = Executors.newVirtualThreadPerTaskExecutor()) {
            ready(data, one, two);
            List<Future<?>> clients = clients(load, one, two, false);
            Awaitility.await().atMost(PATIENCE).until(() -> done.get() > 200);
            int before = done.get();
            one.process().destroy();
            Awaitility.await()
                    .atMost(PATIENCE)
                    .pollInterval(Duration.ofMillis(100))
                    .until(() -> one.management("/actuator/health/readiness").status() == 503);
            oneIsReady.set(false);
            assertThat(one.process().waitFor(60, TimeUnit.SECONDS)).isTrue();
            int during = done.get() - before;
            Awaitility.await().atMost(PATIENCE).until(() -> done.get() > before + during + 50);
            end(clients);
            assertThat(one.process().exitValue()).isEqualTo(SIGTERM);
            assertThat(faults).as("requests that nobody answered").isEmpty();
            assertThat(during).as("calls while it stopped").isPositive();
            assertThat(data.callsByPod().values()).allMatch(java.util.Set::isEmpty);
            assertThat(data.violations()).isEmpty();
            System.out.printf("SIGTERM under load: %d calls, %d while it stopped, 0 unanswered%n", done.get(), during);
        }
    }

    @Test
    void killMinusNineUnderLoadLeaksNoPodAndARetryElsewhereGivesTheSame() throws Exception {
        try (TestRedis redis = TestRedis.start();
                TestCluster cluster = TestCluster.start(PODS);
                DataSet data = new DataSet(redis.port());
                RouterProcess one = RouterProcess.start(redis, cluster, LINGERS);
                RouterProcess two = RouterProcess.start(redis, cluster, LINGERS);
                ExecutorService load = Executors.newVirtualThreadPerTaskExecutor()) {
            ready(data, one, two);
            List<Future<?>> clients = clients(load, one, two, true);
            Awaitility.await().atMost(PATIENCE).until(() -> done.get() > 200);
            int before = done.get();
            one.process().destroyForcibly().waitFor();
            Awaitility.await().atMost(PATIENCE).until(() -> done.get() > before + 100);
            end(clients);
            assertThat(faults).isEmpty();
            assertThat(data.callsByPod().values()).allMatch(java.util.Set::isEmpty);
            assertThat(data.violations()).isEmpty();
            System.out.printf("kill -9 under load: %d calls, none leaked%n", done.get());
        }
    }

    @Test
    void releasesThatRedisCouldNotTakeAreStoredBeforeTheEnd() throws Exception {
        try (TestRedis redis = TestRedis.start();
                TestCluster cluster = TestCluster.start(PODS);
                DataSet data = new DataSet(redis.port());
                RouterProcess router = RouterProcess.start(redis, cluster, LINGERS)) {
            ready(data, router);
            allocate(router, 10);
            signal(redis.process(), "-STOP");
            release(router, 10);
            router.process().destroy();
            Awaitility.await().atMost(PATIENCE).until(() -> router.log().contains("stop begins"));
            signal(redis.process(), "-CONT");
            assertThat(router.process().waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(router.log()).doesNotContain("given up");
            assertThat(data.callsByPod().values()).allMatch(java.util.Set::isEmpty);
        }
    }

    @Test
    void releasesThatCannotBeStoredAreNamedAndTheStopIsBounded() throws Exception {
        try (TestRedis redis = TestRedis.start();
                TestCluster cluster = TestCluster.start(PODS);
                DataSet data = new DataSet(redis.port());
                RouterProcess router = RouterProcess.start(redis, cluster, LINGERS)) {
            ready(data, router);
            allocate(router, 3);
            redis.process().destroyForcibly().waitFor();
            release(router, 3);
            router.process().destroy();
            assertThat(router.process().waitFor(90, TimeUnit.SECONDS)).isTrue();
            assertThat(router.log())
                    .contains("release given up, the router stops sid=call-0")
                    .contains("release given up, the router stops sid=call-1")
                    .contains("release given up, the router stops sid=call-2");
        }
    }

    private static void ready(DataSet data, RouterProcess... routers) {
        for (RouterProcess router : routers) {
            router.awaitReady();
        }
        Awaitility.await().atMost(PATIENCE).until(() -> data.available().size() == PODS);
    }

    private static void allocate(RouterProcess router, int calls) {
        for (int i = 0; i < calls; i++) {
            assertThat(router.post("/allocate", "{\"call_sid\":\"call-" + i + "\"}")
                            .status())
                    .isEqualTo(200);
        }
    }

    private static void release(RouterProcess router, int calls) {
        for (int i = 0; i < calls; i++) {
            Answer answer = router.post("/release", "{\"call_sid\":\"call-" + i + "\"}");
            assertThat(answer.status()).as(answer.body()).isEqualTo(503);
        }
    }

    private static void signal(Process process, String signal) throws IOException, InterruptedException {
        assertThat(new ProcessBuilder("kill", signal, Long.toString(process.pid()))
                        .start()
                        .waitFor())
                .isZero();
    }

    private List<Future<?>> clients(ExecutorService load, RouterProcess one, RouterProcess two, boolean killed) {
        List<Future<?>> clients = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
            clients.add(load.submit(() -> {
                while (!stop.get()) {
                    call(one, two, killed);
                }
            }));
        }
        return clients;
    }

    private void end(List<Future<?>> clients) throws Exception {
        stop.set(true);
        for (Future<?> client : clients) {
            client.get(60, TimeUnit.SECONDS);
        }
    }

    /** One short call: at the first router while it is ready and takes connections, else at the second. */
    private void call(RouterProcess first, RouterProcess two, boolean killed) {
        RouterProcess one = oneIsReady.get() ? first : two;
        String sid = "call-" + sids.incrementAndGet();
        String body = "{\"call_sid\":\"" + sid + "\"}";
        HttpResponse<String> begin = send(one, two, "/allocate", body, killed);
        HttpResponse<String> again = send(two, two, "/allocate", body, killed);
        HttpResponse<String> end = send(one, two, "/release", body, killed);
        if (begin == null || again == null || end == null) {
            return;
        }
        if (begin.statusCode() != 200 || again.statusCode() != 200 || end.statusCode() != 200) {
            faults.add(sid + " " + begin.body() + " " + again.body() + " " + end.body());
        } else if (!pod(begin).equals(pod(again))) {
            faults.add(sid + " got two pods");
        }
        done.incrementAndGet();
    }

    private static String pod(HttpResponse<String> answer) {
        return answer.body().replaceAll(".*\"pod_name\":\"([^\"]+)\".*", "$1");
    }

    /** Only a connection that was never made, or a router that was killed, is a reason to ask the other one. */
    private HttpResponse<String> send(
            RouterProcess router, RouterProcess other, String path, String body, boolean killed) {
        try {
            return http.send(
                    HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + router.port() + path))
                            .timeout(Duration.ofSeconds(30))
                            .header("Content-Type", "application/json")
                            .POST(HttpRequest.BodyPublishers.ofString(body))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
        } catch (ConnectException e) {
            if (router != other) {
                return send(other, other, path, body, killed);
            }
            faults.add(path + " refused by both");
        } catch (IOException e) {
            if (killed && router != other) {
                return send(other, other, path, body, killed);
            }
            faults.add(path + ' ' + body + ' ' + e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return null;
    }
}
