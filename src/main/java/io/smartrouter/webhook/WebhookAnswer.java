package io.smartrouter.webhook;

import io.smartrouter.pool.Allocation;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** What the router says to a provider, before an adapter puts it into the provider's words. */
public sealed interface WebhookAnswer {
    /**
     * Send the call's audio there; when that stream has ended, ask again.
     *
     * @param allocation the call and its pod
     * @param streamUrl the WebSocket URL: {@code [A-Za-z0-9._~:/-]} alone
     * @param links where to tell and ask what comes later
     */
    record Connect(Allocation allocation, String streamUrl, CallLinks links) implements WebhookAnswer {}

    /**
     * There is no pod for this call: tell the caller, and end the call. With neither text nor audio: a busy tone.
     *
     * @param text what to say, or null
     * @param audio https URL of what to play, or null; never both
     */
    record Busy(@Nullable String text, @Nullable String audio) implements WebhookAnswer {}

    /**
     * There is no pod yet: let the caller wait, and ask again.
     *
     * @param text what to say meanwhile, or null
     * @param audio https URL of what to play meanwhile, or null; never both
     * @param poll how long one round lasts
     * @param again where to ask again
     */
    record Hold(@Nullable String text, @Nullable String audio, Duration poll, String again) implements WebhookAnswer {}

    /**
     * There is no pod for this call: connect the caller to a telephone.
     *
     * @param to its number, {@code +} and digits
     */
    record Forward(String to) implements WebhookAnswer {}

    /** The conversation is over: end the call. */
    record HangUp() implements WebhookAnswer {}

    /** What was told is noted; the call needs nothing. */
    record Noted() implements WebhookAnswer {}
}
