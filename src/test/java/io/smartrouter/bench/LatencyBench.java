package io.smartrouter.bench;

import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * How long an allocation takes where calls come as they do, and not when the last one has its answer. First how much the
 * floor and the router can do; then both at the same part of that.
 */
class LatencyBench {
    private static final int PODS = 1_000;
    private static final double PART = 0.7;
    /** Of what the router can do: what comes faster waits for what came before, and ever longer. */
    private static final double BEARABLE = 0.9;

    @Test
    void latencies() {
        try (BenchRig rig = new BenchRig(PODS, Map.of());
                Hyperfoil hyperfoil = new Hyperfoil()) {
            Rounds most = new Rounds("as fast as it goes, pairs", 12)
                    .add("floor", () -> rig.pairs("/bench/floor"))
                    .add("JSON", () -> rig.pairs(""))
                    .run();
            double ofFloor = PART * Figure.median(most.of("floor"), Figure::rate);
            double routers = Figure.median(most.of("JSON"), Figure::rate);
            Rounds rounds = new Rounds("calls as they come", 2);
            boolean bearable = ofFloor < BEARABLE * routers;
            if (bearable) {
                rounds.add("floor at 70 % of its own load", () -> rig.pairsAt(ofFloor, hyperfoil, "/bench/floor"))
                        .add("JSON at 70 % of the floor's load", () -> rig.pairsAt(ofFloor, hyperfoil, ""));
            }
            rounds.add(
                            "floor at 70 % of the router's load",
                            () -> rig.pairsAt(PART * routers, hyperfoil, "/bench/floor"))
                    .add("JSON at 70 % of its own load", () -> rig.pairsAt(PART * routers, hyperfoil, ""))
                    .run();
            String ratios = "";
            if (bearable) {
                ratios = ratios(
                        rounds, "the floor's", "JSON at 70 % of the floor's load", "floor at 70 % of its own load");
            }
            ratios += ratios(
                    rounds, "the router's", "JSON at 70 % of its own load", "floor at 70 % of the router's load");
            Page.show(
                    "latencies",
                    rounds.latencies()
                            + """

                            | allocate, JSON to the floor, median of %d rounds | p50 | p99 |
                            |---|---|---|
                            %s\
                            """.formatted(Rounds.COUNT, ratios)
                            + (bearable ? "" : """

                                At 70 %% of the floor's load, %,.0f pairs a second, the router would have more than it can do: \
                                at most it does %,.0f.
                                """.formatted(ofFloor, routers)));
            Page.draw("latencies.svg", "Allocate, calls as they come, p99", "ms", rounds, Figure::p99Ms);
        }
    }

    private static String ratios(Rounds rounds, String whose, String scenario, String to) {
        return "| at 70 %% of %s load | %.2f | %.2f |%n"
                .formatted(whose, rounds.ratio(scenario, to, Figure::p50Ms), rounds.ratio(scenario, to, Figure::p99Ms));
    }
}
