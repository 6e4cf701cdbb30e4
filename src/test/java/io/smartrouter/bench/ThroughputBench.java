package io.smartrouter.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** How many calls a second, side by side with the floor and the ceiling (see `YardstickController`). */
class ThroughputBench {
    private static final int PODS = 200;
    /** A pool whose one pod is taken, and one with pods to give. */
    private static final String CROWDED = """
        {"tiers":{"tiny":{"type":"exclusive","target":1},"gold":{"type":"exclusive","target":199}},\
        "default_chain":["gold"]}\
        """;

    @Test
    void oneReplica() {
        try (BenchRig rig = new BenchRig(PODS, Map.of("router.config.tiers", CROWDED))) {
            rig.keep("crowded", "{\"tier\":\"tiny\",\"fallback\":[\"tiny\"]}");
            Rounds rounds = new Rounds("one replica", 6)
                    .add("ceiling, pairs", () -> rig.pairs("/bench/ceiling"))
                    .add("floor, pairs", () -> rig.pairs("/bench/floor"))
                    .add("JSON, pairs", () -> rig.pairs(""))
                    .add("Plivo signed, pairs", () -> plivo(rig))
                    .add("JSON, requests", () -> rig.requests("pairs", ""))
                    .add("same sid, requests", () -> rig.requests("storm"))
                    .add("full house, requests", () -> rig.requests("full"))
                    .run();
            Page.show(
                    "one replica",
                    rounds.table("floor, pairs")
                            + """

                            | ratio, median of %d rounds | |
                            |---|---|
                            | JSON pairs to the floor | %.2f |
                            | JSON pairs to the ceiling | %.2f |
                            | Plivo signed pairs to JSON pairs | %.2f |
                            | same sid to plain, requests | %.2f |
                            | full house to plain, requests | %.2f |
                            """.formatted(
                                            Rounds.COUNT,
                                            rounds.ratio("JSON, pairs", "floor, pairs"),
                                            rounds.ratio("JSON, pairs", "ceiling, pairs"),
                                            rounds.ratio("Plivo signed, pairs", "JSON, pairs"),
                                            rounds.ratio("same sid, requests", "JSON, requests"),
                                            rounds.ratio("full house, requests", "JSON, requests")));
            Page.draw("one-replica.svg", "One replica, 200 pods, 32 clients, 2 shared cores", rounds);
        }
    }

    private static Figure plivo(BenchRig rig) {
        try {
            return rig.plivo((int) (Rounds.SECONDS * 12_000));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
