package io.smartrouter.webhook.vonage;

import io.smartrouter.pool.CallId;
import io.smartrouter.pool.InvalidInputException;
import io.smartrouter.pool.Lease;
import io.smartrouter.pool.Name;
import io.smartrouter.webhook.Endpoint;
import io.smartrouter.webhook.Parameters;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What a webhook of Vonage says: its JSON object. Vonage repeats in it what our own documents told it to: the
 * {@code payload} of a {@code notify}, and the {@code headers} of a WebSocket. Unlike the query of our URL, both are in
 * the body, which the token covers.
 */
final class VonageBody {
    static final String CALL = "call_sid";
    static final String LEASE = "lease";
    static final String MERCHANT = "merchant_id";

    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private static final Pattern OUR_URL = Pattern.compile("/vonage/(stream|continue)(?:\\?(.*))?$");

    private final JsonNode body;
    private final JsonNode ours;

    /** Which URL of ours was called, and the lease in its query. */
    record Place(Endpoint endpoint, @Nullable Lease lease) {}

    private VonageBody(JsonNode body) {
        this.body = body;
        // The documentation says both: that the payload is a field of the body, and that it is the body.
        this.ours = body.path("payload").isObject() ? body.path("payload") : body;
    }

    /**
     * Reads it.
     *
     * @throws InvalidInputException if it is no JSON object, or says a thing twice
     */
    static VonageBody of(String text) {
        JsonNode body;
        try {
            body = JSON.readTree(text);
        } catch (JacksonException e) {
            throw new InvalidInputException("body", "is no JSON, or has a field twice");
        }
        if (!body.isObject()) {
            throw new InvalidInputException("body", "must be a JSON object");
        }
        return new VonageBody(body);
    }

    /** The status in lower case, or an empty text. */
    String status() {
        return text(body, "status").orElse("").toLowerCase(Locale.ROOT);
    }

    /** The number of ours: the one that was dialled, or that a call which we placed comes from; or null. */
    @Nullable
    String dialled() {
        boolean placed = text(body, "direction").filter("outbound"::equals).isPresent();
        return text(body, placed ? "from" : "to").orElse(null);
    }

    /** Whether it is about the leg to a WebSocket, by where that leg goes. */
    boolean goesToWebSocket() {
        String to = text(body, "to").orElse("").toLowerCase(Locale.ROOT);
        return to.startsWith("wss:") || to.startsWith("ws:");
    }

    /** The call whose WebSocket it is about, by what our document told; empty if it does not say so. */
    Optional<CallId> callOfWebSocket() {
        return text(body.path("headers"), CALL).map(CallId::new);
    }

    /** The leg that it is about. */
    Optional<CallId> leg() {
        return text(body, "uuid").or(() -> text(body, "call_uuid")).map(CallId::new);
    }

    /**
     * The call that it is about, where that is the caller's own leg.
     *
     * @throws InvalidInputException if it names none
     */
    CallId call() {
        return text(ours, CALL)
                .map(CallId::new)
                .or(this::leg)
                .orElseThrow(() -> new InvalidInputException("uuid", "is missing"));
    }

    /**
     * Some name of what it is about, for an event that changes nothing.
     *
     * @throws InvalidInputException if it has none
     */
    CallId any() {
        return leg().or(() -> text(body, "conversation_uuid").map(CallId::new)).orElseGet(this::call);
    }

    /** The URL in mid-call that did not answer, so that the fallback URL is asked in its place; or empty. */
    Optional<Place> askedInVain() {
        Matcher url = OUR_URL.matcher(text(body.path("original_request"), "url").orElse(""));
        if (!url.find()) {
            return Optional.empty();
        }
        String query = url.group(2) == null ? "" : url.group(2);
        Lease lease = Parameters.parse("original_request", query)
                .one(LEASE)
                .map(Lease::new)
                .orElse(null);
        return Optional.of(new Place(Endpoint.valueOf(url.group(1).toUpperCase(Locale.ROOT)), lease));
    }

    /** The lease that our document told, or null. */
    @Nullable
    Lease lease() {
        return text(ours, LEASE).map(Lease::new).orElse(null);
    }

    /** The tenant that our document told, or null. */
    @Nullable
    String merchant() {
        return Name.optional(MERCHANT, text(ours, MERCHANT).orElse(null));
    }

    private static Optional<String> text(JsonNode object, String field) {
        return Optional.of(object.path(field))
                .filter(JsonNode::isString)
                .map(JsonNode::stringValue)
                .filter(text -> !text.isEmpty());
    }
}
