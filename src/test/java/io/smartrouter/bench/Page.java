package io.smartrouter.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.ToDoubleFunction;

/**
 * What a run printed, also as a part of docs/performance.md where it is asked to ({@code -Dbench.write=true}): each part
 * stands there between two comments with its name, and its picture beside the page.
 */
final class Page {
    private static final boolean WRITE = Boolean.getBoolean("bench.write");
    private static final Path PAGE = Path.of("docs", "performance.md");
    private static final Path PICTURES = Path.of("docs", "performance");

    private Page() {}

    static void show(String part, String text) {
        System.out.println(text);
        if (WRITE) {
            String begin = "<!-- " + part + " -->\n";
            String end = "<!-- end of " + part + " -->";
            try {
                String page = Files.readString(PAGE);
                int from = page.indexOf(begin);
                int to = page.indexOf(end);
                if (from < 0 || to < from) {
                    throw new IllegalStateException(PAGE + " has no place for " + part);
                }
                Files.writeString(PAGE, page.substring(0, from + begin.length()) + text + page.substring(to));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** Medians as bars, each with a line from the least to the most. */
    static void draw(String picture, String title, Rounds rounds) {
        draw(picture, title, "per second", rounds, Figure::rate);
    }

    /** The same of another figure. */
    static void draw(String picture, String title, String unit, Rounds rounds, ToDoubleFunction<Figure> figure) {
        if (!WRITE) {
            return;
        }
        try {
            Files.createDirectories(PICTURES);
            Files.writeString(PICTURES.resolve(picture), Bars.of(title, unit, rounds, figure));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
