package io.smartrouter.reconcile;

import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.stream.Stream;

/** Takes some of many at a time, so that each has its turn however many there are. */
final class Turns {
    private String last = "";

    /** Those that come after the last one taken, in order of their names and round again; at most so many. */
    <T> List<T> next(SortedMap<String, T> all, int most) {
        String after = last + '\0'; // the smallest name that is greater
        List<Map.Entry<String, T>> taken = Stream.concat(
                        all.tailMap(after).entrySet().stream(), all.headMap(after).entrySet().stream())
                .limit(most)
                .toList();
        last = taken.isEmpty() ? last : taken.getLast().getKey();
        return taken.stream().map(Map.Entry::getValue).toList();
    }
}
