package io.smartrouter;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.Parameter;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.context.annotation.ClassPathScanningCandidateComponentProvider;
import org.springframework.core.type.filter.AnnotationTypeFilter;

/** Holds the tables of docs/configuration.md against the classes that settings are bound to. */
class ConfigurationDocsTest {
    private static final Pattern ROW =
            Pattern.compile("^\\| `(router\\.[^`]+)` \\| (`[^`]+`|none|empty) \\| [^|]+ \\| [^|]+ \\|$");

    @Test
    void everySettingIsDocumentedWithItsDefaultAndNothingElseIs() throws Exception {
        SortedMap<String, String> settings = settings();
        assertThat(settings).containsEntry("router.call.max-length", "4h").containsKey("router.stream.keys[].id");
        assertThat(documented()).isEqualTo(settings);
    }

    @Test
    void everyRowOfATableHasItsForm() throws IOException {
        assertThat(Files.readAllLines(Path.of("docs/configuration.md")))
                .filteredOn(line -> line.startsWith("|"))
                .allSatisfy(line -> assertThat(ROW.matcher(line).matches()
                                || line.startsWith("|---")
                                || line.equals("| setting | default | range | meaning |"))
                        .as(line)
                        .isTrue());
    }

    private static SortedMap<String, String> documented() throws IOException {
        SortedMap<String, String> rows = new TreeMap<>();
        for (String line : Files.readAllLines(Path.of("docs/configuration.md"))) {
            var row = ROW.matcher(line);
            if (row.matches()) {
                assertThat(rows.put(row.group(1), row.group(2).replace("`", "")))
                        .as(line)
                        .isNull();
            }
        }
        return rows;
    }

    private static SortedMap<String, String> settings() throws ClassNotFoundException {
        var scanner = new ClassPathScanningCandidateComponentProvider(false);
        scanner.addIncludeFilter(new AnnotationTypeFilter(ConfigurationProperties.class));
        SortedMap<String, String> settings = new TreeMap<>();
        for (var found : scanner.findCandidateComponents("io.smartrouter")) {
            Class<?> type = Class.forName(found.getBeanClassName());
            collect(type.getAnnotation(ConfigurationProperties.class).value(), type, settings);
        }
        return settings;
    }

    private static void collect(String prefix, Class<?> type, Map<String, String> settings) {
        for (Parameter parameter : constructor(type).getParameters()) {
            String name = prefix + '.' + dashed(parameter.getName());
            Type generic = parameter.getParameterizedType();
            Class<?> plain = parameter.getType();
            if (isOurs(plain)) {
                collect(name, plain, settings);
            } else if (Collection.class.isAssignableFrom(plain) && isOurs(argument(generic, 0))) {
                collect(name + "[]", argument(generic, 0), settings);
            } else if (Map.class.isAssignableFrom(plain) && isOurs(argument(generic, 1))) {
                collect(name + ".<name>", argument(generic, 1), settings);
            } else {
                settings.put(name, defaultOf(parameter));
            }
        }
    }

    private static String defaultOf(Parameter parameter) {
        DefaultValue value = parameter.getAnnotation(DefaultValue.class);
        if (value == null) {
            return "none";
        }
        String text = String.join(",", value.value());
        return text.isEmpty() ? "empty" : text;
    }

    private static Constructor<?> constructor(Class<?> type) {
        return Arrays.stream(type.getDeclaredConstructors())
                .max(Comparator.comparingInt(Constructor::getParameterCount))
                .orElseThrow();
    }

    private static boolean isOurs(Class<?> type) {
        return type.getName().startsWith("io.smartrouter") && !type.isEnum();
    }

    private static Class<?> argument(Type type, int index) {
        return type instanceof ParameterizedType generic
                        && generic.getActualTypeArguments()[index] instanceof Class<?> argument
                ? argument
                : Object.class;
    }

    private static String dashed(String name) {
        String dashed = name.replaceAll("([A-Z])", "-$1").toLowerCase(java.util.Locale.ROOT);
        assertThat(ConfigurationPropertyName.isValid(dashed)).as(name).isTrue();
        return dashed;
    }
}
