package io.smartrouter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.smartrouter.testing.RouterProcess;
import io.smartrouter.testing.RouterProcess.Answer;
import io.smartrouter.testing.TcpProxy;
import io.smartrouter.testing.TestCluster;
import io.smartrouter.testing.TestRedis;
import java.net.URI;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A whole process that starts before its Redis or its cluster: it lives, is not ready, says why once, and becomes ready
 * by itself. A restart would mend nothing, and a log that repeats itself hides what matters.
 */
@Execution(ExecutionMode.CONCURRENT)
class StartWithoutPartsIT {
    private static final int PODS = 2;
    private static final int LOOKS = 6;
    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final Pattern LOOKED_AT = Pattern.compile("\"looked_at\":\"([^\"]+)\"");
    private static final Map<String, String> SETTINGS =
            Map.of("router.settle.quarantine", "0s", "router.kubernetes.request-timeout", "1s");

    /** Waits until it has looked at Redis a few times more, which it does every second. */
    private static void awaitLooks(RouterProcess router) {
        Set<String> looks = new HashSet<>();
        await().atMost(PATIENCE).until(() -> {
            var looked = LOOKED_AT.matcher(router.health("routing").body());
            if (looked.find()) {
                looks.add(looked.group(1));
            }
            return looks.size() > LOOKS;
        });
    }

    private static void awaitWord(RouterProcess router, String word) {
        await().atMost(PATIENCE)
                .failFast(() -> !router.process().isAlive())
                .untilAsserted(
                        () -> assertThat(router.health("readiness").body()).contains(word));
    }

    private static void isLiveButNotReady(RouterProcess router) {
        assertThat(router.health("liveness").status()).isEqualTo(200);
        Answer readiness = router.health("readiness");
        assertThat(readiness.status()).as(readiness.body()).isEqualTo(503);
        assertThat(router.health("routing").status()).isEqualTo(503);
    }

    /** Warnings and errors, and lines that belong to no event. */
    private static List<String> complaints(RouterProcess router) {
        return router.log()
                .lines()
                .filter(line -> !line.matches("\\S+ (INFO|DEBUG) .*"))
                .toList();
    }

    private static void becomesReadyByItselfAndServes(RouterProcess router) {
        router.awaitReady();
        await().atMost(PATIENCE)
                .until(() -> router.post("/allocate", "{\"call_sid\":\"CA1\"}").status() == 200);
        assertThat(router.log()).containsOnlyOnce("ready: the data set is open and the cluster was seen");
    }

    @Test
    void redisIsAwayAtTheStart() {
        int port = TestRedis.freePort();
        try (TestCluster cluster = TestCluster.start(PODS);
                RouterProcess router = RouterProcess.start(port, cluster.url(), SETTINGS)) {
            awaitWord(router, "Redis");
            awaitLooks(router);
            isLiveButNotReady(router);
            assertThat(router.post("/allocate", "{\"call_sid\":\"CA1\"}").body())
                    .contains("store_unavailable");
            assertThat(complaints(router))
                    .filteredOn(line -> line.contains("redis state=unavailable"))
                    .hasSize(1);
            assertThat(complaints(router)).as("each fault once").hasSizeLessThan(6);
            try (TestRedis redis = TestRedis.startOn(port)) {
                becomesReadyByItselfAndServes(router);
                assertThat(redis.port()).isEqualTo(port);
            }
        }
    }

    static List<Arguments> networks() {
        return List.of(
                Arguments.of("refuses", (Consumer<TcpProxy>) TcpProxy::refuse, "refused"),
                Arguments.of("is silent", (Consumer<TcpProxy>) TcpProxy::hang, "timeout"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("networks")
    void kubernetesIsAwayAtTheStart(String name, Consumer<TcpProxy> fault, String word) {
        try (TestRedis redis = TestRedis.start();
                TestCluster cluster = TestCluster.start(PODS);
                TcpProxy network = TcpProxy.to(URI.create(cluster.url()).getPort())) {
            fault.accept(network);
            try (RouterProcess router =
                    RouterProcess.start(redis.port(), "http://127.0.0.1:" + network.port(), SETTINGS)) {
                awaitWord(router, "the cluster was not seen yet");
                awaitWord(router, word);
                awaitLooks(router);
                isLiveButNotReady(router);
                assertThat(redis.command("DBSIZE")).as("nothing was opened").startsWith(":0");
                assertThat(complaints(router))
                        .filteredOn(line -> line.contains("pod watch is away"))
                        .hasSize(1)
                        .allMatch(line -> line.contains(word));
                assertThat(complaints(router)).as("each fault once").hasSizeLessThan(6);
                network.forward();
                becomesReadyByItselfAndServes(router);
                await().atMost(PATIENCE).until(() -> router.log().contains("pod watch is open again"));
            }
        }
    }

    @Test
    void redisMayDropLiveCalls() {
        try (TestRedis redis = TestRedis.start("--maxmemory-policy", "allkeys-lru");
                TestCluster cluster = TestCluster.start(PODS);
                RouterProcess router = RouterProcess.start(redis, cluster, SETTINGS)) {
            awaitWord(router, "maxmemory-policy");
            awaitLooks(router);
            isLiveButNotReady(router);
            assertThat(router.health("readiness").body()).contains("noeviction").contains("allkeys-lru");
            assertThat(complaints(router))
                    .filteredOn(line -> line.contains("redis state=hazardous"))
                    .hasSize(1)
                    .allMatch(line -> line.contains("maxmemory-policy"));
            redis.command("CONFIG SET maxmemory-policy noeviction");
            becomesReadyByItselfAndServes(router);
        }
    }
}
