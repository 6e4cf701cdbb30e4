package io.smartrouter.pool;

import java.time.Duration;
import java.util.Collection;
import java.util.Map;

/** Moves pods where targets changed. */
final class PodPlacement {
    private static final Duration LOCK = Duration.ofSeconds(30);

    private final PoolStore store;
    private final Settlement settlement;
    private final Tokens tokens;
    private volatile Placed placed = new Placed("", Map.of());

    PodPlacement(PoolStore store, Settlement settlement, Tokens tokens) {
        this.store = store;
        this.settlement = settlement;
        this.tokens = tokens;
    }

    /** What was done, and in which data set: a failover may have taken it back, and left the configuration as it is. */
    private record Placed(String dataSet, Map<String, String> compiled) {}

    /**
     * Makes it so, unless this router did it already or another one does it now; the next look repeats what is left
     * undone.
     */
    void follow(String dataSet, RoutingConfiguration configuration) {
        // Where pods belong follows from what scripts read.
        Placed now = new Placed(dataSet, configuration.compiled());
        if (placed.equals(now)) {
            return;
        }
        String token = tokens.next();
        if (!store.lockTask("placement", token, LOCK)) {
            return;
        }
        try {
            Collection<Pod> pods = store.pods();
            PlacementPlan.of(configuration, pods)
                    .moves()
                    .forEach((pod, pool) -> settlement.around(() -> store.place(pod, pool)));
            placed = now;
        } finally {
            store.unlockTask("placement", token);
        }
    }
}
