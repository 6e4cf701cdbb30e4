package io.smartrouter.reconcile;

import java.util.Locale;

/** What must hold in the data set, as far as its indexes reach. */
public enum Invariant {
    /** Each live call names one incarnation, and stands in its pod's set, its merchant's and the index of calls alone. */
    CALLS,
    /** No pod without a free slot is offered. */
    CAPACITY,
    /** A pod is in exactly one pool, and available if and only if it is ready, has a free slot and awaits no move. */
    PODS,
    /** The pods that are not gone are those that Kubernetes has and that were once registrable. */
    CLUSTER,
    /** A call that waits stands in the queues of its record and in no other, and holds no pod. */
    WAITING;

    /** The word in JSON and metrics. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
