package io.smartrouter.pool;

import java.security.SecureRandom;
import java.util.Base64;

/** Source of random ids: leases and lock tokens. Tests give their own. */
@FunctionalInterface
public interface Tokens {
    /** A new id that nobody can guess, of characters that may stand in a key, a path or a header. */
    String next();

    /** 128 random bits as 22 characters of base64url. */
    static Tokens secure() {
        SecureRandom random = new SecureRandom();
        return () -> {
            byte[] bytes = new byte[16];
            random.nextBytes(bytes);
            return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
        };
    }
}
