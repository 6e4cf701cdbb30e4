package io.smartrouter.pool;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Which pods belong elsewhere when targets change: a pure difference, with as few moves as the targets allow. Pods of
 * pools that no longer exist leave them; pools above their target give what the others lack, idle pods first. What is
 * over stays where it is, and a pod whose labels ask for a pool stays in that one.
 *
 * @param moves pod → the pool where it belongs, for every pod whose pool or capacity is not as configured
 */
record PlacementPlan(SortedMap<String, String> moves) {
    private static final Comparator<Pod> BY_CALLS = Comparator.comparingInt(Pod::calls);

    static PlacementPlan of(RoutingConfiguration configuration, Collection<Pod> pods) {
        Map<String, List<Pod>> byPool = new HashMap<>();
        for (Pod pod : pods) {
            String stands = belongsIn(configuration, pod);
            byPool.computeIfAbsent(stands, pool -> new ArrayList<>()).add(pod);
        }
        List<String> order = configuration.order();
        Map<String, Integer> missing = new TreeMap<>(Comparator.comparingInt(order::indexOf));
        List<Pod> spare = new ArrayList<>();
        SortedMap<String, String> moves = new TreeMap<>();
        // What stands nowhere any more must move; what is over may.
        new TreeMap<>(byPool).forEach((pool, there) -> {
            if (!exists(configuration, pool, there)) {
                spare.addAll(there);
            }
        });
        int homeless = spare.size();
        List<Pod> over = new ArrayList<>();
        for (String pool : order) {
            List<Pod> there = byPool.getOrDefault(pool, List.of());
            int more = there.size() - policy(configuration, pool).targetOrZero();
            if (more < 0) {
                missing.put(pool, -more);
            } else {
                there.stream()
                        .filter(pod -> !belongsByLabel(configuration, pod))
                        .sorted(BY_CALLS.thenComparing(Pod::name, Comparator.reverseOrder()))
                        .limit(more)
                        .forEach(over::add);
            }
        }
        over.sort(BY_CALLS); // also an idle pod of a later pool moves at once, and a busy one of the first does not
        spare.addAll(over);
        int next = 0;
        while (next < spare.size()) {
            var neediest = missing.entrySet().stream()
                    .filter(entry -> entry.getValue() > 0)
                    .reduce((a, b) -> b.getValue() > a.getValue() ? b : a);
            if (neediest.isEmpty() && next >= homeless) {
                break;
            }
            String pool = neediest.isPresent() ? neediest.get().getKey() : order.getLast();
            neediest.ifPresent(entry -> missing.merge(pool, -1, Integer::sum));
            moves.put(spare.get(next).name(), pool);
            next++;
        }
        Set<String> moved = moves.keySet().stream().collect(Collectors.toSet());
        for (Pod pod : pods) {
            String stands = belongsIn(configuration, pod);
            TierPolicy policy = configuration.policyOf(stands);
            // Also where only capacity or placement may differ: placing a pod where it stands refreshes both.
            if (!moved.contains(pod.name()) && policy != null) {
                moves.put(pod.name(), stands);
            }
        }
        return new PlacementPlan(moves);
    }

    /** A merchant's own pool is there while the tiers, a merchant or one of its pods' labels name it. */
    private static boolean exists(RoutingConfiguration configuration, String pool, Collection<Pod> there) {
        if (!pool.startsWith(RoutingConfiguration.MERCHANT_POOL)
                || configuration.tiers().containsKey(pool)) {
            return configuration.policyOf(pool) != null;
        }
        String own = pool.substring(RoutingConfiguration.MERCHANT_POOL.length());
        return configuration.merchants().values().stream().anyMatch(policy -> own.equals(policy.pool()))
                || there.stream().anyMatch(pod -> pool.equals(pod.wantedPool()));
    }

    private static boolean belongsByLabel(RoutingConfiguration configuration, Pod pod) {
        String wanted = pod.wantedPool();
        return wanted != null && configuration.policyOf(wanted) != null;
    }

    private static String belongsIn(RoutingConfiguration configuration, Pod pod) {
        String wanted = pod.wantedPool();
        if (wanted != null && configuration.policyOf(wanted) != null) {
            return wanted;
        }
        String next = pod.movesTo();
        return next == null ? pod.pool() : next;
    }

    private static TierPolicy policy(RoutingConfiguration configuration, String pool) {
        return java.util.Objects.requireNonNull(configuration.policyOf(pool));
    }
}
