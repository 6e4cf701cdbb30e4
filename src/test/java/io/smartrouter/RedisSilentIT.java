package io.smartrouter;

import io.smartrouter.testing.RouterProcess;
import io.smartrouter.testing.TcpProxy;
import io.smartrouter.testing.TestCluster;
import io.smartrouter.testing.TestRedis;
import java.time.Duration;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** A network forgets the connections to Redis and tells neither side, as one that translates addresses may. */
class RedisSilentIT {
    private static final Duration PATIENCE = Duration.ofSeconds(60); // the kernel's own is a quarter of an hour

    @Test
    void connectionsThatFallSilentAreMadeAnewTheOneThatOnlyListensAsWell() {
        try (TestRedis redis = TestRedis.start();
                TcpProxy network = TcpProxy.to(redis.port());
                TestCluster cluster = TestCluster.start(2);
                RouterProcess router =
                        RouterProcess.start(network.port(), cluster.url(), Map.of("router.settle.quarantine", "0s"))) {
            router.awaitReady();
            Awaitility.await().until(() -> router.allocate("before").status() == 200);
            network.silence();
            Awaitility.await()
                    .atMost(PATIENCE)
                    .until(() -> router.allocate("after").status() == 200);
            Awaitility.await().atMost(PATIENCE).until(() -> network.silent() == 0);
            Awaitility.await().until(() -> router.allocate("before").status() == 200);
        }
    }
}
