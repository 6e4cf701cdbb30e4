package io.smartrouter.webhook;

import io.smartrouter.pool.Allocation;

/** What the router says to a provider, before an adapter puts it into the provider's words. */
public sealed interface WebhookAnswer {
    /**
     * Send the call's audio there.
     *
     * @param allocation the call and its pod
     * @param streamUrl the WebSocket URL: {@code [A-Za-z0-9._~:/-]} alone
     */
    record Connect(Allocation allocation, String streamUrl) implements WebhookAnswer {}

    /** There is no pod for this call: tell the caller, and end the call. */
    record NoPod() implements WebhookAnswer {}

    /** What was told is noted; the call needs nothing. */
    record Noted() implements WebhookAnswer {}
}
