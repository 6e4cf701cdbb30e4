package io.smartrouter.bench;

import java.awt.Color;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategoryChartBuilder;
import org.knowm.xchart.ChartEncoder;

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

    /** Medians as bars, with the least and the most as their errors. */
    static void draw(String picture, String title, Rounds rounds) {
        draw(picture, title, "per second", rounds, Figure::rate);
    }

    /** The same of another figure. */
    static void draw(String picture, String title, String unit, Rounds rounds, ToDoubleFunction<Figure> figure) {
        if (!WRITE) {
            return;
        }
        List<String> names = new ArrayList<>(rounds.all().keySet());
        List<Double> medians = new ArrayList<>();
        List<Double> spreads = new ArrayList<>();
        rounds.all().values().forEach(figures -> {
            medians.add(Figure.median(figures, figure));
            spreads.add((Figure.most(figures, figure) - Figure.least(figures, figure)) / 2);
        });
        CategoryChart chart = new CategoryChartBuilder()
                .width(760)
                .height(360)
                .title(title)
                .yAxisTitle(unit)
                .build();
        chart.getStyler().setLegendVisible(false).setChartBackgroundColor(Color.WHITE);
        chart.addSeries(unit, names, medians, spreads);
        try {
            Files.createDirectories(PICTURES);
            try (OutputStream out = Files.newOutputStream(PICTURES.resolve(picture))) {
                ChartEncoder.saveChart(chart, out, "svg");
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
