package io.smartrouter.web;

import io.smartrouter.pool.InvalidInputException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Rules for fields that no type of the core has a rule for. */
public final class Fields {
    private static final int MOST_CHARACTERS = 128;
    private static final Pattern CONTROL = Pattern.compile("\\p{Cntrl}|\\p{Cc}|\\p{Cs}");

    private Fields() {}

    /**
     * The value of a field that must be there.
     *
     * @throws InvalidInputException if it is missing or null
     */
    public static <T> T required(String field, @Nullable T value) {
        if (value == null) {
            throw new InvalidInputException(field, "is missing");
        }
        return value;
    }

    /**
     * The entries of a list, or null if there is no list.
     *
     * @throws InvalidInputException if an entry is null
     */
    public static @Nullable List<String> allPresent(String field, @Nullable List<@Nullable String> values) {
        if (values == null) {
            return null;
        }
        List<String> all = new ArrayList<>();
        for (String value : values) {
            if (value == null) {
                throw new InvalidInputException(field, "must not hold null");
            }
            all.add(value);
        }
        return all;
    }

    /**
     * Checks a text that is accepted for older clients' sake and chooses nothing.
     *
     * @throws InvalidInputException if it is too long or has control characters
     */
    public static void harmless(String field, @Nullable String value) {
        if (value != null
                && (value.length() > MOST_CHARACTERS || CONTROL.matcher(value).find())) {
            throw new InvalidInputException(
                    field, "must be at most " + MOST_CHARACTERS + " characters without control characters");
        }
    }
}
