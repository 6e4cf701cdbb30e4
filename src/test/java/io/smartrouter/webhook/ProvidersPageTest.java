package io.smartrouter.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import io.smartrouter.pool.WhenExhausted.Action;
import io.smartrouter.stream.StreamProperties;
import io.smartrouter.stream.StreamToken;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.ComponentScan;
import org.springframework.context.annotation.FilterType;

/** What docs/providers/README.md says that each provider can do is what its adapter says. */
class ProvidersPageTest {
    private static final Path PAGE = Path.of("docs/providers/README.md");

    @ComponentScan(
            basePackages = "io.smartrouter.webhook",
            useDefaultFilters = false,
            includeFilters = @ComponentScan.Filter(type = FilterType.ASSIGNABLE_TYPE, classes = ProviderAdapter.class))
    @ConfigurationPropertiesScan("io.smartrouter.webhook")
    static class Adapters {}

    @Test
    void theTableSaysWhatTheAdaptersSay() throws IOException {
        Map<String, List<String>> rows = rows();
        new ApplicationContextRunner()
                .withUserConfiguration(Adapters.class)
                .withBean(PublicUrl.class)
                .withBean(
                        StreamToken.class,
                        () -> new StreamToken(new StreamProperties(
                                null,
                                List.of(new StreamProperties.Key("k1", "stream-secret-stream-secret-stream-secret")))))
                .run(context -> {
                    List<ProviderAdapter> adapters = List.copyOf(
                            context.getBeansOfType(ProviderAdapter.class).values());
                    assertThat(rows.get(""))
                            .containsExactlyInAnyOrderElementsOf(adapters.stream()
                                    .map(ProviderAdapter::provider)
                                    .toList());
                    for (ProviderAdapter adapter : adapters) {
                        int column = rows.get("").indexOf(adapter.provider());
                        Map<String, Predicate<ProviderAdapter>> said = new LinkedHashMap<>();
                        said.put("a secret in the path", ProviderAdapter::takesPathSecret);
                        said.put(
                                "its header says whose a request is",
                                known -> !known.signatureHeaders().isEmpty());
                        for (Action action : Action.values()) {
                            said.put(
                                    "`" + action.name().toLowerCase(Locale.ROOT) + "`",
                                    known -> known.whenExhausted().contains(action));
                        }
                        said.forEach((row, is) -> assertThat(row(rows, row).get(column))
                                .as(adapter.provider() + ": " + row)
                                .isEqualTo(is.test(adapter) ? "yes" : "no"));
                        assertThat(PAGE.resolveSibling(adapter.provider() + ".md"))
                                .exists();
                    }
                });
    }

    private static List<String> row(Map<String, List<String>> rows, String begin) {
        return rows.entrySet().stream()
                .filter(row -> row.getKey().startsWith(begin) && !row.getKey().isEmpty())
                .map(Map.Entry::getValue)
                .findFirst()
                .orElseThrow(() -> new AssertionError("no row " + begin));
    }

    /** The rows of the page's table by their first cell. */
    private static Map<String, List<String>> rows() throws IOException {
        Map<String, List<String>> rows = new LinkedHashMap<>();
        for (String line : Files.readAllLines(PAGE)) {
            if (line.startsWith("|")) {
                List<String> cells = new ArrayList<>(
                        Arrays.stream(line.substring(1, line.lastIndexOf('|')).split("\\|", -1))
                                .map(String::strip)
                                .toList());
                rows.put(cells.removeFirst(), cells);
            }
        }
        return rows;
    }
}
