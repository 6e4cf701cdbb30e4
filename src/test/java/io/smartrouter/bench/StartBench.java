package io.smartrouter.bench;

import io.smartrouter.pool.redis.DataSet;
import io.smartrouter.testing.RouterProcess;
import io.smartrouter.testing.TestCluster;
import io.smartrouter.testing.TestRedis;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How soon a router that is started allocates, with the image's AOT cache and without, and what memory it then takes. */
class StartBench {
    private static final int PODS = 20;
    private static final int CALLS = 10_000;
    private static final Map<String, String> SETTINGS = Map.of(
            "router.settle.quarantine",
            "0s",
            "router.config.tiers",
            "{\"tiers\":{\"basic\":{\"type\":\"shared\",\"target\":0,\"max_concurrent\":1000}},\"default_chain\":[\"basic\"]}");

    @TempDir
    Path application;

    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    /** Memory in MB (VmRSS), the part of it that is mapped files (RssFile), and the most of it until then (VmHWM). */
    private record Memory(long now, long files, long most) {
        static Memory of(Process process) throws IOException {
            List<String> status = Files.readAllLines(Path.of("/proc", Long.toString(process.pid()), "status"));
            return new Memory(mb(status, "VmRSS:"), mb(status, "RssFile:"), mb(status, "VmHWM:"));
        }

        private static long mb(List<String> status, String field) {
            return status.stream()
                            .filter(line -> line.startsWith(field))
                            .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
                            .findFirst()
                            .orElseThrow()
                    / 1_024;
        }
    }

    @Test
    void startAndMemory() throws Exception {
        Path cache = AotCache.make(application);
        try (TestRedis redis = TestRedis.start();
                TestCluster cluster = TestCluster.start(PODS)) {
            List<String> with = program("-XX:AOTCache=" + cache, "-XX:AOTMode=on");
            List<String> without = program("-XX:AOTMode=off");
            openDataSet(redis, cluster, without);
            List<Long> cached = new ArrayList<>();
            List<Long> plain = new ArrayList<>();
            for (int round = 0; round <= Rounds.COUNT; round++) { // the first one reads the files from the disk
                cached.add(startMs(redis, cluster, with));
                plain.add(startMs(redis, cluster, without));
            }
            String start = """
                | start to first allocation | ms, median of %d (least–most) |
                |---|---|
                | with the AOT cache | %s |
                | without | %s |

                """.formatted(Rounds.COUNT, spread(cached), spread(plain));
            Page.show("start and memory", start + memory(redis, cluster, with));
        }
    }

    private List<String> program(String... options) {
        return Stream.of(
                        BenchRig.JVM.stream(),
                        Stream.of("-XX:+ExitOnOutOfMemoryError"),
                        Stream.of(options),
                        Stream.of("-jar", AotCache.jar(application).toString()))
                .flatMap(part -> part)
                .toList();
    }

    private void openDataSet(TestRedis redis, TestCluster cluster, List<String> program) {
        RouterProcess router = RouterProcess.startProgram(program, redis.port(), cluster.url(), SETTINGS);
        try (DataSet data = new DataSet(redis.port())) {
            Awaitility.await()
                    .atMost(Duration.ofMinutes(2))
                    .until(() -> data.available().size() == PODS);
        } finally {
            router.close();
        }
    }

    private long startMs(TestRedis redis, TestCluster cluster, List<String> program) {
        long begun = System.nanoTime();
        RouterProcess router = RouterProcess.startProgram(program, redis.port(), cluster.url(), SETTINGS);
        try {
            Awaitility.await()
                    .atMost(Duration.ofMinutes(1))
                    .pollInSameThread()
                    .pollDelay(Duration.ZERO)
                    .pollInterval(Duration.ofMillis(5))
                    .failFast("the router ended", () -> !router.process().isAlive())
                    .ignoreExceptions() // it does not listen yet
                    .until(() -> allocates(router));
            return (System.nanoTime() - begun) / 1_000_000;
        } finally {
            router.post("/release", "{\"call_sid\":\"first-%d\"}".formatted(router.port()));
            router.process().destroyForcibly();
            router.close();
        }
    }

    private boolean allocates(RouterProcess router) throws IOException, InterruptedException {
        return http.send(
                                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + router.port() + "/allocate"))
                                        .header("Content-Type", "application/json")
                                        .POST(HttpRequest.BodyPublishers.ofString(
                                                "{\"call_sid\":\"first-%d\"}".formatted(router.port())))
                                        .build(),
                                HttpResponse.BodyHandlers.discarding())
                        .statusCode()
                == 200;
    }

    private static String memory(TestRedis redis, TestCluster cluster, List<String> program) throws IOException {
        RouterProcess router = RouterProcess.startProgram(program, redis.port(), cluster.url(), SETTINGS)
                .awaitReady();
        try {
            Memory idle = Memory.of(router.process());
            for (int call = 0; call < CALLS; call++) {
                router.post("/allocate", "{\"call_sid\":\"kept-%d\"}".formatted(call));
            }
            Memory held = Memory.of(router.process());
            try (Wrk load = Wrk.start(router.port(), "pairs", BenchRig.CLIENTS, Rounds.SECONDS * 5, "", "memory")) {
                load.count();
            }
            Memory loaded = Memory.of(router.process());
            return """
                | resident memory, MB (%s) | now | of it mapped files | most until then |
                |---|---|---|---|
                | ready | %d | %d | %d |
                | with %,d live calls | %d | %d | %d |
                | after %.0f s of load beside them | %d | %d | %d |
                """.formatted(
                            String.join(" ", BenchRig.JVM),
                            idle.now,
                            idle.files,
                            idle.most,
                            CALLS,
                            held.now,
                            held.files,
                            held.most,
                            Rounds.SECONDS * 5,
                            loaded.now,
                            loaded.files,
                            loaded.most);
        } finally {
            router.process().destroyForcibly();
            router.close();
        }
    }

    private static String spread(List<Long> all) {
        long[] sorted = all.stream().skip(1).mapToLong(one -> one).sorted().toArray();
        return "%,d (%,d–%,d)"
                .formatted(
                        sorted[sorted.length / 2],
                        sorted[0],
                        Arrays.stream(sorted).max().orElseThrow());
    }
}
