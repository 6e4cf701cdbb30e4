package io.smartrouter.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Calls at about 70 % of what the machine bears, in three parts, for `soak.seconds` in all: nothing grows from the end of
 * the first part to the end of the last but what is kept by design, and that costs for each call what it did in the first.
 */
class SoakSuite {
    private static final int SECONDS = Integer.getInteger("soak.seconds", 45);
    private static final int PARTS = 3;
    private static final int SECONDS_TO_WARM_UP = 5;

    @Test
    @Tag("soak")
    void nothingGrows() {
        try (BenchRig rig = new BenchRig(200, Map.of())) {
            System.out.println("warms up: " + rig.pacedPairs(SECONDS_TO_WARM_UP, 0));
            double most = rig.pacedPairs(SECONDS_TO_WARM_UP, 0).rate();
            // A client's request takes this long at most load. As long again between two is about 70 % of that.
            long pauseMs = Math.max(1, Math.round(BenchRig.CLIENTS * 1_000 / (2 * most)));
            List<Footprint> footprints = new ArrayList<>(List.of(Footprint.of(rig.router(), rig.redis())));
            StringBuilder table = new StringBuilder("""
                | soak | pairs/s | part of the most | heap after GC MB | threads | open files | Redis' connections | Redis MB | its keys |
                |---|---|---|---|---|---|---|---|---|
                """);
            table.append(row("before", 0, most, footprints.getFirst()));
            for (int part = 1; part <= PARTS; part++) {
                double rate = rig.pacedPairs((double) SECONDS / PARTS, pauseMs).rate();
                footprints.add(Footprint.of(rig.router(), rig.redis()));
                table.append(row("after %d s".formatted(SECONDS * part / PARTS), rate, most, footprints.getLast()));
            }
            Page.show("soak", table.toString());
            for (Footprint later : footprints.subList(2, footprints.size())) {
                assertThat(Growth.found(footprints.get(0), footprints.get(1), later))
                        .as("grown, %s", footprints)
                        .isEmpty();
            }
        }
    }

    private static String row(String name, double rate, double most, Footprint footprint) {
        return "| %s | %,.0f | %.2f | %.1f | %d | %d | %d | %.1f | %,d |%n"
                .formatted(
                        name,
                        rate,
                        rate / most,
                        footprint.heap() / 1e6,
                        footprint.threads(),
                        footprint.files(),
                        footprint.connections(),
                        footprint.redis() / 1e6,
                        footprint.keys());
    }
}
