package io.smartrouter.pool;

/** What the store answers when a call is to move to another pod. */
public sealed interface ReplaceReply {
    /**
     * The call moved, or was withdrawn since no other pod is free.
     *
     * @param outcome the outcome
     */
    record Decided(AllocationOutcome outcome) implements ReplaceReply {}

    /** The mover lost its lease or its lock: what stands now is somebody else's decision. */
    record Stale() implements ReplaceReply {}
}
