package io.smartrouter.pool;

/** What the store answers to one attempt to continue a call. */
public sealed interface ContinueReply {
    /**
     * The answer, unless the pod must be probed first.
     *
     * @param outcome the outcome
     */
    record Decided(ContinueOutcome outcome) implements ContinueReply {}

    /**
     * All that is recorded says that the pod is well: find out, and ask again with what was found.
     *
     * @param pod the pod
     * @param incarnation which life of it the call is on
     * @param address where its agent listens, {@code host:port}
     * @param lease the call's lease, which the finding is about
     */
    record Ask(String pod, Incarnation incarnation, String address, Lease lease) implements ContinueReply {}

    /** Another request works on this call. */
    record Busy() implements ContinueReply {}

    /** No pod is free now, but something is due that may free one. */
    record Due() implements ContinueReply {}
}
