package io.smartrouter.webhook.plivo;

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
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.http.MediaType;
import org.springframework.stereotype.Component;

/**
 * Plivo. Its callbacks come in any order, late and twice; a hangup comes to the answer URL where no hangup URL is set.
 * So what happened is read from the parameters, and the URL that was called only decides where they say nothing.
 */
@Component
final class PlivoAdapter implements ProviderAdapter {
    private static final String ACCOUNTS = "router.providers.plivo.accounts";
    private static final Set<String> OVER = Set.of("completed", "busy", "failed", "timeout", "no-answer", "cancel");
    private static final Set<String> STARTED = Set.of("StartStream", "started");
    private static final Set<String> STOPPED = Set.of("StopStream", "stopped");
    private static final Pattern CONTENT_TYPE = Pattern.compile("audio/(x-l16;rate=(8000|16000)|x-mulaw;rate=8000)");

    private final Accounts accounts;
    private final PlivoSignature signature;
    private final PlivoXml xml;

    /**
     * Takes the settings.
     *
     * @throws InvalidSettingException if one is malformed, or signatures could not be checked
     */
    PlivoAdapter(PlivoProperties properties, PublicUrl publicUrl) {
        accounts = new Accounts(ACCOUNTS, PlivoSignature.HMAC, properties.accounts());
        if (!accounts.isEmpty()) {
            publicUrl.require(ACCOUNTS);
        }
        if (!CONTENT_TYPE.matcher(properties.contentType()).matches()) {
            throw new InvalidSettingException(
                    "router.providers.plivo.content-type",
                    "must be audio/x-mulaw;rate=8000, audio/x-l16;rate=8000 or audio/x-l16;rate=16000");
        }
        signature = new PlivoSignature(accounts);
        xml = new PlivoXml(properties.contentType());
    }

    @Override
    public String provider() {
        return "plivo";
    }

    @Override
    public Set<String> signatureHeaders() {
        return PlivoSignature.HEADERS;
    }

    @Override
    public boolean resembles(WebhookRequest request) {
        return request.parameters().has("CallUUID");
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
        CallId call = request.call("CallUUID");
        Optional<String> event = parameters.one("Event");
        if (endpoint == Endpoint.STREAM) {
            return streamEvent(call, event.orElse(""), request.lease());
        }
        boolean over = event.filter("Hangup"::equals).isPresent()
                || parameters.one("CallStatus").filter(OVER::contains).isPresent()
                || (endpoint == Endpoint.HANGUP
                        && event.filter("StartApp"::equals).isEmpty());
        if (over) {
            return new CallEvent.Hangup(call);
        }
        boolean placed = parameters.one("Direction").filter("outbound"::equals).isPresent();
        String ours = parameters.one(placed ? "From" : "To").orElse(null);
        return endpoint == Endpoint.CONTINUE
                ? new CallEvent.Continue(call, request.lease(), request.merchant(), ours)
                : new CallEvent.Answer(call, request.merchant(), ours, placed ? placedBy(parameters) : null);
    }

    /** The id that Plivo answered when the call was placed; it is known before the call's own. */
    private static @Nullable String placedBy(Parameters parameters) {
        return parameters.one("RequestUUID").filter(CallId::isValid).orElse(null);
    }

    /**
     * Plivo's documentation names the events in two ways. A stream that dropped or failed is tried again, so it ends
     * nothing by itself.
     */
    private static CallEvent streamEvent(CallId call, String event, @Nullable Lease lease) {
        if (STARTED.contains(event)) {
            return new CallEvent.StreamStarted(call, lease);
        }
        return STOPPED.contains(event) ? new CallEvent.StreamEnded(call, lease) : new CallEvent.Progress(call);
    }

    @Override
    public WebhookDocument render(Endpoint endpoint, WebhookAnswer answer) {
        return new WebhookDocument(MediaType.APPLICATION_XML, xml.of(answer));
    }
}
