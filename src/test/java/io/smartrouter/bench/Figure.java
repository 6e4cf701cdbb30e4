package io.smartrouter.bench;

import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * One round of one scenario.
 *
 * @param rate requests (or pairs, as the scenario says) in a second
 * @param p50Ms of the requests
 * @param p99Ms of the requests
 * @param routerUs CPU time of all routers for each of them (µs)
 * @param redisUs CPU time of Redis for each of them (µs)
 * @param bytes allocated on the routers' heaps for each of them
 */
record Figure(double rate, double p50Ms, double p99Ms, double routerUs, double redisUs, double bytes) {
    static double median(List<Figure> rounds, ToDoubleFunction<Figure> of) {
        double[] sorted = rounds.stream().mapToDouble(of).sorted().toArray();
        return sorted[sorted.length / 2];
    }

    static double least(List<Figure> rounds, ToDoubleFunction<Figure> of) {
        return rounds.stream().mapToDouble(of).min().orElseThrow();
    }

    static double most(List<Figure> rounds, ToDoubleFunction<Figure> of) {
        return rounds.stream().mapToDouble(of).max().orElseThrow();
    }
}
