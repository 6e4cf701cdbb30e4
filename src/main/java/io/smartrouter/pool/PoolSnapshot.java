package io.smartrouter.pool;

import java.time.Instant;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.SequencedSet;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Counts read page by page while the router goes on working: they need not add up, and are as old as they say.
 *
 * @param takenAt when reading began
 * @param liveCalls calls that hold a pod
 * @param pools one entry per pool, in the order of the default chain, then by name
 */
public record PoolSnapshot(Instant takenAt, long liveCalls, List<PoolCount> pools) {
    /** Copies the list. */
    public PoolSnapshot {
        pools = List.copyOf(pools);
    }

    /**
     * Counts pods by pool. Pools of the configuration without a pod are there with zeros; pools that only pods name
     * are there too.
     *
     * @param takenAt when reading began
     * @param liveCalls calls that hold a pod
     * @param configuration the configuration in effect
     * @param pods all pods that are not gone
     */
    public static PoolSnapshot of(
            Instant takenAt, long liveCalls, RoutingConfiguration configuration, Collection<Pod> pods) {
        SequencedSet<String> names = new LinkedHashSet<>(configuration.defaultChain());
        TreeSet<String> others = new TreeSet<>(configuration.tiers().keySet());
        Map<String, List<Pod>> byPool = pods.stream().collect(Collectors.groupingBy(Pod::pool));
        others.addAll(byPool.keySet());
        names.addAll(others);
        List<PoolCount> counts = names.stream()
                .map(name -> count(name, configuration, byPool.getOrDefault(name, List.of())))
                .toList();
        return new PoolSnapshot(takenAt, liveCalls, counts);
    }

    private static PoolCount count(String pool, RoutingConfiguration configuration, List<Pod> pods) {
        TierPolicy policy = configuration.policyOf(pool);
        return new PoolCount(
                pool,
                policy == null ? 0 : policy.targetOrZero(),
                in(PodState.READY, pods),
                in(PodState.SUSPECT, pods),
                in(PodState.DRAINING, pods),
                (int) pods.stream()
                        .filter(pod ->
                                pod.state() == PodState.READY && pod.movesTo() == null && pod.calls() < pod.capacity())
                        .count(),
                pods.stream().mapToInt(Pod::capacity).sum(),
                pods.stream().mapToInt(Pod::calls).sum(),
                (int) pods.stream().filter(Pod::isOverbooked).count());
    }

    private static int in(PodState state, List<Pod> pods) {
        return (int) pods.stream().filter(pod -> pod.state() == state).count();
    }

    /**
     * One pool's counts.
     *
     * @param pool its name
     * @param target how many pods it should have
     * @param ready pods that take calls
     * @param suspect pods that get none for now
     * @param draining pods that finish their calls
     * @param available ready pods with a free slot
     * @param capacity slots of all its pods
     * @param calls live calls on its pods
     * @param overbooked pods with more calls than slots
     */
    public record PoolCount(
            String pool,
            int target,
            int ready,
            int suspect,
            int draining,
            int available,
            int capacity,
            int calls,
            int overbooked) {
        /** All pods of the pool. */
        public int pods() {
            return ready + suspect + draining;
        }
    }
}
