package io.smartrouter.webhook;

import io.smartrouter.pool.CallId;
import io.smartrouter.pool.InvalidInputException;
import io.smartrouter.pool.Lease;
import io.smartrouter.pool.Name;
import java.net.InetAddress;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.MediaType;

/**
 * A request as it came, nothing of it believed yet.
 *
 * @param method GET or POST
 * @param publicUrl where the provider sent it, by our own settings: {@code router.public-url} and the raw path, without
 *     a query; the raw path alone if that is not set
 * @param rawQuery the query as it came, without {@code ?}; empty if there is none
 * @param query the query's parameters
 * @param contentType of the body, or null
 * @param body the body's text, strictly UTF-8, at most 64 KB; empty for a GET
 * @param form the body's parameters, if it is a form
 * @param headers the headers; values may be hostile
 * @param pathSecret the secret in the path, if the adapter takes one
 * @param clientAddress from where it came, past trusted proxies ({@code router.trusted-proxies}), or null if they did
 *     not say it
 */
public record WebhookRequest(
        HttpMethod method,
        String publicUrl,
        String rawQuery,
        Parameters query,
        @Nullable MediaType contentType,
        String body,
        Parameters form,
        HttpHeaders headers,
        Optional<String> pathSecret,
        @Nullable InetAddress clientAddress) {

    /** Whether it is a POST. */
    public boolean isPost() {
        return method.equals(HttpMethod.POST);
    }

    /** Whether there is a body that is no form: a signature over form parameters says nothing about it. */
    public boolean hasOtherBody() {
        return !body.isEmpty()
                && (contentType == null || !contentType.equalsTypeAndSubtype(MediaType.APPLICATION_FORM_URLENCODED));
    }

    /** Query and form parameters together, for reading; signatures need them apart. */
    public Parameters parameters() {
        return query.and(form);
    }

    /** Every value of a header, lines and commas alike, in order. */
    public List<String> headerValues(String name) {
        return headers.getOrEmpty(name).stream()
                .flatMap(line -> List.of(line.split(",", -1)).stream())
                .map(String::strip)
                .filter(value -> !value.isEmpty())
                .toList();
    }

    /** Whether a header is there, even an empty one. */
    public boolean hasHeader(String name) {
        return headers.containsHeader(name);
    }

    /**
     * The call that a parameter names.
     *
     * @param parameter the parameter's name at the provider
     * @throws InvalidInputException if it is missing or no call id
     */
    public CallId call(String parameter) {
        return parameters().call(parameter);
    }

    /**
     * The tenant that our own URL names, or null. Read from the query alone: a form's fields are in part the caller's.
     *
     * @throws InvalidInputException if it is malformed, or two are named
     */
    public @Nullable String merchant() {
        Optional<String> merchant = query.one("merchant_id");
        Optional<String> reseller = query.one("reseller_id");
        if (merchant.isPresent() && reseller.isPresent() && !merchant.equals(reseller)) {
            throw new InvalidInputException("merchant_id", "and reseller_id name different merchants");
        }
        return Name.optional("merchant_id", merchant.or(() -> reseller).orElse(null));
    }

    /**
     * The lease that our own URL names ({@link CallLinks}), or null.
     *
     * @throws InvalidInputException if it is malformed
     */
    public @Nullable Lease lease() {
        return query.one(CallLinks.LEASE).map(Lease::new).orElse(null);
    }

    @Override
    public String toString() {
        return "WebhookRequest" + Map.of("method", method); // the rest may hold phone numbers and secrets
    }
}
