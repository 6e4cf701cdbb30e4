package io.smartrouter.ops;

import io.smartrouter.InvalidSettingException;
import io.smartrouter.pool.InvalidInputException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.bind.validation.BindValidationException;
import org.springframework.boot.context.properties.bind.validation.ValidationErrors;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.web.server.PortInUseException;
import org.springframework.core.convert.TypeDescriptor;
import org.springframework.util.unit.DataSize;
import org.springframework.validation.FieldError;

/** Finds what an operator can mend in the reason of a failed start, and says it in one line. */
final class StartFailure {
    private static final Pattern SECRET = Pattern.compile("key|secret|token|password|url", Pattern.CASE_INSENSITIVE);

    private StartFailure() {}

    /**
     * The line, or empty if this is no failure of ours.
     *
     * @param failure what ended the start
     * @param settings gives a setting's value, or null
     */
    static Optional<String> line(Throwable failure, UnaryOperator<@Nullable String> settings) {
        @Nullable BindException bind = null;
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            switch (cause) {
                case InvalidSettingException invalid -> {
                    return Optional.of(oneLine(String.valueOf(invalid.getMessage())));
                }
                case PortInUseException taken -> {
                    return Optional.of(portTaken(taken.getPort(), settings));
                }
                case BindValidationException invalid -> {
                    return Optional.of(invalid(invalid.getValidationErrors()));
                }
                case InvalidConfigurationPropertyValueException invalid -> {
                    return Optional.of(oneLine(invalid.getName() + ": " + invalid.getReason()));
                }
                case InvalidInputException invalid -> {
                    // The only words of the core that a setting holds.
                    return Optional.of(oneLine("router.config.tiers: " + invalid.getMessage()));
                }
                case BindException inner -> bind = inner;
                default -> {
                    // look further
                }
            }
        }
        return Optional.ofNullable(bind).map(StartFailure::unbindable);
    }

    private static String portTaken(int port, UnaryOperator<@Nullable String> settings) {
        boolean management = Integer.toString(port).equals(settings.apply("management.server.port"));
        String setting = management ? "management.server.port" : "server.port";
        return "%s: %d is taken; stop what listens there, or choose another port (--%s=%d)"
                .formatted(setting, port, setting, port + 1000);
    }

    private static String invalid(ValidationErrors errors) {
        return errors.getAllErrors().stream()
                .map(error -> {
                    String field = error instanceof FieldError at ? "." + kebab(at.getField()) : "";
                    return errors.getName() + field + ": " + error.getDefaultMessage();
                })
                .map(StartFailure::oneLine)
                .sorted()
                .collect(Collectors.joining("; "));
    }

    private static String unbindable(BindException failure) {
        ConfigurationProperty property = failure.getProperty();
        String name = property == null
                ? failure.getName().toString()
                : property.getName().toString();
        String value =
                property == null || SECRET.matcher(name).find() ? "its value" : "\"" + property.getValue() + "\"";
        TypeDescriptor target = target(failure);
        Class<?> type = target == null ? failure.getTarget().getType().resolve(Object.class) : target.getObjectType();
        return oneLine(name + ": " + value + " is not " + wanted(type));
    }

    private static @Nullable TypeDescriptor target(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof org.springframework.core.convert.ConversionFailedException conversion) {
                return conversion.getTargetType();
            }
        }
        return null;
    }

    private static String wanted(Class<?> type) {
        if (type == Duration.class) {
            return "a duration; write it as 500ms, 30s or 4h";
        }
        if (type == DataSize.class) {
            return "a size; write it as 64KB";
        }
        if (type.isEnum()) {
            return Arrays.stream(type.getEnumConstants())
                    .map(constant -> kebab(String.valueOf(constant).toLowerCase(Locale.ROOT)))
                    .collect(Collectors.joining(", ", "one of ", ""));
        }
        if (type == Boolean.class || type == boolean.class) {
            return "true or false";
        }
        return Number.class.isAssignableFrom(type) || type.isPrimitive()
                ? "a number that fits"
                : "what belongs here (" + type.getSimpleName() + ")";
    }

    /** Java's name of a setting as operators write it. */
    private static String kebab(String camel) {
        return camel.replaceAll("([a-z0-9])([A-Z])", "$1-$2").replace('_', '-').toLowerCase(Locale.ROOT);
    }

    private static String oneLine(String text) {
        return text.replaceAll("\\s*[\\r\\n]+\\s*", " ");
    }
}
