package io.smartrouter.web;

import io.smartrouter.pool.InvalidInputException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.exc.StreamConstraintsException;
import tools.jackson.core.exc.StreamReadException;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DatabindException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.ObjectReader;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.cfg.CoercionAction;
import tools.jackson.databind.cfg.CoercionInputShape;
import tools.jackson.databind.exc.MismatchedInputException;
import tools.jackson.databind.exc.UnrecognizedPropertyException;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.type.LogicalType;

/**
 * The one reading of JSON at the HTTP edge: UTF-8 or nothing, one object, nested at most {@value #DEEPEST} deep, each
 * field once and of its own type, for what two readers understand differently is what an attack is made of.
 */
final class StrictJson {
    static final int DEEPEST = 20;
    private static final int LONGEST_NUMBER = 30;
    private static final Pattern NAMEABLE = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._*-]{0,80}");

    private static final JsonMapper JSON = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(DEEPEST)
                            .maxNumberLength(LONGEST_NUMBER)
                            .build())
                    .build())
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .withCoercionConfig(
                    LogicalType.Textual,
                    text -> text.setCoercion(CoercionInputShape.Integer, CoercionAction.Fail)
                            .setCoercion(CoercionInputShape.Float, CoercionAction.Fail)
                            .setCoercion(CoercionInputShape.Boolean, CoercionAction.Fail))
            .build();

    private StrictJson() {}

    static byte[] write(JsonBody body) {
        return JSON.writeValueAsBytes(body);
    }

    /**
     * Reads a body.
     *
     * @throws ProblemException if it is not what is expected
     */
    static <T extends JsonBody> T read(byte[] bytes, Class<T> type) {
        String text = decode(bytes);
        ObjectReader reader = JSON.readerFor(type);
        if (JsonBody.Configuring.class.isAssignableFrom(type)) {
            reader = reader.with(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);
        }
        try {
            T body = reader.readValue(text);
            if (body == null) { // the text "null"
                throw malformed("The body must be a JSON object.");
            }
            return body;
        } catch (JacksonException e) {
            throw refusal(e);
        }
    }

    private static String decode(byte[] bytes) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw malformed("The body is not valid UTF-8.");
        }
    }

    private static ProblemException refusal(JacksonException e) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof InvalidInputException invalid) {
                return new ProblemException(Problem.of(invalid));
            }
        }
        return switch (e) {
            case StreamConstraintsException tooMuch ->
                malformed("The JSON is nested more than %d deep, or a name or number in it is too long%s."
                        .formatted(DEEPEST, place(e)));
            case StreamReadException noJson ->
                malformed("The body is no valid JSON, gives a field twice, or a number that is too large%s."
                        .formatted(place(e)));
            case UnrecognizedPropertyException unknown ->
                malformed("The body has a field that is not known here%s; known are: %s."
                        .formatted(place(e), known(unknown)));
            case MismatchedInputException mismatch -> wrongType(mismatch);
            case DatabindException other -> wrongType(other);
            default -> malformed("The body cannot be read%s.".formatted(place(e)));
        };
    }

    private static ProblemException wrongType(DatabindException e) {
        List<JacksonException.Reference> path = e.getPath();
        Class<?> wanted = e instanceof MismatchedInputException mismatch ? mismatch.getTargetType() : null;
        if (path.isEmpty()) {
            return malformed("The body must be one JSON object%s.".formatted(place(e)));
        }
        String field = path.stream().map(StrictJson::ownName).collect(Collectors.joining("."));
        String named = NAMEABLE.matcher(field).matches() ? field : "a field";
        String detail = "%s must be %s%s.".formatted(named, kind(wanted), place(e));
        Problem problem = Problem.of(ProblemCode.INVALID_REQUEST, detail);
        return new ProblemException(named.equals(field) ? problem.at(field) : problem);
    }

    /** A field's name as this API has it; keys of maps are the caller's words, and are not repeated. */
    private static String ownName(JacksonException.Reference step) {
        String name = step.getPropertyName();
        return name == null || step.from() instanceof Map ? "*" : name;
    }

    private static String kind(@org.jspecify.annotations.Nullable Class<?> wanted) {
        if (wanted == null) {
            return "of its own type";
        }
        if (wanted == String.class) {
            return "a string";
        }
        if (wanted == Integer.class) {
            return "a whole number";
        }
        return Collection.class.isAssignableFrom(wanted) ? "an array of strings" : "an object";
    }

    private static String known(UnrecognizedPropertyException e) {
        Collection<Object> ids = e.getKnownPropertyIds();
        return ids == null ? "none" : ids.stream().map(String::valueOf).sorted().collect(Collectors.joining(", "));
    }

    private static String place(JacksonException e) {
        var location = e.getLocation();
        return location == null ? "" : " (line %d, column %d)".formatted(location.getLineNr(), location.getColumnNr());
    }

    private static ProblemException malformed(String detail) {
        return new ProblemException(Problem.of(ProblemCode.MALFORMED_BODY, detail));
    }
}
