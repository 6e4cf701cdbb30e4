package io.smartrouter.pool;

/** What became of draining or undraining a pod. */
public sealed interface DrainOutcome {
    /**
     * The pod is drained (or no longer is).
     *
     * @param pod its name
     * @param state its state now
     * @param liveCalls how many calls it still holds
     */
    record Done(String pod, PodState state, int liveCalls) implements DrainOutcome {}

    /** No such pod. */
    record UnknownPod() implements DrainOutcome {}
}
