package io.smartrouter.pool;

import java.util.List;

/**
 * What an observation of a pod changed.
 *
 * @param kind what kind of change
 * @param lostCalls the calls that became {@code lost} by it
 */
public record PodChange(Kind kind, List<CallId> lostCalls) {
    /** Copies the list. */
    public PodChange {
        lostCalls = List.copyOf(lostCalls);
    }

    /** The kinds of change. */
    public enum Kind {
        /** A pod that was unknown or gone is registered. */
        REGISTERED,
        /** A known incarnation's facts changed. */
        UPDATED,
        /** Another incarnation took the pod's name. */
        REPLACED,
        /** The incarnation is gone. */
        GONE,
        /** An older version than the known one, or an incarnation that is gone: nothing changed. */
        STALE,
        /** Has no address or no running agent yet, and is unknown: nothing changed. */
        NOT_REGISTRABLE,
        /** The pod is not known: nothing but the memory that it is gone. */
        UNKNOWN
    }
}
