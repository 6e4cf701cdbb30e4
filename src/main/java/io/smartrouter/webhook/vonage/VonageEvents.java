package io.smartrouter.webhook.vonage;

import io.smartrouter.pool.CallId;
import io.smartrouter.pool.Lease;
import io.smartrouter.webhook.CallEvent;
import io.smartrouter.webhook.Endpoint;
import io.smartrouter.webhook.WebhookRequest;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What Vonage's webhooks mean. A call has legs, each with a {@code uuid} of its own: the caller's, which is our call,
 * and that of its WebSocket, whose events tell about the stream alone. What ends one ends the other only if it says so.
 */
final class VonageEvents {
    private static final Set<String> OVER =
            Set.of("completed", "busy", "cancelled", "failed", "rejected", "timeout", "unanswered");
    private static final Set<String> GOING_ON =
            Set.of("started", "ringing", "answered", "human", "machine", "transfer", "record", "input", "disconnected");
    /** What may be answered with an NCCO: the WebSocket could not be opened, or the agent's side closed it. */
    private static final Set<String> STREAM_LOST =
            Set.of("disconnected", "failed", "unanswered", "busy", "rejected", "timeout");

    private VonageEvents() {}

    /** What happened; what was asked in vain elsewhere comes to the fallback URL, and names where that was. */
    static CallEvent of(Endpoint endpoint, WebhookRequest request) {
        VonageBody body = VonageBody.of(request.body());
        VonageBody.Place asked = new VonageBody.Place(endpoint, request.lease());
        if (endpoint == Endpoint.ALLOCATE) {
            asked = body.askedInVain().orElse(asked);
        }
        return of(asked.endpoint(), asked.lease(), body);
    }

    private static CallEvent of(Endpoint endpoint, @Nullable Lease lease, VonageBody body) {
        if (body.goesToWebSocket() || isOfAnotherLeg(endpoint, body)) {
            return streamEvent(endpoint, body, lease);
        }
        String status = body.status();
        if (OVER.contains(status)) {
            return new CallEvent.Hangup(body.call());
        }
        if (GOING_ON.contains(status)) {
            return new CallEvent.Progress(body.any());
        }
        return switch (endpoint) {
            case ALLOCATE -> new CallEvent.Answer(body.call(), body.merchant(), body.dialled());
            case CONTINUE -> {
                Lease told = body.lease();
                yield new CallEvent.Continue(body.call(), told == null ? lease : told, body.merchant(), body.dialled());
            }
            // The event URL gets everything, transfers and errors too, and only a status ends a call.
            case HANGUP, STREAM -> new CallEvent.Progress(body.any());
        };
    }

    /**
     * At the URL that our document names for the WebSocket's events, whatever Vonage writes in {@code to}. Elsewhere
     * {@code headers} may be a SIP caller's own.
     */
    private static boolean isOfAnotherLeg(Endpoint endpoint, VonageBody body) {
        if (endpoint != Endpoint.STREAM) {
            return false;
        }
        Optional<CallId> call = body.callOfWebSocket();
        return call.isPresent() && !call.equals(body.leg());
    }

    private static CallEvent streamEvent(Endpoint endpoint, VonageBody body, @Nullable Lease lease) {
        Optional<CallId> call = body.callOfWebSocket();
        if (call.isEmpty()) {
            return new CallEvent.Progress(body.any());
        }
        String status = body.status();
        if (status.equals("answered")) {
            return new CallEvent.StreamStarted(call.get(), lease);
        }
        boolean asksNext = endpoint == Endpoint.STREAM || endpoint == Endpoint.CONTINUE;
        // Which stream it was stands in our URL; where somebody left that out, it may be any, and moves no call.
        if (STREAM_LOST.contains(status) && asksNext && lease != null) {
            return new CallEvent.Continue(call.get(), lease, null, null);
        }
        return STREAM_LOST.contains(status) || OVER.contains(status)
                ? new CallEvent.StreamEnded(call.get(), lease)
                : new CallEvent.Progress(call.get());
    }
}
