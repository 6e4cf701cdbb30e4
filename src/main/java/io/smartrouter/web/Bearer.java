package io.smartrouter.web;

import jakarta.servlet.http.HttpServletRequest;
import java.util.Optional;

/** Reads the bearer token of a request; whoever has it must never log it. */
public final class Bearer {
    private static final String SCHEME = "Bearer ";
    private static final int MOST_CHARACTERS = 2_048;

    private Bearer() {}

    /** The token of {@code Authorization: Bearer …}, or empty if there is none of a bearable length. */
    public static Optional<String> of(HttpServletRequest request) {
        String header = request.getHeader("Authorization");
        if (header == null
                || header.length() > MOST_CHARACTERS
                || !header.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
            return Optional.empty();
        }
        String token = header.substring(SCHEME.length()).strip();
        return token.isEmpty() ? Optional.empty() : Optional.of(token);
    }
}
