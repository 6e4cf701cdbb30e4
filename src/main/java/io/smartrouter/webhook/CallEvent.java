package io.smartrouter.webhook;

import io.smartrouter.pool.CallId;
import org.jspecify.annotations.Nullable;

/** What a provider told about a call. */
public sealed interface CallEvent {
    /** The call. */
    CallId call();

    /**
     * The call waits for an answer: where shall its audio go?
     *
     * @param call the call
     * @param merchant the tenant, or null
     */
    record Answer(CallId call, @Nullable String merchant) implements CallEvent {}

    /**
     * The call is over.
     *
     * @param call the call
     */
    record Hangup(CallId call) implements CallEvent {}
}
