package io.smartrouter.pool;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The one rule for names of merchants, accounts, providers and pools: short, printable, and free of separators. */
public final class Name {
    private static final Pattern ALLOWED = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,62}");

    private Name() {}

    /**
     * Checks a name: 1 to 63 of {@code A-Z a-z 0-9 . _ -}, the first a letter or a digit. (64 bytes is what Redis packs
     * tightly.)
     *
     * @param field the field's name, for the error
     * @param value the name
     * @return the name
     * @throws InvalidInputException if it is none
     */
    public static String require(String field, String value) {
        if (!allows(value)) {
            throw new InvalidInputException(
                    field, "must be 1 to 63 characters of A-Z a-z 0-9 . _ - and begin with a letter or a digit");
        }
        return value;
    }

    static boolean allows(String value) {
        return ALLOWED.matcher(value).matches();
    }

    /**
     * As {@link #require}, but absence is allowed.
     *
     * @param field the field's name, for the error
     * @param value the name, or null
     * @return the name, or null
     */
    public static @Nullable String optional(String field, @Nullable String value) {
        return value == null ? null : require(field, value);
    }
}
