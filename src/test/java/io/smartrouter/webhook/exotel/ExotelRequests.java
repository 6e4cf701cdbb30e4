package io.smartrouter.webhook.exotel;

import io.smartrouter.webhook.Parameters;
import io.smartrouter.webhook.WebhookRequest;
import java.net.InetAddress;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.MediaType;

/** Requests as Exotel sends them, in each of its shapes. */
final class ExotelRequests {
    private static final String URL = "https://voice.example.com/exotel/allocate";

    private ExotelRequests() {}

    static WebhookRequest get(String query) {
        return request(HttpMethod.GET, query, null, "", new HttpHeaders(), Optional.empty(), null);
    }

    static WebhookRequest post(String query, String form) {
        return post(query, MediaType.APPLICATION_FORM_URLENCODED, form);
    }

    static WebhookRequest json(String query, String body) {
        return post(query, MediaType.APPLICATION_JSON, body);
    }

    static WebhookRequest post(String query, @Nullable MediaType type, String body) {
        return request(HttpMethod.POST, query, type, body, new HttpHeaders(), Optional.empty(), null);
    }

    static WebhookRequest withSecret(String secret, HttpHeaders headers, @Nullable String client) {
        return request(HttpMethod.GET, "CallSid=c1", null, "", headers, Optional.of(secret), client);
    }

    static WebhookRequest withHeaders(HttpHeaders headers, @Nullable String client) {
        return request(HttpMethod.GET, "CallSid=c1", null, "", headers, Optional.empty(), client);
    }

    static String basic(String user, String password) {
        byte[] credentials = (user + ":" + password).getBytes(StandardCharsets.UTF_8);
        return "Basic " + Base64.getEncoder().encodeToString(credentials);
    }

    /** Name, value, name, value, … as a query or a form. */
    static String encoded(String... namesAndValues) {
        List<String> pairs = new ArrayList<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            pairs.add(URLEncoder.encode(namesAndValues[i], StandardCharsets.UTF_8)
                    + "="
                    + URLEncoder.encode(namesAndValues[i + 1], StandardCharsets.UTF_8));
        }
        return String.join("&", pairs);
    }

    private static WebhookRequest request(
            HttpMethod method,
            String query,
            @Nullable MediaType type,
            String body,
            HttpHeaders headers,
            Optional<String> secret,
            @Nullable String client) {
        boolean form = type != null && type.equalsTypeAndSubtype(MediaType.APPLICATION_FORM_URLENCODED);
        return new WebhookRequest(
                method,
                URL,
                query,
                Parameters.parse("query", query),
                type,
                body,
                form ? Parameters.parse("body", body) : Parameters.NONE,
                headers,
                secret,
                client == null ? null : InetAddress.ofLiteral(client));
    }
}
