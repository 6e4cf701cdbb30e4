package io.smartrouter.webhook;

import io.smartrouter.pool.CallId;
import io.smartrouter.pool.Lease;
import org.jspecify.annotations.Nullable;

/** What a provider told about a call. No order is promised by anybody, and everything may come twice. */
public sealed interface CallEvent {
    /** The call. */
    CallId call();

    /**
     * The call waits for an answer: where shall its audio go?
     *
     * @param call the call
     * @param merchant the tenant that our own URL names, covered by the request's proof; or null
     * @param dialled the number of ours, as the provider writes it (for a call that we place, the one that it comes
     *     from), or null; it may name a tenant
     * @param request id of the request by which we placed the call, or null: another name of the call
     */
    record Answer(
            CallId call,
            @Nullable String merchant,
            @Nullable String dialled,
            @Nullable String request) implements CallEvent {
        /** A call that has one name. */
        public Answer(CallId call, @Nullable String merchant, @Nullable String dialled) {
            this(call, merchant, dialled, null);
        }
    }

    /**
     * The call is over.
     *
     * @param call the call
     */
    record Hangup(CallId call) implements CallEvent {}

    /**
     * The call's audio flows.
     *
     * @param call the call
     * @param lease the lease whose stream it is, or null if the provider does not say it: then nothing is done
     */
    record StreamStarted(CallId call, @Nullable Lease lease) implements CallEvent {}

    /**
     * The call's stream is over; the call itself may not be.
     *
     * @param call the call
     * @param lease the lease whose stream it was, or null if the provider does not say it: then nothing is done
     */
    record StreamEnded(CallId call, @Nullable Lease lease) implements CallEvent {}

    /**
     * The call's stream is over, the caller is still there: what next?
     *
     * @param call the call
     * @param lease the lease whose stream it was, or null if the provider does not say it
     * @param merchant as in {@link Answer}
     * @param dialled as in {@link Answer}
     */
    record Continue(
            CallId call,
            @Nullable Lease lease,
            @Nullable String merchant,
            @Nullable String dialled) implements CallEvent {}

    /**
     * Something that changes nothing here, such as a stream that dropped and may come back.
     *
     * @param call the call
     */
    record Progress(CallId call) implements CallEvent {}
}
