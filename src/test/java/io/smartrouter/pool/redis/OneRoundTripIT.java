package io.smartrouter.pool.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.smartrouter.pool.AllocationRequest;
import io.smartrouter.pool.CallId;
import io.smartrouter.pool.Pod;
import io.smartrouter.pool.ReleaseRequest;
import io.smartrouter.testing.TestRedis;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A caller hears silence while we ask: one command for an allocation, one for a release; and what is read beside them. */
class OneRoundTripIT {
    @Test
    void allocateAndReleaseAreOneCommandEach() throws IOException {
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
    void podsAreCountedWithoutReadingTheNamesOfTheirCalls() throws IOException {
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

    private static List<String> commandsOf(TestRedis redis, Runnable work) throws IOException {
        try (Socket monitor = new Socket(InetAddress.getLoopbackAddress(), redis.port());
                BufferedReader lines =
                        new BufferedReader(new InputStreamReader(monitor.getInputStream(), StandardCharsets.UTF_8))) {
            monitor.setSoTimeout(10_000);
            monitor.getOutputStream().write("MONITOR\r\n".getBytes(StandardCharsets.UTF_8));
            assertThat(lines.readLine()).isEqualTo("+OK");
            work.run();
            redis.command("ECHO done");
            List<String> commands = new ArrayList<>();
            for (String line = lines.readLine(); !line.contains("\"ECHO\" \"done\""); line = lines.readLine()) {
                if (!line.contains(" lua]")) { // what a script does inside Redis costs no round trip
                    commands.add(line);
                }
            }
            return commands;
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
