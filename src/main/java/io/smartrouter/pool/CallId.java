package io.smartrouter.pool;

import java.util.regex.Pattern;

/**
 * A call's {@code call_sid}, as its provider names it: 1 to 128 of {@code A-Z a-z 0-9 . _ : -}, so it can stand in a
 * key, a path and a log line as it is.
 *
 * @param value the sid
 */
public record CallId(String value) {
    private static final Pattern ALLOWED = Pattern.compile("[A-Za-z0-9._:-]{1,128}");

    /** Refuses what is no call id. */
    public CallId {
        if (!isValid(value)) {
            throw new InvalidInputException("call_sid", "must be 1 to 128 characters of A-Z a-z 0-9 . _ : -");
        }
    }

    /** Whether a text can be a call id. */
    public static boolean isValid(String text) {
        return ALLOWED.matcher(text).matches();
    }

    @Override
    public String toString() {
        return value;
    }
}
