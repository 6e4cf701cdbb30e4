package io.smartrouter.pool;

/** What the store answers to one attempt to allocate. */
public sealed interface AllocateReply {
    /**
     * The answer, unless the pod must be probed first.
     *
     * @param outcome the outcome
     */
    record Decided(AllocationOutcome outcome) implements AllocateReply {}

    /** Another request works on this call: its result will be this one's, too. */
    record Busy() implements AllocateReply {}

    /** No pod is free now, but something is due that may free one: {@link PoolStore#expire()} and ask again. */
    record Due() implements AllocateReply {}
}
