package io.smartrouter.webhook.vonage;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Vonage's side of signed webhooks, written a second time from its documentation and with the JDK alone: text put
 * together, {@code Mac} and {@code MessageDigest}. Tests sign with it, so that it and the library must agree.
 */
public final class VonageSigner {
    /** A signature secret of the tests, shorter than a JWT library likes it. */
    public static final String SECRET = "sixteen-or-more-1";

    /** An API key of the tests. */
    public static final String KEY = "abcd1234";

    private static final String HS256 = "{\"typ\":\"JWT\",\"alg\":\"HS256\"}";

    private VonageSigner() {}

    /** The value of {@code Authorization} for this body. */
    public static String bearer(String secret, String apiKey, Instant issued, String body) {
        return "Bearer " + token(secret, claims(apiKey, issued, body));
    }

    /** The claims as Vonage writes them. */
    public static String claims(String apiKey, Instant issued, String body) {
        return "{\"iat\":" + issued.getEpochSecond()
                + ",\"jti\":\"c5ba8f24-1a14-4c10-bfdf-3fbe8ce511b5\",\"iss\":\"Vonage\",\"payload_hash\":\""
                + sha256(body)
                + "\",\"api_key\":\"" + apiKey + "\",\"application_id\":\"aaaaaaaa-bbbb-cccc-dddd-0123456789ab\"}";
    }

    /** A token with these claims. */
    public static String token(String secret, String claims) {
        return token(HS256, "HmacSHA256", secret.getBytes(StandardCharsets.UTF_8), claims);
    }

    static String token(String header, String algorithm, byte[] key, String claims) {
        String signed =
                base64(header.getBytes(StandardCharsets.UTF_8)) + "." + base64(claims.getBytes(StandardCharsets.UTF_8));
        return signed + "." + base64(mac(algorithm, key, signed));
    }

    static String sha256(String body) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(body.getBytes(StandardCharsets.UTF_8));
            return String.format("%064x", new BigInteger(1, hash));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    static byte[] mac(String algorithm, byte[] key, String text) {
        try {
            Mac mac = Mac.getInstance(algorithm);
            mac.init(new SecretKeySpec(key, algorithm));
            return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    static String base64(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }
}
