package io.smartrouter.webhook.plivo;

import io.smartrouter.InvalidSettingException;
import io.smartrouter.pool.CallId;
import io.smartrouter.pool.InvalidInputException;
import io.smartrouter.pool.Name;
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
    private static final Set<String> OVER = Set.of("completed", "busy", "failed", "timeout", "no-answer", "cancel");
    private static final Pattern CONTENT_TYPE = Pattern.compile("audio/(x-l16;rate=(8000|16000)|x-mulaw;rate=8000)");
    private static final int LONGEST_MESSAGE = 1_000;

    private final PlivoAccounts accounts;
    private final PlivoSignature signature;
    private final PlivoXml xml;

    /**
     * Takes the settings.
     *
     * @throws InvalidSettingException if one is malformed, or signatures could not be checked
     */
    PlivoAdapter(PlivoProperties properties, PublicUrl publicUrl) {
        accounts = new PlivoAccounts(properties.accounts());
        if (!accounts.isEmpty()) {
            publicUrl.require(PlivoAccounts.SETTING);
        }
        if (!CONTENT_TYPE.matcher(properties.contentType()).matches()) {
            throw new InvalidSettingException(
                    "router.providers.plivo.content-type",
                    "must be audio/x-mulaw;rate=8000, audio/x-l16;rate=8000 or audio/x-l16;rate=16000");
        }
        signature = new PlivoSignature(accounts);
        xml = new PlivoXml(message(properties.message()), properties.contentType());
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
        CallId call = call(parameters);
        Optional<String> event = parameters.one("Event");
        boolean over = event.filter("Hangup"::equals).isPresent()
                || parameters.one("CallStatus").filter(OVER::contains).isPresent()
                || (endpoint == Endpoint.HANGUP
                        && event.filter("StartApp"::equals).isEmpty());
        return over ? new CallEvent.Hangup(call) : new CallEvent.Answer(call, merchant(request.query()));
    }

    @Override
    public WebhookDocument render(WebhookAnswer answer) {
        return new WebhookDocument(MediaType.APPLICATION_XML, xml.of(answer));
    }

    private static CallId call(Parameters parameters) {
        String uuid = parameters.one("CallUUID").orElseThrow(() -> new InvalidInputException("CallUUID", "is missing"));
        try {
            return new CallId(uuid);
        } catch (InvalidInputException e) {
            throw new InvalidInputException("CallUUID", "must be 1 to 128 characters of A-Z a-z 0-9 . _ : -");
        }
    }

    /** From the URL that was configured at Plivo alone: a form's fields are in part the caller's. */
    private static @Nullable String merchant(Parameters query) {
        Optional<String> merchant = query.one("merchant_id");
        Optional<String> reseller = query.one("reseller_id");
        if (merchant.isPresent() && reseller.isPresent() && !merchant.equals(reseller)) {
            throw new InvalidInputException("merchant_id", "and reseller_id name different merchants");
        }
        return Name.optional("merchant_id", merchant.or(() -> reseller).orElse(null));
    }

    private static @Nullable String message(@Nullable String text) {
        if (text == null || text.isBlank()) {
            return null;
        }
        if (text.length() > LONGEST_MESSAGE
                || text.codePoints().anyMatch(c -> Character.isISOControl(c) || !isXml(c))) {
            throw new InvalidSettingException(
                    "router.providers.plivo.message",
                    "must be at most " + LONGEST_MESSAGE + " characters without control characters");
        }
        return text;
    }

    private static boolean isXml(int c) {
        return c <= 0xD7FF || (c >= 0xE000 && c <= 0xFFFD) || c >= 0x10000;
    }
}
