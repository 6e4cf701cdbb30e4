package io.smartrouter.reconcile;

import io.smartrouter.pool.PoolProperties;
import java.time.Duration;

/**
 * The times by which a data set is judged.
 *
 * @param maxLength the longest call
 * @param quarantine how long a pod may serve unknown calls
 * @param silentAfter after how long without a heartbeat an agent that sends them is asked about
 */
record Limits(Duration maxLength, Duration quarantine, Duration silentAfter) {
    /** What is due by time is done each second by every router; later than this it was missed. */
    static final long DUE_MS = 5_000;
    /** An agent cannot be expected to count a call before this, in ms: its stream may be on the way, or broken and back. */
    static final long YOUNG_MS = 60_000;

    static Limits of(PoolProperties pool, ReconcileProperties reconcile) {
        return new Limits(pool.call().maxLength(), pool.settle().quarantine(), reconcile.silentAfter());
    }
}
