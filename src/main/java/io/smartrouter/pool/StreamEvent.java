package io.smartrouter.pool;

import org.jspecify.annotations.Nullable;

/**
 * A provider's word on what became of a call's stream.
 *
 * @param call the call
 * @param provider the proven provider
 * @param account its proven account, or null
 * @param lease the lease whose stream it is
 * @param kind what became of it
 */
public record StreamEvent(
        CallId call, String provider, @Nullable String account, Lease lease, Kind kind) {
    /** What became of it. */
    public enum Kind {
        /** It reached the pod: the call is {@code connected}. */
        STARTED,
        /** It is over: unless the call goes on soon, its lease ends. */
        ENDED
    }

    /** What the store says to it. */
    public enum Outcome {
        /** It is noted, or was before. */
        NOTED,
        /** No such call. */
        UNKNOWN_CALL,
        /** The call has ended. */
        CALL_ENDED,
        /** The call has another lease by now: nothing changed. */
        STALE_LEASE,
        /** The call belongs to another provider or account: nothing changed. */
        NOT_OWNER
    }
}
