package io.smartrouter.bench;

import java.util.List;
import java.util.function.ToDoubleFunction;

/** A picture of scenarios as SVG: a bar to each median, and a line from the least to the most. */
final class Bars {
    private static final int NAMES = 230;
    private static final int WIDTH = 400;
    private static final int NUMBERS = 90;
    private static final int ROW = 26;
    private static final int HEAD = 34;

    private final StringBuilder svg = new StringBuilder();

    private Bars() {}

    static String of(String title, String unit, Rounds rounds, ToDoubleFunction<Figure> figure) {
        double most = rounds.all().values().stream()
                .mapToDouble(all -> Figure.most(all, figure))
                .max()
                .orElseThrow();
        Bars bars = new Bars();
        bars.head(title + ", " + unit, rounds.all().size());
        int y = HEAD;
        for (var scenario : rounds.all().entrySet()) {
            bars.row(y, scenario.getKey(), scenario.getValue(), figure, WIDTH / most);
            y += ROW;
        }
        return bars.svg.append("</svg>\n").toString();
    }

    private void head(String title, int rows) {
        int width = NAMES + WIDTH + NUMBERS;
        int height = HEAD + rows * ROW + ROW / 2;
        svg.append("""
            <svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" font-family="sans-serif" \
            font-size="13">
            <rect width="100%%" height="100%%" fill="white"/>
            <text x="%d" y="20" font-weight="bold">%s</text>
            """.formatted(width, height, width, height, NAMES, escaped(title)));
    }

    private void row(int y, String name, List<Figure> all, ToDoubleFunction<Figure> figure, double scale) {
        double median = Figure.median(all, figure);
        double least = NAMES + Figure.least(all, figure) * scale;
        double most = NAMES + Figure.most(all, figure) * scale;
        int middle = y + ROW / 2;
        svg.append("""
            <text x="%d" y="%d" text-anchor="end">%s</text>
            <rect x="%d" y="%d" width="%.0f" height="%d" fill="#7a9cc6"/>
            <path d="M%.0f %dH%.0fM%.0f %dv8M%.0f %dv8" stroke="black"/>
            <text x="%.0f" y="%d">%s</text>
            """.formatted(
                        NAMES - 8,
                        middle + 4,
                        escaped(name),
                        NAMES,
                        y + 4,
                        median * scale,
                        ROW - 8,
                        least,
                        middle,
                        most,
                        least,
                        middle - 4,
                        most,
                        middle - 4,
                        most + 8,
                        middle + 4,
                        (median < 100 ? "%,.2f" : "%,.0f").formatted(median)));
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;");
    }
}
