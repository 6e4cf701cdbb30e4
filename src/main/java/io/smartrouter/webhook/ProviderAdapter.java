package io.smartrouter.webhook;

import io.smartrouter.pool.InvalidInputException;
import io.smartrouter.pool.WhenExhausted;
import java.util.EnumSet;
import java.util.Set;

/**
 * One telephone provider, and the extension point for another: a Spring bean in a package of its own with settings
 * under {@code router.providers.<name>}. Nothing else in the router changes.
 *
 * <p>The controller asks in this order, and goes on only from a good answer: {@link #verify} (is it genuine?),
 * {@link #parse} (what happened?), then it does it, and {@link #render}s what came of it. An adapter decides nothing
 * about pods and writes nothing. All methods are called by many threads at once; none may wait for anything.
 *
 * <p>How others fit: Exotel has no signature, so it verifies Basic credentials or {@link WebhookRequest#pathSecret()},
 * reads query, form or {@link WebhookRequest#body()} as JSON, and renders JSON. Twilio signs the public URL and the
 * form's parameters with HMAC-SHA1: {@link WebhookRequest#publicUrl()} and {@link WebhookRequest#form()}.
 */
public interface ProviderAdapter {
    /** The provider's name in paths, settings, records and labels: lower case, such as {@code plivo}. */
    String provider();

    /** Headers that only this provider's requests carry as their proof; a request with one is this provider's or false. */
    Set<String> signatureHeaders();

    /**
     * Whether the parameters look like this provider's. It chooses the verifier of a request to the plain
     * {@code /allocate}, and proves nothing.
     */
    boolean resembles(WebhookRequest request);

    /**
     * Whether requests can carry a secret in the path: {@code /{provider}/{secret}/allocate}. No by default: such a path
     * is then unknown.
     */
    default boolean takesPathSecret() {
        return false;
    }

    /** Whether an account is configured, so that {@link #verify} can prove anything at all. */
    boolean hasAccounts();

    /** Whether the request is genuine. Compares secrets in constant time, trusts no Host and no X-Forwarded header. */
    Verdict verify(WebhookRequest request);

    /**
     * What happened.
     *
     * @param endpoint which URL was called
     * @param request a genuine request
     * @throws InvalidInputException if it lacks what it must have
     */
    CallEvent parse(Endpoint endpoint, WebhookRequest request);

    /**
     * What it can do with a caller for whom no pod is free; configuration that asks for more is refused. All by default.
     */
    default Set<WhenExhausted.Action> whenExhausted() {
        return EnumSet.allOf(WhenExhausted.Action.class);
    }

    /**
     * Puts an answer into the provider's words. The same answer gives the same bytes.
     *
     * @param endpoint which URL was called
     * @param answer any answer: every event may be answered with every one
     */
    WebhookDocument render(Endpoint endpoint, WebhookAnswer answer);
}
