package io.smartrouter.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import io.smartrouter.testing.RouterProcess;
import io.smartrouter.testing.TestCluster;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Each way to set up a Redis, through nothing but Spring's own settings: a router starts on it and allocates. */
@Execution(ExecutionMode.CONCURRENT)
class RedisSetupsIT {
    private static final Duration FAILOVER = Duration.ofSeconds(60);

    private RedisSetups setups;
    private TestCluster pods;

    @BeforeEach
    void start() {
        setups = new RedisSetups();
        pods = TestCluster.start(3);
    }

    @AfterEach
    void stop() {
        pods.close();
        setups.close();
    }

    @Test
    void tlsWithAnAuthorityOfOnesOwnAndTheLeastRightsInRedis() throws Exception {
        RedisSetups.Secured redis = setups.tlsAndAcl();
        Map<String, String> settings = Map.of(
                "spring.data.redis.username",
                RedisSetups.USER,
                "spring.data.redis.password",
                RedisSetups.PASSWORD,
                "spring.data.redis.ssl.bundle",
                "redis",
                "spring.ssl.bundle.pem.redis.truststore.certificate",
                redis.ca().toString());
        try (RouterProcess router = router(redis.tlsPort(), settings)) {
            assertThat(allocate(router, "call-1")).isEqualTo(200);
            assertThat(router.post("/release", "{\"call_sid\":\"call-1\"}").status())
                    .isEqualTo(200);
            assertThat(router.management("/actuator/invariants").body()).contains("\"violations_total\":0");
            assertThat(router.log()).doesNotContain("NOPERM");
        }
    }

    @Test
    void aSentinelPromotesTheReplicaAndTheRouterFollows() throws Exception {
        RedisSetups.Watched redis = setups.sentinel();
        try (RouterProcess router = router(1, redis.settings())) {
            assertThat(allocate(router, "call-1")).isEqualTo(200);
            redis.primary().kill();
            awaitAllocation(router);
        }
    }

    /** Its node lost its power, or it hangs: the connections to it stay open. */
    @Test
    void aPrimaryThatIsSilentIsLeftForTheOneThatASentinelPromoted() throws Exception {
        RedisSetups.Watched redis = setups.sentinel();
        try (RouterProcess router = router(1, redis.settings())) {
            assertThat(allocate(router, "call-1")).isEqualTo(200);
            redis.primary().signal("STOP");
            awaitAllocation(router);
        } finally {
            redis.primary().signal("CONT");
        }
    }

    @Test
    void aNodeThatIsSilentIsLeftForTheOneThatTheClusterPromoted() throws Exception {
        RedisSetups.Clustered redis = setups.cluster();
        try (RouterProcess router = router(1, inCluster(redis))) {
            assertThat(allocate(router, "call-1")).isEqualTo(200);
            redis.owner().signal("STOP");
            awaitAllocation(router);
        } finally {
            redis.owner().signal("CONT");
        }
    }

    @Test
    void aClusterMovesTheRoutersSlotAndTheRouterFollows() {
        RedisSetups.Clustered redis = setups.cluster();
        Map<String, String> settings = inCluster(redis);
        try (RouterProcess router = router(1, settings)) {
            assertThat(allocate(router, "call-1")).isEqualTo(200);
            redis.owner().kill();
            awaitAllocation(router);
        }
    }

    @Test
    void aClustersNodeThatMayEvictIsRefusedToo() {
        RedisSetups.Clustered redis = setups.cluster();
        redis.owner().command("CONFIG SET maxmemory-policy allkeys-lru");
        Map<String, String> settings = inCluster(redis);
        try (RouterProcess router = start(1, settings)) {
            Awaitility.await()
                    .atMost(FAILOVER)
                    .until(() -> router.health("readiness").body().contains("allkeys-lru"));
            redis.owner().command("CONFIG SET maxmemory-policy noeviction");
            router.awaitReady();
        }
    }

    private static Map<String, String> inCluster(RedisSetups.Clustered redis) {
        return Map.of(
                "spring.data.redis.cluster.nodes",
                redis.nodes(),
                "spring.data.redis.username",
                RedisSetups.USER,
                "spring.data.redis.password",
                RedisSetups.PASSWORD,
                "router.redis.key-prefix",
                "{voice}");
    }

    private static void awaitAllocation(RouterProcess router) {
        Awaitility.await()
                .atMost(FAILOVER)
                .pollInterval(Duration.ofMillis(500))
                .until(() -> allocate(router, "call-2") == 200);
        assertThat(allocate(router, "call-1")).isEqualTo(200);
    }

    private static int allocate(RouterProcess router, String sid) {
        return router.post("/allocate", "{\"call_sid\":\"" + sid + "\"}").status();
    }

    private RouterProcess router(int port, Map<String, String> settings) {
        return start(port, settings).awaitReady();
    }

    private RouterProcess start(int port, Map<String, String> settings) {
        Map<String, String> all = new HashMap<>(settings);
        all.put("router.settle.quarantine", "0s");
        return RouterProcess.start(port, pods.url(), all);
    }
}
