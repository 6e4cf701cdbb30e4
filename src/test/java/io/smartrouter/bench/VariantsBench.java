package io.smartrouter.bench;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The router with other collectors and threads than it is shipped with: what that choice rests on. */
class VariantsBench {
    private static final String SHIPPED = "as shipped";
    private static final List<String> HEAP = List.of("-Xms96m", "-Xmx460m", "-XX:TrimNativeHeapInterval=10000");
    private static final Map<String, String> VIRTUAL = Map.of();
    private static final Map<String, String> PLATFORM = Map.of("spring.threads.virtual.enabled", "false");

    private record Variant(Map<String, String> settings, List<String> jvm) {}

    @Test
    void variants() {
        Map<String, Variant> variants = new LinkedHashMap<>();
        variants.put(SHIPPED, new Variant(VIRTUAL, BenchRig.JVM));
        variants.put("Parallel", new Variant(VIRTUAL, with(HEAP, "-XX:+UseParallelGC")));
        variants.put("G1", new Variant(VIRTUAL, with(HEAP, "-XX:+UseG1GC")));
        variants.put("ZGC", new Variant(VIRTUAL, with(HEAP, "-XX:+UseZGC")));
        variants.put(
                "freed native memory kept", new Variant(VIRTUAL, with(BenchRig.JVM, "-XX:TrimNativeHeapInterval=0")));
        variants.put(
                "Serial, compact headers", new Variant(VIRTUAL, with(BenchRig.JVM, "-XX:+UseCompactObjectHeaders")));
        variants.put(
                "one carrier", new Variant(VIRTUAL, with(BenchRig.JVM, "-Djdk.virtualThreadScheduler.parallelism=1")));
        variants.put("platform threads", new Variant(PLATFORM, BenchRig.JVM));
        Map<String, BenchRig> rigs = new LinkedHashMap<>();
        try {
            variants.forEach((name, variant) -> rigs.put(name, new BenchRig(200, variant.settings, variant.jvm)));
            Rounds rounds = new Rounds("variants, JSON pairs", 12);
            rigs.forEach((name, rig) -> rounds.add(name, () -> rig.pairs("")));
            Page.show("variants", rounds.run().table(SHIPPED));
        } finally {
            rigs.values().forEach(BenchRig::close);
        }
    }

    private static List<String> with(List<String> options, String option) {
        return Stream.concat(options.stream(), Stream.of(option)).toList();
    }
}
