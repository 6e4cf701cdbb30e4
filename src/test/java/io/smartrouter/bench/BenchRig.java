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
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.awaitility.Awaitility;

/** Routers from the jar with production's settings, Redis, an API server with ready pods, and wrk against them. */
final class BenchRig implements AutoCloseable {
    static final int CLIENTS = 32;
    /** The chart's memory, and what the JVM makes of it there: a heap of 60 % and the collector of small machines. */
    static final List<String> JVM =
            List.of(System.getProperty("bench.jvm", "-Xmx460m -XX:+UseSerialGC").split(" ", -1));

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

    BenchRig(int pods, Map<String, String> settings) {
        this.settings.putAll(settings);
        cluster = TestCluster.start(pods);
        startRouter();
        try (DataSet data = new DataSet(redis.port())) {
            Awaitility.await()
                    .atMost(Duration.ofMinutes(2))
                    .until(() -> data.available().size() == pods);
        }
    }

    void startRouter() {
        List<String> program =
                Stream.concat(JVM.stream(), Stream.of("-jar", JAR.toString())).toList();
        routers.add(RouterProcess.startProgram(program, redis.port(), cluster.url(), settings)
                .awaitReady());
    }

    RouterProcess router() {
        return routers.getFirst();
    }

    /** Pairs by JSON at these paths of the first router. */
    Figure pairs(String path) {
        return measured(run -> List.of(Wrk.start(router().port(), "pairs", CLIENTS, Rounds.SECONDS, path, run)), true);
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

    /** Plivo's answer and hangup, signed. */
    Figure plivo(int most) throws IOException {
        String batch = "p" + RUNS.incrementAndGet();
        Path requests = Files.createTempFile("bench", ".txt");
        try {
            List<String> lines = new ArrayList<>(most);
            for (int call = 0; call < most; call++) {
                String sid = batch + "-" + call;
                lines.add(String.join("\t", sid, answer(sid), hangup(sid)));
            }
            Files.write(requests, lines);
            return measured(
                    run -> List.of(
                            Wrk.start(router().port(), "plivo", CLIENTS, Rounds.SECONDS, requests.toString(), run)),
                    true);
        } finally {
            Files.delete(requests);
        }
    }

    private static String answer(String sid) {
        return signed(
                "/plivo/allocate",
                sid,
                PlivoSigner.pairs(
                        "CallUUID",
                        sid,
                        "From",
                        "919800000001",
                        "To",
                        "918000000001",
                        "Direction",
                        "inbound",
                        "CallStatus",
                        "ringing",
                        "Event",
                        "StartApp"));
    }

    private static String hangup(String sid) {
        return signed(
                "/plivo/hangup",
                sid,
                PlivoSigner.pairs(
                        "CallUUID",
                        sid,
                        "From",
                        "919800000001",
                        "To",
                        "918000000001",
                        "Direction",
                        "inbound",
                        "CallStatus",
                        "completed",
                        "Event",
                        "Hangup",
                        "HangupCause",
                        "NORMAL_CLEARING",
                        "Duration",
                        "31"));
    }

    private static String signed(String path, String nonce, List<String[]> form) {
        String signature = PlivoSigner.sign(PlivoSigner.TOKEN, nonce, "POST", PUBLIC + path, List.of(), form);
        return PlivoSigner.encode(form) + "\t" + signature;
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
        assertThat(counts.stream().mapToLong(LoadRun.Count::bad).sum())
                .as("unexpected answers of %s", counts)
                .isZero();
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
            data.callsByPod()
                    .values()
                    .forEach(calls -> calls.stream()
                            .filter(sid -> !sid.startsWith("kept-"))
                            .forEach(sid -> router().post("/release", "{\"call_sid\":\"" + sid + "\"}")));
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
                .mapToDouble(router -> router.management("/actuator/prometheus")
                        .body()
                        .lines()
                        .filter(line -> line.startsWith("jvm_gc_memory_allocated_bytes_total"))
                        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                        .sum())
                .sum();
    }

    @Override
    public void close() {
        routers.forEach(router -> {
            router.process().destroyForcibly();
            router.close();
        });
        cluster.close();
        redis.close();
    }
}
