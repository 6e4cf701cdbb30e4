package io.smartrouter.pool;

import java.time.Duration;
import java.util.List;

/** Where a settlement learns which pods exist: the watch of the cluster. */
public interface PodSource {
    /** Whether the watch has seen the whole cluster once, so that {@link #pods()} can be believed. */
    boolean isComplete();

    /** The pods as last seen; possibly old while the cluster's API is away. */
    List<PodFacts> pods();

    /**
     * Asks Kubernetes about one pod now, past every cache.
     *
     * @param pod its name
     * @param atMost how long to wait for the answer
     */
    PodWord ask(String pod, Duration atMost);
}
