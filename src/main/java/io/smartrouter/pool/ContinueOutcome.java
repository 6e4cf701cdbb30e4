package io.smartrouter.pool;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** What comes next for a call whose stream is over. */
public sealed interface ContinueOutcome {
    /**
     * Its pod no longer serves: it has another one, with a new lease.
     *
     * @param allocation the pod and the lease
     * @param existing whether an earlier question had got it
     */
    record Continues(Allocation allocation, boolean existing) implements ContinueOutcome {}

    /**
     * The conversation is over: its pod is well, or the call had ended.
     *
     * @param reason why it ended
     */
    record Over(String reason) implements ContinueOutcome {}

    /** Its pod no longer serves, and the call has had as many pods as {@code router.call.max-continues} allows. */
    record Limit() implements ContinueOutcome {}

    /**
     * Its pod no longer serves, and no other is free: the call is {@code lost}, and gets one when it asks again.
     *
     * @param chain the pools that were asked, in order
     * @param merchant whose call it is, or null
     */
    record Exhausted(List<String> chain, @Nullable String merchant) implements ContinueOutcome {}

    /** Nobody knows this call: the data set lost it, or it waits for its first pod. */
    record UnknownCall() implements ContinueOutcome {}

    /** The call belongs to another provider or account. */
    record NotOwner() implements ContinueOutcome {}
}
