package io.smartrouter.pool.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.smartrouter.pool.AllocationOutcome.Allocated;
import io.smartrouter.pool.AllocationRequest;
import io.smartrouter.pool.CallId;
import io.smartrouter.pool.Incarnation;
import io.smartrouter.pool.PodFacts;
import io.smartrouter.pool.ReleaseOutcome.Released;
import io.smartrouter.pool.ReleaseRequest;
import io.smartrouter.testing.TestRedis;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class FirstCallIT {
    @Test
    void aCallGetsAPodAndGivesItBack() {
        try (TestRedis redis = TestRedis.start();
                StoreFixture store = new StoreFixture(redis, Map.of("router.settle.quarantine", "0s"))) {
            store.cluster(List.of(new PodFacts(
                    "voice-agent-0",
                    Incarnation.of("voice-agent-0", "uid", "containerd://1"),
                    "7",
                    PodFacts.Readiness.READY,
                    "127.0.0.1:9000",
                    true,
                    null,
                    null)));
            var request = new AllocationRequest(new CallId("call-1"), "plivo", null, null);
            assertThat(store.manager().allocate(request)).isInstanceOfSatisfying(Allocated.class, allocated -> {
                assertThat(allocated.allocation().pod()).isEqualTo("voice-agent-0");
                assertThat(allocated.existing()).isFalse();
            });
            assertThat(store.manager()
                            .release(new ReleaseRequest(
                                    new CallId("call-1"), new ReleaseRequest.Right.Operator(null), "released")))
                    .isEqualTo(new Released("voice-agent-0", "default", false));
        }
    }
}
