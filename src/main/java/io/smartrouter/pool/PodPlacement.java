package io.smartrouter.pool;

import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Moves pods where targets changed. */
final class PodPlacement {
    private static final Duration LOCK = Duration.ofSeconds(30);

    private final PoolStore store;
    private final Settlement settlement;
    private final Tokens tokens;
    private volatile Placed placed = new Placed("", Map.of(), Set.of());

    PodPlacement(PoolStore store, Settlement settlement, Tokens tokens) {
        this.store = store;
        this.settlement = settlement;
        this.tokens = tokens;
    }

    /** What was done, and in which data set: a failover may have taken it back, and left the configuration as it is. */
    private record Placed(String dataSet, Map<String, String> pools, Set<String> ofMerchants) {
        /** Where pods belong and what they hold follows from these, and not from where a merchant's calls go. */
        static Placed of(String dataSet, RoutingConfiguration configuration) {
            Map<String, String> pools = new HashMap<>(configuration.compiled());
            pools.keySet().removeIf(field -> !field.equals("order") && !field.startsWith("policy:"));
            Set<String> ofMerchants = configuration.merchants().values().stream()
                    .flatMap(merchant -> Optional.ofNullable(merchant.pool()).stream())
                    .collect(Collectors.toSet());
            return new Placed(dataSet, pools, ofMerchants);
        }
    }

    /**
     * Makes it so, unless this router did it already or another one does it now; the next look repeats what is left
     * undone.
     */
    void follow(String dataSet, RoutingConfiguration configuration) {
        Placed now = Placed.of(dataSet, configuration);
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
