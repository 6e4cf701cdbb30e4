package io.smartrouter.pool;

import java.util.regex.Pattern;
import java.util.stream.Collectors;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.cfg.CoercionAction;
import tools.jackson.databind.cfg.CoercionInputShape;
import tools.jackson.databind.exc.MismatchedInputException;
import tools.jackson.databind.exc.UnrecognizedPropertyException;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.type.LogicalType;

/** JSON that operators write by hand: nothing is guessed, and what is wrong is said with its place. */
final class ConfigurationJson {
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .withCoercionConfig(
                    LogicalType.Textual,
                    text -> text.setCoercion(CoercionInputShape.Integer, CoercionAction.Fail)
                            .setCoercion(CoercionInputShape.Float, CoercionAction.Fail)
                            .setCoercion(CoercionInputShape.Boolean, CoercionAction.Fail))
            .build();
    private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9._:-]{1,72}");
    private static final int MOST_OF_A_MESSAGE = 200;

    private ConfigurationJson() {}

    static String write(Object value) {
        return JSON.writeValueAsString(value);
    }

    /**
     * Reads it.
     *
     * @param type what it must be
     * @param what the place in Redis, for the error
     * @param json the text
     * @throws InvalidInputException with one short line that names the place in the text, and never repeats a value
     */
    static <T> T read(Class<T> type, String what, String json) {
        try {
            T read = JSON.readValue(json, type);
            if (read == null) {
                throw new InvalidInputException(what, "must be a JSON object, not null");
            }
            return read;
        } catch (JacksonException e) {
            String at = path(e);
            for (Throwable cause = e; cause != null; cause = cause.getCause()) {
                if (cause instanceof InvalidInputException invalid) {
                    throw new InvalidInputException(what, "is invalid" + at + ": " + invalid.getMessage());
                }
            }
            var location = e.getLocation();
            throw new InvalidInputException(
                    what,
                    "is no valid JSON for this place (line %d, column %d)%s: %s"
                            .formatted(location.getLineNr(), location.getColumnNr(), at, problem(e, at)));
        }
    }

    /** Where in the JSON it is wrong; names that no configuration may have are left out, for they may be hostile. */
    private static String path(JacksonException e) {
        String path = e.getPath().stream()
                .map(step -> {
                    String name = step.getPropertyName();
                    if (name == null) {
                        return "[" + step.getIndex() + "]";
                    }
                    return PLAIN.matcher(name).matches() ? name : "…";
                })
                .collect(Collectors.joining("."));
        return path.isEmpty() || path.length() > MOST_OF_A_MESSAGE ? "" : " at " + path;
    }

    private static String problem(JacksonException e, String at) {
        if (e instanceof UnrecognizedPropertyException) {
            return "there is no such field";
        }
        if (e instanceof MismatchedInputException && !at.isEmpty()) {
            return "the value has the wrong type";
        }
        String message = e.getOriginalMessage().replaceAll("\\p{Cntrl}", "?");
        return message.length() > MOST_OF_A_MESSAGE ? message.substring(0, MOST_OF_A_MESSAGE) + "…" : message;
    }
}
