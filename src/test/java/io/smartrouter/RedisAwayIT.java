package io.smartrouter;

import io.smartrouter.testing.RouterProcess;
import io.smartrouter.testing.TestCluster;
import io.smartrouter.testing.TestRedis;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** Redis is away for long: whoever has to do with it must not have grown slow in asking whether it is back. */
class RedisAwayIT {
    /** The driver, left alone, asks after some 9 s and then after 17. */
    private static final Duration AWAY = Duration.ofSeconds(12);

    private static final Duration SOON = Duration.ofSeconds(3);

    @Test
    void allRoutersServeSoonAfterALongOutage() throws Exception {
        Map<String, String> settings = Map.of("router.settle.quarantine", "0s");
        try (TestRedis redis = TestRedis.start();
                TestCluster cluster = TestCluster.start(4);
                RouterProcess one = RouterProcess.start(redis, cluster, settings);
                RouterProcess two = RouterProcess.start(redis, cluster, settings)) {
            List<RouterProcess> routers = List.of(one.awaitReady(), two.awaitReady());
            Awaitility.await().until(() -> routers.stream().allMatch(RedisAwayIT::gives));
            redis.kill();
            TimeUnit.MILLISECONDS.sleep(AWAY.toMillis());
            try (TestRedis back = TestRedis.startOn(redis.port())) {
                for (RouterProcess router : routers) {
                    Awaitility.await("router on the Redis at " + back.port())
                            .atMost(SOON)
                            .until(() -> gives(router));
                }
            }
        }
    }

    private static boolean gives(RouterProcess router) {
        return router.allocate("of-" + router.port()).status() == 200;
    }
}
