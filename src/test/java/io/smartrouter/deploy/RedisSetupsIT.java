package io.smartrouter.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import io.smartrouter.testing.RouterProcess;
import io.smartrouter.testing.TestCluster;
import io.smartrouter.testing.TestRedis;
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
            assertThat(router.allocate("call-1").status()).isEqualTo(200);
            assertThat(router.post("/release", "{\"call_sid\":\"call-1\"}").status())
                    .isEqualTo(200);
            assertThat(router.management("/actuator/invariants").body()).contains("\"violations_total\":0");
            assertThat(router.log()).doesNotContain("NOPERM");
        }
    }

    @Test
    void aSentinelPromotesTheReplicaAndTheRouterFollows() throws Exception {
        RedisSetups.Watched redis = setups.sentinel();
        routerFollows(redis.settings(), redis.primary()::kill);
    }

    /** Its node lost its power, or it hangs: the connections to it stay open. */
    @Test
    void aPrimaryThatIsSilentIsLeftForTheOneThatASentinelPromoted() throws Exception {
        RedisSetups.Watched redis = setups.sentinel();
        routerLeavesSilent(redis.settings(), redis.primary());
    }

    @Test
    void aClusterMovesTheRoutersSlotAndTheRouterFollows() {
        RedisSetups.Clustered redis = setups.cluster();
        routerFollows(inCluster(redis), redis.owner()::kill);
    }

    @Test
    void aNodeThatIsSilentIsLeftForTheOneThatTheClusterPromoted() {
        RedisSetups.Clustered redis = setups.cluster();
        routerLeavesSilent(inCluster(redis), redis.owner());
    }

    private void routerLeavesSilent(Map<String, String> settings, TestRedis silent) {
        try {
            routerFollows(settings, () -> silent.signal("STOP"));
        } finally {
            silent.signal("CONT");
        }
    }

    private void routerFollows(Map<String, String> settings, Runnable loss) {
        try (RouterProcess router = router(1, settings)) {
            assertThat(router.allocate("call-1").status()).isEqualTo(200);
            loss.run();
            Awaitility.await()
                    .atMost(FAILOVER)
                    .pollInterval(Duration.ofMillis(500))
                    .until(() -> router.allocate("call-2").status() == 200);
            assertThat(router.allocate("call-1").status()).isEqualTo(200);
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

    private RouterProcess router(int port, Map<String, String> settings) {
        return start(port, settings).awaitReady();
    }

    private RouterProcess start(int port, Map<String, String> settings) {
        Map<String, String> all = new HashMap<>(settings);
        all.put("router.settle.quarantine", "0s");
        return RouterProcess.start(port, pods.url(), all);
    }
}
