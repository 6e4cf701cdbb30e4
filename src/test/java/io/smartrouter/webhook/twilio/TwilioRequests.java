package io.smartrouter.webhook.twilio;

import io.smartrouter.webhook.Parameters;
import io.smartrouter.webhook.WebhookRequest;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.MediaType;

/** Requests as the reader of HTTP makes them. */
final class TwilioRequests {
    private TwilioRequests() {}

    static WebhookRequest get(String url, String query, String... signatures) {
        return request(HttpMethod.GET, url, query, null, "", signatures);
    }

    static WebhookRequest form(String url, String query, String form, String... signatures) {
        return request(HttpMethod.POST, url, query, MediaType.APPLICATION_FORM_URLENCODED, form, signatures);
    }

    static WebhookRequest json(String url, String query, String body, String... signatures) {
        return request(HttpMethod.POST, url, query, MediaType.APPLICATION_JSON, body, signatures);
    }

    private static WebhookRequest request(
            HttpMethod method, String url, String query, @Nullable MediaType type, String body, String... signatures) {
        HttpHeaders headers = new HttpHeaders();
        for (String signature : signatures) {
            headers.add("x-twilio-signature", signature);
        }
        boolean form = MediaType.APPLICATION_FORM_URLENCODED.equals(type);
        return new WebhookRequest(
                method,
                url,
                query,
                Parameters.parse("query", query),
                type,
                body,
                form ? Parameters.parse("body", body) : Parameters.NONE,
                headers,
                Optional.empty(),
                null);
    }
}
