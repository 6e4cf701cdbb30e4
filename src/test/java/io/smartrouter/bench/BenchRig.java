package io.smartrouter.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.smartrouter.pool.redis.DataSet;
import io.smartrouter.testing.RouterProcess;
import io.smartrouter.testing.TestCluster;
import io.smartrouter.testing.TestRedis;
import io.smartrouter.webhook.plivo.PlivoSigner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.awaitility.Awaitility;

/** Routers from the jar with production's settings, Redis, an API server with ready pods, and wrk against them. */
final class BenchRig implements AutoCloseable {
    static final int CLIENTS = 32;
    /** On a machine that is busy with something else, Redis may once answer too late. */
    private static final double MOST_BAD = 0.01;
    /** What the JVM makes of the chart's options and memory: a heap that grows to 60 % of it, small machines' collector. */
    static final List<String> JVM = List.of(
            System.getProperty("bench.jvm", "-Xms96m -Xmx460m -XX:+UseSerialGC -XX:TrimNativeHeapInterval=10000")
                    .split(" ", -1));

    private static final Path JAR = Path.of("target", "smart-router.jar");
    private static final String PUBLIC = "https://router.example.com";
    private static final AtomicInteger RUNS = new AtomicInteger();

    private final TestRedis redis = TestRedis.start();
    private final TestCluster cluster;
    private final List<RouterProcess> routers = new ArrayList<>();
    private final Map<String, String> settings = new HashMap<>(Map.of(
            "spring.profiles.active",
            "bench",
            "router.public-url",
            PUBLIC,
            "router.providers.plivo.accounts[0].id",
            "MA1",
            "router.providers.plivo.accounts[0].tokens",
            PlivoSigner.TOKEN,
            "router.settle.quarantine",
            "0s"));

    private final List<String> jvm;
    private boolean filled;

    BenchRig(int pods, Map<String, String> settings) {
        this(pods, settings, JVM);
    }

    /** With other options to the routers' JVMs than the chart's. */
    BenchRig(int pods, Map<String, String> settings, List<String> jvm) {
        this.jvm = jvm;
        this.settings.putAll(settings);
        cluster = TestCluster.start(pods);
        startRouter();
        try (DataSet data = new DataSet(redis.port())) {
            Awaitility.await()
                    .atMost(Duration.ofMinutes(2))
                    .until(() -> data.available().size() == pods);
        }
    }

    private void startRouter() {
        List<String> program =
                Stream.concat(jvm.stream(), Stream.of("-jar", JAR.toString())).toList();
        routers.add(RouterProcess.startProgram(program, redis.port(), cluster.url(), settings)
                .awaitReady());
    }

    RouterProcess router() {
        return routers.getFirst();
    }

    TestRedis redis() {
        return redis;
    }

    /** With so many more routers at the same Redis. */
    BenchRig with(int more) {
        for (int i = 0; i < more; i++) {
            startRouter();
        }
        routers.forEach(router -> awaitMirror(router, 0));
        return this;
    }

    /**
     * Live calls of no caller, and pods that Kubernetes does not have, beside those that are there. It is away from then
     * on: with the next list, some minutes later, the routers would find these pods gone.
     */
    void fill(int pods, int calls) {
        cluster.close();
        filled = true;
        Filling.fill(redis, pods, calls);
        awaitMirror(router(), calls);
    }

    private static void awaitMirror(RouterProcess router, int copies) {
        Awaitility.await()
                .atMost(Duration.ofMinutes(3))
                .until(() -> metric(router, "smart_router_mirror_whole") == 1
                        && metric(router, "smart_router_mirror_copies") >= copies);
    }

    /** Pairs by JSON at these paths of the first router. */
    Figure pairs(String path) {
        return measured(run -> List.of(Wrk.start(router().port(), "pairs", CLIENTS, Rounds.SECONDS, path, run)), true);
    }

    /** The same for so long, where each client waits before its next request. */
    Figure pacedPairs(double seconds, long pauseMs) {
        return measured(
                run -> List.of(Wrk.start(router().port(), "pairs", CLIENTS, seconds, "", run, Long.toString(pauseMs))),
                true);
    }

    /** The same as they come: so many a second, whatever is answered; the times are of allocations. */
    Figure pairsAt(double rate, Hyperfoil hyperfoil, String path) {
        return measured(run -> List.of(hyperfoil.pairs(router().port(), path, rate)), true);
    }

