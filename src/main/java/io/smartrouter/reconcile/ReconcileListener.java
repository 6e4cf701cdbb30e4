package io.smartrouter.reconcile;

import io.smartrouter.pool.Repair;
import java.time.Duration;

/** Hears what the reconciler of this router did, on its thread: for counting. It must be quick and must not throw. */
public interface ReconcileListener {
    /** Something was wrong and was mended. */
    default void mended(Repair repair) {}

    /** An agent that used to send heartbeats is silent; it is asked about, and nothing is ended for that. */
    default void silent(AgentQuestion pod) {}

    /** A round ended. */
    default void reconciled(InvariantReport report, Duration took) {}
}
