package io.smartrouter.webhook.exotel;

import io.smartrouter.InvalidSettingException;
import io.smartrouter.pool.CallId;
import io.smartrouter.pool.Lease;
import io.smartrouter.pool.LeaseClaim;
import io.smartrouter.pool.WhenExhausted;
import io.smartrouter.stream.StreamToken;
import io.smartrouter.webhook.CallEvent;
import io.smartrouter.webhook.Endpoint;
import io.smartrouter.webhook.Parameters;
import io.smartrouter.webhook.ProviderAdapter;
import io.smartrouter.webhook.Verdict;
import io.smartrouter.webhook.WebhookAnswer;
import io.smartrouter.webhook.WebhookDocument;
import io.smartrouter.webhook.WebhookRequest;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Exotel. A flow of applets, clicked together there, decides what a call does; the router answers the Voicebot applet
 * with a URL, and the Passthru applet behind it with one of two branches. No URL of ours is called for one lease alone,
 * so the lease is read out of the stream's URL, which the Passthru repeats.
 */
@Component
final class ExotelAdapter implements ProviderAdapter {
    private static final Set<String> OVER = Set.of("completed", "failed", "busy", "no-answer", "canceled");
    private static final Set<String> UNDER_WAY = Set.of("queued", "ringing", "in-progress");
    private static final Set<String> STREAM_OVER = Set.of("completed", "failed", "canceled", "cancelled");
    private static final Set<String> CALLER = Set.of("user", "caller");
    private static final String NOT_SAID = "";

    private final ExotelProof proof;
    private final StreamToken tokens;

    /**
     * Takes the settings.
     *
     * @throws InvalidSettingException if one is malformed
     */
    ExotelAdapter(ExotelProperties properties, StreamToken tokens) {
        this.proof = new ExotelProof(properties);
        this.tokens = tokens;
    }

    @Override
    public String provider() {
        return "exotel";
    }

    /** None: Exotel signs nothing. */
    @Override
    public Set<String> signatureHeaders() {
        return Set.of();
    }

    @Override
    public boolean resembles(WebhookRequest request) {
        return request.parameters().has("CallSid") && !request.parameters().has("AccountSid");
    }

    @Override
    public boolean takesPathSecret() {
        return true;
    }

    /** A message and another number are applets of the flow, which no answer of ours chooses. */
    @Override
    public Set<WhenExhausted.Action> whenExhausted() {
        return EnumSet.of(WhenExhausted.Action.REJECT, WhenExhausted.Action.HOLD);
    }

    @Override
    public boolean hasAccounts() {
        return proof.hasAccounts();
    }

    @Override
    public Verdict verify(WebhookRequest request) {
        return proof.verify(request);
    }

    @Override
    public CallEvent parse(Endpoint endpoint, WebhookRequest request) {
        Parameters parameters = ExotelParameters.of(request);
        CallId call = parameters.call("CallSid");
        String event = word(parameters, "EventType");
        if (isOver(event, parameters) || (endpoint != Endpoint.ALLOCATE && callerLeft(parameters))) {
            return new CallEvent.Hangup(call);
        }
        if (event.equals("answered")) { // a status callback, wherever it was sent
            return new CallEvent.Progress(call);
        }
        String dialled = parameters.one("CallTo").or(() -> parameters.one("To")).orElse(null);
        return switch (endpoint) {
            case ALLOCATE -> new CallEvent.Answer(call, request.merchant(), dialled);
            case HANGUP ->
                UNDER_WAY.contains(word(parameters, "Status"))
                        ? new CallEvent.Progress(call)
                        : new CallEvent.Hangup(call);
            case STREAM -> streamEvent(call, event, parameters);
            case CONTINUE -> new CallEvent.Continue(call, lease(call, parameters), request.merchant(), dialled);
        };
    }

    @Override
    public WebhookDocument render(Endpoint endpoint, WebhookAnswer answer) {
        return endpoint == Endpoint.ALLOCATE ? ExotelAnswer.url(answer) : ExotelAnswer.branch(answer);
    }

    /** A leg that is over is not the call's end while another is not, or while the call itself says more. */
    private static boolean isOver(String event, Parameters parameters) {
        if (event.equals("terminal")) {
            return true;
        }
        Set<String> said = Set.of("Status", "CallStatus");
        if (said.stream().map(name -> word(parameters, name)).anyMatch(OVER::contains)) {
            return true;
        }
        return event.isEmpty()
                && said.stream().noneMatch(parameters::has)
                && parameters.has("Legs[0][Status]")
                && Stream.iterate(0, leg -> leg + 1)
                        .map(leg -> "Legs[" + leg + "][Status]")
                        .takeWhile(parameters::has)
                        .allMatch(leg -> OVER.contains(word(parameters, leg)));
    }

    /** Then there is nobody left for another pod to talk to. */
    private static boolean callerLeft(Parameters parameters) {
        return CALLER.contains(word(parameters, "Stream[DisconnectedBy]"));
    }

    private CallEvent streamEvent(CallId call, String event, Parameters parameters) {
        if (STREAM_OVER.contains(word(parameters, "Stream[Status]"))) {
            return new CallEvent.StreamEnded(call, lease(call, parameters));
        }
        return event.equals("stream-start")
                ? new CallEvent.StreamStarted(call, lease(call, parameters))
                : new CallEvent.Progress(call);
    }

    /** The lease of our own stream URL, whose last part is the token, if that is genuine and this call's; or null. */
    private @Nullable Lease lease(CallId call, Parameters parameters) {
        return parameters
                .one("Stream[StreamUrl]")
                .or(() -> parameters.one("StreamUrl"))
                .map(url -> url.replaceFirst("\\?.*", ""))
                .flatMap(url -> tokens.verify(url.substring(url.lastIndexOf('/') + 1)))
                .filter(claim -> claim.call().equals(call))
                .map(LeaseClaim::lease)
                .orElse(null);
    }

    private static String word(Parameters parameters, String name) {
        return parameters.one(name).map(word -> word.toLowerCase(Locale.ROOT)).orElse(NOT_SAID);
    }
}
