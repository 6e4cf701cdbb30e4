package io.smartrouter.webhook.exotel;

import io.smartrouter.pool.InvalidInputException;
import io.smartrouter.webhook.Parameters;
import io.smartrouter.webhook.Parameters.Parameter;
import io.smartrouter.webhook.WebhookRequest;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Reads what Exotel sends in a query, a form or a JSON body, all at once and with one result: a nested field has the
 * name {@code Stream[Status]}, whether it came under that name, in a nested object, or in a text of JSON under
 * {@code Stream}; an array's elements are numbered ({@code Legs[0][Status]}).
 */
final class ExotelParameters {
    private static final String STREAM = "Stream";
    private static final String DIGITS = "digits";
    private static final int DEEPEST = 8;
    private static final int LONGEST_NAME = 100;
    private static final int LONGEST_NUMBER = 30;
    private static final int MOST_FIELDS = 500;

    private static final JsonMapper JSON = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(DEEPEST)
                            .maxNameLength(LONGEST_NAME)
                            .maxNumberLength(LONGEST_NUMBER)
                            .build())
                    .build())
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private final List<Parameter> all = new ArrayList<>();

    private ExotelParameters() {}

    /**
     * Reads a request.
     *
     * @throws InvalidInputException if JSON in it is none, names a field twice, or is out of bounds
     */
    static Parameters of(WebhookRequest request) {
        ExotelParameters read = new ExotelParameters();
        request.parameters().all().forEach(pair -> read.text(pair.name(), pair.value()));
        if (request.hasOtherBody() && !request.body().isBlank()) {
            read.fields("", object("body", request.body()));
        }
        return new Parameters(read.all);
    }

    private void fields(String prefix, JsonNode object) {
        object.properties()
                .forEach(field -> value(
                        prefix.isEmpty() ? field.getKey() : prefix + "[" + field.getKey() + "]", field.getValue()));
    }

    private void value(String name, JsonNode value) {
        if (value.isObject()) {
            fields(name, value);
        } else if (value.isArray()) {
            for (int i = 0; i < value.size(); i++) {
                value(name + "[" + i + "]", value.get(i));
            }
        } else if (!value.isNull()) { // a field that is null is none
            text(name, value.asString());
        }
    }

    private void text(String name, String value) {
        if (name.equals(STREAM) && value.stripLeading().startsWith("{")) {
            fields(STREAM, object(STREAM, value));
        } else if (all.size() == MOST_FIELDS) {
            throw new InvalidInputException("body", "has more than " + MOST_FIELDS + " fields");
        } else {
            all.add(new Parameter(name, name.equals(DIGITS) ? withoutQuotes(value) : value));
        }
    }

    /** Exotel's digits come as {@code "123"}, with the quotes. */
    private static String withoutQuotes(String value) {
        boolean quoted = value.length() > 1 && value.startsWith("\"") && value.endsWith("\"");
        return quoted ? value.substring(1, value.length() - 1) : value;
    }

    private static JsonNode object(String where, String text) {
        try {
            JsonNode json = JSON.readTree(text);
            if (json.isObject()) {
                return json;
            }
        } catch (JacksonException e) {
            // Its text quotes the request, so it is not passed on.
        }
        throw new InvalidInputException(
                where, "must be one JSON object, each field in it once, nested at most " + DEEPEST + " deep");
    }
}
