package io.smartrouter.pool;

import java.util.regex.Pattern;

/**
 * The proof that a call holds a pod: a random id, new with each pod that the call gets.
 *
 * @param value 22 characters of base64url, 128 random bits
 */
public record Lease(String value) {
    private static final Pattern ALLOWED = Pattern.compile("[A-Za-z0-9_-]{1,64}");

    /** Refuses what cannot be a lease. */
    public Lease {
        if (!ALLOWED.matcher(value).matches()) {
            throw new InvalidInputException("lease", "is malformed");
        }
    }

    @Override
    public String toString() {
        return value;
    }
}
