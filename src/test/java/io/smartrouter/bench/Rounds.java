package io.smartrouter.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/**
 * Scenarios that are measured in turns, round after round, so that what the machine does meanwhile touches all of them;
 * the first ones, which warm up, are not counted. A ratio is the median of the rounds' ratios.
 */
final class Rounds {
    static final int COUNT = Integer.getInteger("bench.rounds", 5);
    static final double SECONDS = Double.parseDouble(System.getProperty("bench.seconds", "4"));

    private final String title;
    private final int warmUps;
    private final Map<String, Supplier<Figure>> scenarios = new LinkedHashMap<>();
    private final Map<String, List<Figure>> measured = new LinkedHashMap<>();

    /**
     * None yet.
     *
     * @param title what the table's first column is about
     * @param warmUps how many rounds do not count: each router needs about a minute of load until all is compiled that
     *     matters, and one that has half of the load needs twice as long
     */
    Rounds(String title, int warmUps) {
        this.title = title;
        this.warmUps = warmUps;
    }

    Rounds add(String scenario, Supplier<Figure> round) {
        scenarios.put(scenario, round);
        measured.put(scenario, new ArrayList<>());
        return this;
    }

    Rounds run() {
        for (int round = 0; round < warmUps; round++) {
            scenarios.forEach((scenario, measure) -> System.out.printf("warms up, %s: %s%n", scenario, measure.get()));
        }
        for (int round = 0; round < COUNT; round++) {
            scenarios.forEach((scenario, measure) -> measured.get(scenario).add(measure.get()));
        }
        return this;
    }

    List<Figure> of(String scenario) {
        return measured.get(scenario);
    }

    double ratio(String scenario, String to) {
        return ratio(scenario, to, Figure::rate);
    }

    double ratio(String scenario, String to, ToDoubleFunction<Figure> figure) {
        double[] ratios = new double[COUNT];
        for (int round = 0; round < COUNT; round++) {
            ratios[round] = figure.applyAsDouble(of(scenario).get(round)) / figure.applyAsDouble(of(to).get(round));
        }
        java.util.Arrays.sort(ratios);
        return ratios[COUNT / 2];
    }

    /** All of them, each rate also as a ratio to this one's. */
    String table(String to) {
        StringBuilder table = new StringBuilder();
        table.append("| %s | per second, median (least–most) | ratio | p50 ms | p99 ms | router CPU µs | Redis CPU µs"
                .formatted(title));
        table.append(" | heap bytes |\n|---|---|---|---|---|---|---|---|\n");
        measured.forEach((scenario, rounds) ->
                table.append("| %s | %,.0f (%,.0f–%,.0f) | %.2f | %.2f | %.2f | %.0f | %.0f | %,.0f |%n"
                        .formatted(
                                scenario,
                                Figure.median(rounds, Figure::rate),
                                Figure.least(rounds, Figure::rate),
                                Figure.most(rounds, Figure::rate),
                                ratio(scenario, to),
                                Figure.median(rounds, Figure::p50Ms),
                                Figure.median(rounds, Figure::p99Ms),
                                Figure.median(rounds, Figure::routerUs),
                                Figure.median(rounds, Figure::redisUs),
                                Figure.median(rounds, Figure::bytes))));
        return table.toString();
    }

    /** All of them where calls come at a rate that is given, and the time is what is asked about. */
    String latencies() {
        StringBuilder table = new StringBuilder(
                "| %s | per second | p50 ms, median (least–most) | p99 ms, median (least–most) |%n".formatted(title));
        table.append("|---|---|---|---|\n");
        measured.forEach((scenario, rounds) -> table.append("| %s | %,.0f | %s | %s |%n"
                .formatted(
                        scenario,
                        Figure.median(rounds, Figure::rate),
                        spread(rounds, Figure::p50Ms),
                        spread(rounds, Figure::p99Ms))));
        return table.toString();
    }

    private static String spread(List<Figure> rounds, ToDoubleFunction<Figure> figure) {
        return "%.2f (%.2f–%.2f)"
                .formatted(Figure.median(rounds, figure), Figure.least(rounds, figure), Figure.most(rounds, figure));
    }

    Map<String, List<Figure>> all() {
        return measured;
    }
}
