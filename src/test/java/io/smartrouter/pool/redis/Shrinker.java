package io.smartrouter.pool.redis;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/** Makes a failing sequence short by leaving out ever smaller pieces while it still fails (delta debugging). */
final class Shrinker {
    private Shrinker() {}

    static <T> List<T> shrink(List<T> failing, Predicate<List<T>> fails) {
        List<T> shortest = List.copyOf(failing);
        int piece = Math.max(1, shortest.size() / 2);
        while (true) {
            boolean shorter = false;
            for (int from = 0; from < shortest.size(); ) {
                List<T> without = new ArrayList<>(shortest.subList(0, from));
                without.addAll(shortest.subList(Math.min(shortest.size(), from + piece), shortest.size()));
                if (without.size() < shortest.size() && fails.test(without)) {
                    shortest = List.copyOf(without);
                    shorter = true;
                } else {
                    from += piece;
                }
            }
            if (piece == 1 && !shorter) {
                return shortest;
            }
            piece = Math.max(1, piece / 2);
        }
    }
}
