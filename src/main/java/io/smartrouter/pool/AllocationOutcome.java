package io.smartrouter.pool;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

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
     * No pod is free yet; the call waits in order of arrival, as long as it goes on asking.
     *
     * @param since since when, in Redis' time
     * @param merchant whose call it is, or null
     */
    record Waiting(Instant since, @Nullable String merchant) implements AllocationOutcome {}

    /**
     * No pod is free in the whole chain.
     *
     * @param chain the pools that were asked, in order
     * @param merchant whose call it is, as far as the request or the call's record says it; or null
     */
    record Exhausted(List<String> chain, @Nullable String merchant) implements AllocationOutcome {}
}
