package io.smartrouter.webhook.twilio;

import io.smartrouter.InvalidSettingException;
import io.smartrouter.pool.CallId;
import io.smartrouter.pool.Lease;
import io.smartrouter.webhook.Accounts;
import io.smartrouter.webhook.CallEvent;
import io.smartrouter.webhook.Endpoint;
import io.smartrouter.webhook.Parameters;
import io.smartrouter.webhook.ProviderAdapter;
import io.smartrouter.webhook.PublicUrl;
import io.smartrouter.webhook.Verdict;
import io.smartrouter.webhook.WebhookAnswer;
import io.smartrouter.webhook.WebhookDocument;
import io.smartrouter.webhook.WebhookRequest;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.http.MediaType;
import org.springframework.stereotype.Component;

/**
 * Twilio. One URL may serve as voice URL, fallback URL and status callback, and callbacks come in any order and twice.
 * So what happened is read from {@code CallStatus} and {@code StreamEvent}, and the URL that was called only decides
 * where they say nothing. Calls that we place have the same parameters, with another {@code Direction}.
 */
@Component
final class TwilioAdapter implements ProviderAdapter {
    private static final String ACCOUNTS = "router.providers.twilio.accounts";
    private static final String CALL = "CallSid";
    private static final Set<String> OVER = Set.of("completed", "busy", "failed", "no-answer", "canceled");

    private final Accounts accounts;
    private final TwilioSignature signature;

    /**
     * Takes the settings.
     *
     * @throws InvalidSettingException if one is malformed, or signatures could not be checked
     */
    TwilioAdapter(TwilioProperties properties, PublicUrl publicUrl) {
        accounts = new Accounts(ACCOUNTS, TwilioSignature.HMAC, properties.accounts());
        if (!accounts.isEmpty()) {
            publicUrl.require(ACCOUNTS);
        }
        signature = new TwilioSignature(accounts);
    }

    @Override
    public String provider() {
        return "twilio";
    }

    @Override
    public Set<String> signatureHeaders() {
        return Set.of(TwilioSignature.HEADER);
    }

    /** Exotel's requests have a {@code CallSid} as well, but no {@code AccountSid}. */
    @Override
    public boolean resembles(WebhookRequest request) {
        Parameters parameters = request.parameters();
        return parameters.has(CALL) && parameters.has(TwilioSignature.ACCOUNT);
    }

    @Override
    public boolean hasAccounts() {
        return !accounts.isEmpty();
    }

    @Override
    public Verdict verify(WebhookRequest request) {
        return signature.verify(request);
    }

    @Override
    public CallEvent parse(Endpoint endpoint, WebhookRequest request) {
        Parameters parameters = request.parameters();
        CallId call = request.call(CALL);
        Optional<String> status = parameters.one("CallStatus");
        if (status.filter(OVER::contains).isPresent()) {
            return new CallEvent.Hangup(call);
        }
        Optional<String> stream = parameters.one("StreamEvent");
        if (stream.isPresent()) {
            return streamEvent(call, stream.get(), request.lease());
        }
        boolean placed = parameters
                .one("Direction")
                .filter(way -> way.startsWith("outbound"))
                .isPresent();
        String dialled = parameters.one(placed ? "From" : "To").orElse(null);
        return switch (endpoint) {
            case ALLOCATE -> new CallEvent.Answer(call, request.merchant(), dialled);
            case CONTINUE -> new CallEvent.Continue(call, request.lease(), request.merchant(), dialled);
            // A status callback may be set to tell of every step of a call; only the last ones end it.
            case HANGUP -> status.isEmpty() ? new CallEvent.Hangup(call) : new CallEvent.Progress(call);
            case STREAM -> new CallEvent.Progress(call);
        };
    }

    /** An error ends nothing by itself: Twilio goes on to the next element of the document, and so asks what to do. */
    private static CallEvent streamEvent(CallId call, String event, @Nullable Lease lease) {
        return switch (event) {
            case "stream-started" -> new CallEvent.StreamStarted(call, lease);
            case "stream-stopped" -> new CallEvent.StreamEnded(call, lease);
            default -> new CallEvent.Progress(call);
        };
    }

    @Override
    public WebhookDocument render(Endpoint endpoint, WebhookAnswer answer) {
        return new WebhookDocument(MediaType.APPLICATION_XML, TwilioXml.of(endpoint, answer));
    }
}
