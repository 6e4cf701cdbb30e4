package io.smartrouter.api;

import io.smartrouter.pool.InvalidInputException;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A bounded piece of a list that is sorted by a key. The next one begins after a key, not at a number, so that what
 * comes and goes between two requests neither hides nor repeats anything else.
 *
 * @param items the piece
 * @param nextAfter the last key of it, or null if nothing follows
 */
record Page<T>(List<T> items, @Nullable String nextAfter) {
    private static final int MOST = 1_000;

    static void requireLimit(int limit) {
        if (limit < 1 || limit > MOST) {
            throw new InvalidInputException("limit", "must be 1 to " + MOST);
        }
    }

    static <T> Page<T> of(List<T> sorted, Function<T, String> key, String after, int limit) {
        List<T> rest = sorted.stream()
                .filter(item -> key.apply(item).compareTo(after) > 0)
                .limit(limit + 1L)
                .toList();
        return rest.size() <= limit
                ? new Page<>(rest, null)
                : new Page<>(rest.subList(0, limit), key.apply(rest.get(limit - 1)));
    }
}
