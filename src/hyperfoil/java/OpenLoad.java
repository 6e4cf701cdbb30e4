import io.hyperfoil.api.config.Benchmark;
import io.hyperfoil.api.config.BenchmarkData;
import io.hyperfoil.api.statistics.StatisticsSnapshot;
import io.hyperfoil.core.impl.LocalSimulationRunner;
import io.hyperfoil.core.parser.BenchmarkParser;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * Runs benchmarks of Hyperfoil, one for each line of its input that names a file with one, and prints of each what
 * became of the requests that it calls {@code allocate}, as a line of JSON. In a JVM of its own, because Hyperfoil and
 * the router need different versions of the same libraries.
 */
final class OpenLoad {
    private OpenLoad() {}

    public static void main(String[] arguments) throws Exception {
        BufferedReader files = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String file = files.readLine(); file != null; file = files.readLine()) {
            try (var text = Files.newInputStream(Path.of(file))) {
                run(BenchmarkParser.instance().buildBenchmark(text, BenchmarkData.EMPTY, Map.of()));
            }
        }
        System.exit(0); // whatever Hyperfoil has left running
    }

    private static void run(Benchmark benchmark) {
        StatisticsSnapshot allocates = new StatisticsSnapshot();
        StatisticsSnapshot all = new StatisticsSnapshot();
        new LocalSimulationRunner(
                        benchmark,
                        (phase, step, metric, snapshot, countDown) -> {
                            all.add(snapshot);
                            if (metric.equals("allocate")) {
                                allocates.add(snapshot);
                            }
                        },
                        null,
                        null)
                .run();
        System.out.printf(
                "%n{\"requests\":%d,\"pairs\":%d,\"bad\":%d,\"us\":%d,\"p50\":%d,\"p99\":%d}%n",
                all.responseCount,
                all.responseCount - allocates.responseCount,
                all.invalid + all.errors() + all.requestCount - all.responseCount,
                benchmark.phases().stream().mapToLong(phase -> phase.duration()).sum() * 1_000,
                allocates.histogram.getValueAtPercentile(50) / 1_000,
                allocates.histogram.getValueAtPercentile(99) / 1_000);
        System.out.flush();
    }
}
