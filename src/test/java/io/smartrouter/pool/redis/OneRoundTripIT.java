package io.smartrouter.pool.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.smartrouter.pool.AllocationRequest;
import io.smartrouter.pool.CallId;
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

/** A caller hears silence while we ask: one command for an allocation, one for a release. */
class OneRoundTripIT {
    @Test
    void allocateAndReleaseAreOneCommandEach() throws IOException {
        try (TestRedis redis = TestRedis.start();
                StoreFixture fixture = new StoreFixture(redis, Map.of("router.settle.quarantine", "0s"))) {
            fixture.cluster(Cluster.ready(3));
            fixture.pool().settlement().settle();
            allocate(fixture, "warm-up"); // the first one learns the SHA and Redis' clock
            release(fixture, "warm-up");
            try (Socket monitor = new Socket(InetAddress.getLoopbackAddress(), redis.port());
                    BufferedReader lines = new BufferedReader(
                            new InputStreamReader(monitor.getInputStream(), StandardCharsets.UTF_8))) {
                monitor.setSoTimeout(10_000);
                monitor.getOutputStream().write("MONITOR\r\n".getBytes(StandardCharsets.UTF_8));
                assertThat(lines.readLine()).isEqualTo("+OK");
                allocate(fixture, "call-1");
                redis.command("ECHO allocated");
                release(fixture, "call-1");
                redis.command("ECHO released");
                assertThat(commandsUntil(lines, "allocated"))
                        .singleElement()
                        .asString()
                        .contains("EVALSHA");
                assertThat(commandsUntil(lines, "released"))
                        .singleElement()
                        .asString()
                        .contains("EVALSHA");
            }
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

    private static List<String> commandsUntil(BufferedReader monitor, String mark) throws IOException {
        List<String> commands = new ArrayList<>();
        while (true) {
            String line = monitor.readLine();
            if (line.contains("\"ECHO\" \"" + mark + "\"")) {
                return commands;
            }
            if (!line.contains(" lua]")) { // what a script does inside Redis costs no round trip
                commands.add(line);
            }
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
