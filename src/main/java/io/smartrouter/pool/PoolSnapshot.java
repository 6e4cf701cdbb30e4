package io.smartrouter.pool;

import java.time.Instant;
import java.util.List;

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
