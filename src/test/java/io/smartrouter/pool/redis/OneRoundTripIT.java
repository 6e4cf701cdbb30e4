package io.smartrouter.pool.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.smartrouter.pool.AllocationRequest;
import io.smartrouter.pool.CallId;
import io.smartrouter.pool.Pod;
import io.smartrouter.pool.ReleaseRequest;
import io.smartrouter.testing.RedisMonitor;
import io.smartrouter.testing.TestRedis;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A caller hears silence while we ask: one command for an allocation, one for a release; and what is read beside them. */
class OneRoundTripIT {
    @Test
    void allocateAndReleaseAreOneCommandEach() {
        try (TestRedis redis = TestRedis.start();
                StoreFixture fixture = new StoreFixture(redis, Map.of("router.settle.quarantine", "0s"))) {
            fixture.cluster(Cluster.ready(3));
            fixture.pool().settlement().settle();
            allocate(fixture, "warm-up"); // the first one learns the SHA and Redis' clock
            release(fixture, "warm-up");
            assertThat(commandsOf(redis, () -> allocate(fixture, "call-1")))
                    .singleElement()
                    .asString()
                    .contains("EVALSHA");
            assertThat(commandsOf(redis, () -> release(fixture, "call-1")))
                    .singleElement()
                    .asString()
                    .contains("EVALSHA");
        }
    }

    /** Gauges count every pod each quarter of a minute, and there may be a million calls. */
    @Test
    void podsAreCountedWithoutReadingTheNamesOfTheirCalls() {
        try (TestRedis redis = TestRedis.start();
                StoreFixture fixture = new StoreFixture(redis, Map.of("router.settle.quarantine", "0s"))) {
            fixture.cluster(Cluster.ready(3));
            fixture.pool().settlement().settle();
            allocate(fixture, "call-1");
            List<Pod> pods = new ArrayList<>();
            List<String> commands =
                    commandsOf(redis, () -> pods.addAll(fixture.manager().pods()));
            assertThat(pods.stream().mapToInt(Pod::calls).sum()).isEqualTo(1);
            assertThat(commands.stream().filter(command -> command.contains("\"SMEMBERS\"")))
                    .singleElement() // the pods' own names
                    .asString()
                    .contains("\"voice:pods\"");
            assertThat(fixture.manager().callsOn(List.of("voice-agent-0", "never-was")))
                    .isEqualTo(Map.of("voice-agent-0", List.of(new CallId("call-1")), "never-was", List.of()));
        }
    }

    @Test
    void scriptsAreSentWholeOnceAfterRedisForgotThem() {
        try (TestRedis redis = TestRedis.start();
                StoreFixture fixture = new StoreFixture(redis, Map.of("router.settle.quarantine", "0s"))) {
            fixture.cluster(Cluster.ready(3));
            allocate(fixture, "call-1");
            redis.command("SCRIPT FLUSH");
            allocate(fixture, "call-2");
            assertThat(fixture.manager().liveCalls()).isEqualTo(2);
        }
    }

    private static List<String> commandsOf(TestRedis redis, Runnable work) {
        try (RedisMonitor monitor = new RedisMonitor(redis)) {
            work.run();
            return monitor.commands().stream()
                    .filter(command -> !command.contains(" lua]")) // inside a script: costs no round trip
                    .toList();
        }
    }

    private static void allocate(StoreFixture fixture, String sid) {
        fixture.manager().allocate(new AllocationRequest(new CallId(sid), "plivo", null, "acme"));
    }

    private static void release(StoreFixture fixture, String sid) {
        fixture.manager()
                .release(new ReleaseRequest(new CallId(sid), new ReleaseRequest.Right.Operator(null), "released"));
    }
}
