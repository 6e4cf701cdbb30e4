package io.smartrouter.bench;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Few and many pods, few and many live calls, all with the heap that the most need. */
class ScaleBench {
    private static final int FEW = 10;
    private static final int MORE = 1_000;
    private static final int PODS = Integer.getInteger("bench.pods", 100_000);
    private static final int CALLS = Integer.getInteger("bench.calls", 1_000_000);
    private static final int SLOTS = 1_000;
    private static final List<String> JVM = List.of("-Xmx3g", "-XX:+UseSerialGC");
    /** Kubernetes had ten pods only: who reconciles would take the others for gone, or find that it is away. */
    private static final Map<String, String> SETTINGS = Map.of(
            "router.reconcile.interval",
            "1h",
            "router.config.tiers",
            "{\"tiers\":{\"basic\":{\"type\":\"shared\",\"target\":0,\"max_concurrent\":%d}},\"default_chain\":[\"basic\"]}"
                    .formatted(SLOTS));

    @Test
    void scale() {
        try (BenchRig few = new BenchRig(FEW, SETTINGS, JVM);
                BenchRig more = new BenchRig(FEW, SETTINGS, JVM);
                BenchRig pods = new BenchRig(FEW, SETTINGS, JVM);
                BenchRig calls = new BenchRig(FEW, SETTINGS, JVM)) {
            few.fill(0, FEW);
            more.fill(MORE - FEW, FEW);
            pods.fill(PODS - FEW, FEW);
            calls.fill(CALLS / SLOTS * 2, CALLS);
            String ten = "%,d pods, %,d live calls".formatted(FEW, FEW);
            Rounds rounds = new Rounds("scale, JSON pairs", 14)
                    .add(ten, () -> few.pairs(""))
                    .add("%,d pods, %,d live calls".formatted(MORE, FEW), () -> more.pairs(""))
                    .add("%,d pods, %,d live calls".formatted(PODS, FEW), () -> pods.pairs(""))
                    .add("%,d pods, %,d live calls".formatted(CALLS / SLOTS * 2 + FEW, CALLS), () -> calls.pairs(""))
                    .run();
            Page.show("scale", rounds.table(ten));
            Page.draw("scale.svg", "Pods and live calls, JSON pairs", rounds);
        }
    }
}
