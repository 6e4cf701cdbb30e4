package io.smartrouter.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import io.smartrouter.webhook.Endpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What nginx' configuration repeats of the router's, held against it. */
class NginxFilesTest {
    private final String conf = Files.readString(Nginx.SHIPPED.resolve("nginx.conf"));

    NginxFilesTest() throws IOException {}

    @Test
    void itKnowsEveryProviderAndEveryEndpoint() throws IOException {
        Set<String> providers;
        try (Stream<Path> packages = Files.list(Path.of("src/main/java/io/smartrouter/webhook"))) {
            providers = packages.filter(Files::isDirectory)
                    .map(directory -> directory.getFileName().toString())
                    .collect(Collectors.toCollection(TreeSet::new));
        }
        Set<String> endpoints = Arrays.stream(Endpoint.values())
                .map(endpoint -> endpoint.name().toLowerCase(Locale.ROOT))
                .collect(Collectors.toCollection(TreeSet::new));

        assertThat(words("\\(\\?<provider>([a-z|]+)\\)")).containsExactly(providers);
        assertThat(words("\\(\\?<endpoint>([a-z|]+)\\)")).containsExactly(endpoints);
        // By locations: those that sign, and Exotel.
        Set<String> served = new TreeSet<>(
                words("\\?/\\(\\?:([a-z]+\\|[a-z|]+)\\)/\\(\\?:allocate").getFirst());
        served.add("exotel");
        assertThat(served).isEqualTo(providers);
        assertThat(words("\\(\\?:(allocate\\|[a-z|]+)\\)")).hasSize(2).allMatch(endpoints::equals);
    }

    @Test
    void noLogFormatHasWhatASenderWrote() {
        String formats = group("log_format json escape=json([^;]+);");
        assertThat(Pattern.compile("\\$\\w+").matcher(formats).results().map(found -> found.group()))
                .contains("$status", "$route")
                .doesNotContain("$request", "$request_uri", "$uri", "$document_uri", "$args", "$query_string", "$host")
                .noneMatch(
                        name -> name.startsWith("$http_") || name.startsWith("$arg_") || name.startsWith("$cookie_"));
        assertThat(conf.lines().filter(line -> line.strip().startsWith("access_log")))
                .allMatch(line -> line.contains(" json;") || line.contains(" off;"));
        assertThat(conf.lines().filter(line -> line.strip().startsWith("error_log")))
                .containsExactly("error_log stderr notice;", "    error_log /dev/null;");
    }

    private List<Set<String>> words(String pattern) {
        return Pattern.compile(pattern)
                .matcher(conf)
                .results()
                .<Set<String>>map(found -> new TreeSet<>(List.of(found.group(1).split("\\|", -1))))
                .toList();
    }

    private String group(String pattern) {
        Matcher matcher = Pattern.compile(pattern).matcher(conf);
        assertThat(matcher.find()).isTrue();
        return matcher.group(1);
    }
}
