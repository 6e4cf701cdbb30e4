package io.smartrouter.pool;

import java.util.Locale;

/** The derived state of a pod; the first that matches holds. */
public enum PodState {
    /** Its incarnation no longer exists. */
    GONE,
    /** Kubernetes is deleting it, or it was drained: keeps its calls and gets no new ones. */
    DRAINING,
    /** Not Ready, a probe failed, or it may serve calls that the data set does not know: keeps its calls, gets none. */
    SUSPECT,
    /** Takes calls. */
    READY;

    /** The word in Redis and JSON. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Reads {@link #word()} back. */
    public static PodState of(String word) {
        return valueOf(word.toUpperCase(Locale.ROOT));
    }
}
