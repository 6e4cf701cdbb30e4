package io.smartrouter.webhook.vonage;

import io.smartrouter.InvalidSettingException;
import io.smartrouter.pool.WhenExhausted;
import io.smartrouter.webhook.Accounts;
import io.smartrouter.webhook.CallEvent;
import io.smartrouter.webhook.Endpoint;
import io.smartrouter.webhook.ProviderAdapter;
import io.smartrouter.webhook.PublicUrl;
import io.smartrouter.webhook.Verdict;
import io.smartrouter.webhook.WebhookAnswer;
import io.smartrouter.webhook.WebhookDocument;
import io.smartrouter.webhook.WebhookRequest;
import java.time.Clock;
import java.util.EnumSet;
import java.util.Set;
import java.util.regex.Pattern;
import org.springframework.http.MediaType;
import org.springframework.stereotype.Component;

/**
 * Vonage. Its webhooks are JSON with a signed token beside them, and its answers are NCCOs. A tenant cannot be named in
 * our URL, which the token does not cover; the number that was dialled names it.
 */
@Component
final class VonageAdapter implements ProviderAdapter {
    private static final String ACCOUNTS = "router.providers.vonage.accounts";
    private static final Pattern CONTENT_TYPE = Pattern.compile("audio/l16;rate=(8000|16000|24000)");

    private final Accounts accounts;
    private final VonageSignature signature;
    private final VonageNcco ncco;

    /**
     * Takes the settings.
     *
     * @throws InvalidSettingException if one is malformed, or Vonage could not be told where to ask next
     */
    VonageAdapter(VonageProperties properties, PublicUrl publicUrl) {
        accounts = new Accounts(ACCOUNTS, VonageSignature.HMAC, properties.accounts());
        if (!accounts.isEmpty()) {
            publicUrl.require(ACCOUNTS);
        }
        if (!CONTENT_TYPE.matcher(properties.contentType()).matches()) {
            throw new InvalidSettingException(
                    "router.providers.vonage.content-type",
                    "must be audio/l16;rate=8000, audio/l16;rate=16000 or audio/l16;rate=24000");
        }
        signature = new VonageSignature(accounts, Clock.systemUTC());
        ncco = new VonageNcco(properties.contentType());
    }

    @Override
    public String provider() {
        return "vonage";
    }

    /** None: the JSON API and others use {@code Authorization}, too. So Vonage has no place at the plain path. */
    @Override
    public Set<String> signatureHeaders() {
        return Set.of();
    }

    @Override
    public boolean resembles(WebhookRequest request) {
        return request.parameters().has("conversation_uuid");
    }

    /** Not a busy tone: an NCCO has none, and a caller who hears nothing is not told anything. */
    @Override
    public Set<WhenExhausted.Action> whenExhausted() {
        return EnumSet.complementOf(EnumSet.of(WhenExhausted.Action.REJECT));
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
        return VonageEvents.of(endpoint, request);
    }

    @Override
    public WebhookDocument render(Endpoint endpoint, WebhookAnswer answer) {
        return new WebhookDocument(MediaType.APPLICATION_JSON, ncco.of(answer));
    }
}
