package io.smartrouter.pool;

import java.time.Duration;

/**
 * Hears what {@link PoolManager} did, after it was done and on the same thread: for counting. A listener must be quick
 * and must not throw. It hears of what this router did, not of what others do.
 */
public interface PoolListener {
    /**
     * An allocation was decided.
     *
     * @param request the request
     * @param outcome its outcome
     * @param took from the question to the decision, probes and settling included
     */
    default void allocated(AllocationRequest request, AllocationOutcome outcome, Duration took) {}

    /**
     * An allocation was not decided: the store gave no answer in time.
     *
     * @param request the request
     * @param took how long it was tried
     */
    default void allocationFailed(AllocationRequest request, Duration took) {}

    /**
     * What comes next for a call was decided.
     *
     * @param request the question
     * @param outcome its outcome
     * @param took from the question to the decision
     */
    default void continued(ContinueRequest request, ContinueOutcome outcome, Duration took) {}

    /** A release was decided or kept. */
    default void released(ReleaseRequest request, ReleaseOutcome outcome) {}

    /** A pod was asked before it was handed out. */
    default void probed(String pod, boolean answered) {}

    /** Kubernetes' word on a pod was taken; the change names the calls that were lost by it. */
    default void changed(String pod, PodChange change) {}

    /** Something was due by time. */
    default void expired(Expired expired) {}
}
