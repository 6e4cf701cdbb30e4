package io.smartrouter.pool.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.smartrouter.pool.AllocationOutcome.Allocated;
import io.smartrouter.pool.AllocationRequest;
import io.smartrouter.pool.CallId;
import io.smartrouter.pool.PodFacts;
import io.smartrouter.pool.ReleaseRequest;
import io.smartrouter.testing.TestRedis;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.Test;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.core.script.RedisScript;

/**
 * What a pair of allocate and release costs Redis itself, in a small, a wide and a full data set: three servers, asked
 * in turns, and each one's own count of microseconds. Figures are compared within the run, never with another one.
 */
class ScriptCostBench {
    private static final int PAIRS = 10_000;
    private static final int ROUNDS = 7;
    private static final int CALLS = 1_000_000;
    private static final RedisScript<Long> RETURN_1 = RedisScript.of("return 1", Long.class);
    private static final String EXCLUSIVE = """
        {"tiers":{"gold":{"type":"exclusive","target":0}},"default_chain":["gold"]}\
        """;
    private static final String SHARED = """
        {"tiers":{"basic":{"type":"shared","target":0,"max_concurrent":1000}},"default_chain":["basic"]}\
        """;

    @Test
    void costIsFlatAndACallIsSmall() throws Exception {
        try (Scale few = new Scale("exclusive, 20 pods, 10 calls", EXCLUSIVE, 20, 10);
                Scale wide = new Scale("exclusive, 100,000 pods, 10 calls", EXCLUSIVE, 100_000, 10);
                Scale small = new Scale("shared, 10 pods, 10 calls", SHARED, 10, 10);
                Scale full = new Scale("shared, 10,000 pods, 1,000,000 calls", SHARED, 10_000, CALLS)) {
            List<Scale> scales = List.of(few, wide, small, full);
            for (int round = 0; round < ROUNDS; round++) {
                scales.forEach(Scale::measure);
            }
            System.out.printf(
                    "| data set | us per script at Redis, median of %d | ratio | to `return 1` | B per live call |%n",
                    ROUNDS);
            System.out.println("|---|---|---|---|---|");
            print(few, few);
            print(wide, few);
            print(small, small);
            print(full, small);
            System.out.printf("events stream apart: %d B%n", full.streamBytes);
            assertThat(wide.median() / few.median()).isLessThanOrEqualTo(1.3);
            assertThat(full.median() / small.median()).isLessThanOrEqualTo(1.3);
            assertThat(full.bytesPerCall).isLessThanOrEqualTo(1_024);
        }
    }

    private static void print(Scale scale, Scale base) {
        System.out.printf(
                "| %s | %.2f | %.2f | %.1f | %s |%n",
                scale.name,
                scale.median(),
                scale.median() / base.median(),
                scale.median() / median(scale.least),
                scale.calls == CALLS ? Long.toString(scale.bytesPerCall) : "");
    }

    private static double median(List<Double> values) {
        double[] sorted = values.stream().mapToDouble(value -> value).toArray();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    private static final class Scale implements AutoCloseable {
        private final String name;
        private final TestRedis redis = TestRedis.start();
        private final StoreFixture fixture;
        private final int calls;
        private final List<Double> costs = new ArrayList<>();
        private final List<Double> least = new ArrayList<>();
        private final AtomicInteger next = new AtomicInteger();
        private long bytesPerCall;
        private long streamBytes;

        Scale(String name, String tiers, int pods, int calls) throws Exception {
            this.name = name;
            this.calls = calls;
            fixture = new StoreFixture(
                    redis,
                    Map.of(
                            "router.settle.quarantine", "0s",
                            "router.config.tiers", tiers,
                            "router.redis.command-timeout", "10s"));
            fixture.pool().settlement().settle();
            parallel(pods, i -> {
                PodFacts pod = Cluster.pod(i);
                fixture.store().observe(pod);
            });
            long before = usedMemory();
            long eventsBefore = streamMemory();
            parallel(
                    calls,
                    i -> assertThat(allocate("kept-"
                                    + UUID.nameUUIDFromBytes(
                                            new byte[] {(byte) i, (byte) (i >> 8), (byte) (i >> 16), 1})))
                            .isTrue());
            streamBytes = streamMemory();
            bytesPerCall = (usedMemory() - before - (streamBytes - eventsBefore)) / calls;
        }

        void measure() {
            command("RESETSTAT");
            for (int i = 0; i < PAIRS; i++) {
                fixture.template().execute(RETURN_1, List.of("voice:epoch"));
            }
            least.add(microsPerScript());
            command("RESETSTAT");
            for (int i = 0; i < PAIRS; i++) {
                String sid = "call-" + next.incrementAndGet() % 1_000_000;
                assertThat(allocate(sid)).isTrue();
                fixture.manager()
                        .release(new ReleaseRequest(
                                new CallId(sid), new ReleaseRequest.Right.Operator(null), "released"));
                fixture.template().delete("voice:call:" + sid); // so that tombstones do not add up
            }
            costs.add(microsPerScript());
        }

        private double microsPerScript() {
            String evalsha = info("commandstats").getProperty("cmdstat_evalsha");
            return Double.parseDouble(evalsha.replaceAll(".*usec_per_call=([0-9.]+).*", "$1"));
        }

        double median() {
            return ScriptCostBench.median(costs);
        }

        private boolean allocate(String sid) {
            return fixture.manager()
                            .allocate(new AllocationRequest(
                                    new CallId(sid),
                                    "plivo",
                                    "MAXXXXXXXXXXXXXXXXXX",
                                    "merchant-" + sid.hashCode() % 50))
                    instanceof Allocated;
        }

        private static void parallel(int count, IntConsumer task) throws ExecutionException, InterruptedException {
            AtomicInteger at = new AtomicInteger();
            try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
                List<Future<?>> workers = new ArrayList<>();
                for (int worker = 0; worker < 64; worker++) {
                    workers.add(threads.submit(() -> {
                        for (int i = at.getAndIncrement(); i < count; i = at.getAndIncrement()) {
                            task.accept(i);
                        }
                    }));
                }
                for (Future<?> worker : workers) {
                    worker.get();
                }
            }
        }

        private long usedMemory() {
            return Long.parseLong(info("memory").getProperty("used_memory"));
        }

        private long streamMemory() {
            String reply = redis.command("MEMORY USAGE voice:events SAMPLES 0");
            return reply.startsWith(":") ? Long.parseLong(reply.substring(1).trim()) : 0;
        }

        private Properties info(String section) {
            try (RedisConnection connection = connection()) {
                return Objects.requireNonNull(connection.serverCommands().info(section));
            }
        }

        private void command(String what) {
            redis.command("CONFIG " + what);
        }

        private RedisConnection connection() {
            return Objects.requireNonNull(fixture.template().getConnectionFactory())
                    .getConnection();
        }

        @Override
        public void close() {
            fixture.close();
            redis.close();
        }
    }
}