    /** Pairs at all routers, as many clients in all. */
    Figure pairsAtAll() {
        return measured(
                run -> routers.stream()
                        .map(router -> Wrk.start(
                                router.port(),
                                "pairs",
                                CLIENTS / routers.size(),
                                Rounds.SECONDS,
                                "",
                                run + "-" + router.port()))
                        .toList(),
                true);
    }

    /** Requests of one scenario; counted are requests, not pairs. */
    Figure requests(String scenario, String... arguments) {
        return measured(
                run -> List.of(Wrk.start(
                        router().port(),
                        scenario,
                        CLIENTS,
                        Rounds.SECONDS,
                        Stream.concat(Stream.of(arguments), Stream.of(run)).toArray(String[]::new))),
                false);
    }

    /** Plivo's answer and hangup, signed beforehand, for at most so many calls. */
    Figure plivo(int most) throws IOException {
        Path requests = SignedCalls.write(PUBLIC, "p" + RUNS.incrementAndGet(), most);
        try {
            return measured(
                    run -> List.of(
                            Wrk.start(router().port(), "plivo", CLIENTS, Rounds.SECONDS, requests.toString(), run)),
                    true);
        } finally {
            Files.delete(requests);
        }
    }

    private interface Load {
        List<? extends LoadRun> start(String run);
    }

    private Figure measured(Load load, boolean pairs) {
        double routersBefore = routerCpuUs();
        double redisBefore = redisCpuUs();
        double bytesBefore = allocatedBytes();
        List<? extends LoadRun> runs = load.start("r" + RUNS.incrementAndGet());
        List<LoadRun.Count> counts = runs.stream().map(LoadRun::count).toList();
        double routersAfter = routerCpuUs();
        double redisAfter = redisCpuUs();
        double bytesAfter = allocatedBytes();
        runs.forEach(LoadRun::close);
        releaseAll();
        long requests = counts.stream().mapToLong(LoadRun.Count::requests).sum();
        long bad = counts.stream().mapToLong(LoadRun.Count::bad).sum();
        if (bad > 0) {
            System.out.printf("%d of %d answers were not as expected%n", bad, requests);
        }
        assertThat((double) bad / requests)
                .as("part of unexpected answers of %s", counts)
                .isLessThan(MOST_BAD);
        double done = counts.stream()
                .mapToLong(count -> pairs ? count.pairs() : count.requests())
                .sum();
        double seconds = counts.stream().mapToLong(LoadRun.Count::us).max().orElseThrow() / 1e6;
        return new Figure(
                done / seconds,
                counts.stream().mapToLong(LoadRun.Count::p50).max().orElseThrow() / 1e3,
                counts.stream().mapToLong(LoadRun.Count::p99).max().orElseThrow() / 1e3,
                (routersAfter - routersBefore) / done,
                (redisAfter - redisBefore) / done,
                (bytesAfter - bytesBefore) / done);
    }

    /** This merchant's pods are all taken, by calls that stay. */
    void keep(String merchant, String policy) {
        router().put("/merchants/" + merchant, policy);
        int kept = 0;
        while (router().post("/allocate", "{\"call_sid\":\"kept-%d\",\"merchant_id\":\"%s\"}".formatted(kept, merchant))
                        .status()
                == 200) {
            kept++;
        }
    }

    /** Calls that the load left behind when its time was over. */
    private void releaseAll() {
        try (DataSet data = new DataSet(redis.port())) {
            Set<String> left = filled ? data.liveCalls("bench") : data.liveCalls();
            left.stream()
                    .filter(sid -> !sid.startsWith("kept-"))
                    .forEach(sid -> router().post("/release", "{\"call_sid\":\"" + sid + "\"}"));
        }
    }

    private double routerCpuUs() {
        return routers.stream().mapToDouble(router -> cpuUs(router.process())).sum();
    }

    private double redisCpuUs() {
        return cpuUs(redis.process());
    }

    private static double cpuUs(Process process) {
        return process.info().totalCpuDuration().orElseThrow().toNanos() / 1e3;
    }

    private double allocatedBytes() {
        return routers.stream()
                .mapToDouble(router -> metric(router, "jvm_gc_memory_allocated_bytes_total"))
                .sum();
    }

    /** The sum of all lines of this metric. */
    static double metric(RouterProcess router, String name) {
        return router.management("/actuator/prometheus")
                .body()
                .lines()
                .filter(line -> line.startsWith(name))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }

    @Override
    public void close() {
        routers.forEach(router -> {
            router.process().destroyForcibly();
            router.close();
        });
        if (!filled) {
            cluster.close();
        }
        redis.close();
    }
}
