package io.smartrouter;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Every page that another page names is there. */
class DocsLinksTest {
    private static final Pattern LINK = Pattern.compile("\\]\\((?!https?:|mailto:|#)([^)#\\s]+)[^)]*\\)");

    @Test
    void everyRelativeLinkLeadsSomewhere() throws IOException {
        List<String> broken = new ArrayList<>();
        int found = 0;
        for (Path page : pages()) {
            for (var link : LINK.matcher(Files.readString(page)).results().toList()) {
                found++;
                Path parent = page.getParent();
                Path target = parent == null ? Path.of(link.group(1)) : parent.resolve(link.group(1));
                if (!Files.exists(target)) {
                    broken.add(page + " -> " + link.group(1));
                }
            }
        }
        assertThat(found).isGreaterThan(10);
        assertThat(broken).isEmpty();
    }

    private static List<Path> pages() throws IOException {
        List<Path> pages = new ArrayList<>();
        for (String place : List.of("docs", "helm", "nginx", "docker")) {
            try (Stream<Path> files = Files.walk(Path.of(place))) {
                files.filter(file -> file.toString().endsWith(".md")).forEach(pages::add);
            }
        }
        try (Stream<Path> files = Files.list(Path.of("."))) {
            files.map(file -> file.getFileName())
                    .filter(file -> file.toString().endsWith(".md"))
                    .forEach(pages::add);
        }
        return pages;
    }
}
