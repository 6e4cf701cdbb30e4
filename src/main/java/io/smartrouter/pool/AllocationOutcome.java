package io.smartrouter.pool;

import java.time.Instant;
import java.util.List;

/** What became of an {@link AllocationRequest}. That Redis could not answer is none of these but a fault. */
public sealed interface AllocationOutcome {
    /**
     * The call holds a pod.
     *
     * @param allocation the pod and the lease
     * @param existing whether an earlier request had got it
     */
    record Allocated(Allocation allocation, boolean existing) implements AllocationOutcome {}

    /**
     * The call is over and gets no pod.
     *
     * @param endedAt when
     * @param reason why
     */
    record CallEnded(Instant endedAt, String reason) implements AllocationOutcome {}

    /**
     * The call belongs to another provider or account.
     */
    record NotOwner() implements AllocationOutcome {}

    /**
     * The merchant has as many live calls as it may.
     *
     * @param merchant the merchant
     * @param limit its {@code max_concurrent_calls}
     */
    record MerchantLimit(String merchant, int limit) implements AllocationOutcome {}

    /**
     * No pod is free in the whole chain.
     *
     * @param chain the pools that were asked, in order
     */
    record Exhausted(List<String> chain) implements AllocationOutcome {}
}
