package io.smartrouter.stream;

import io.smartrouter.InvalidSettingException;
import io.smartrouter.pool.Allocation;
import io.smartrouter.pool.CallId;
import io.smartrouter.pool.Incarnation;
import io.smartrouter.pool.InvalidInputException;
import io.smartrouter.pool.Lease;
import io.smartrouter.pool.LeaseClaim;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Signs what a call's record says, and reads it back: {@code <key id>.<payload>.<signature>}, each but the id in
 * base64url. The same record gives the same token, so a retried answer is the same to the byte. Whether the lease is
 * still the call's is asked of the store; a forged token is refused here, without a question to Redis.
 */
@Component
public final class StreamToken {
    private static final String VERSION = "1";
    private static final int FIELDS = 12;
    private static final int MOST_CHARACTERS = 1_400;
    private static final int LEAST_SECRET = 32;
    private static final Pattern KEY_ID = Pattern.compile("[A-Za-z0-9_-]{1,16}");
    private static final Base64.Encoder BASE64 = Base64.getUrlEncoder().withoutPadding();

    private final SequencedMap<String, SecretKeySpec> keys = new LinkedHashMap<>();

    /**
     * Takes the keys.
     *
     * @throws InvalidSettingException if there is none, or one is malformed
     */
    public StreamToken(StreamProperties properties) {
        if (properties.keys().isEmpty()) {
            throw new InvalidSettingException(
                    "router.stream.keys",
                    "is empty; give at least one key: an id and a secret of 32 characters or more");
        }
        for (StreamProperties.Key key : properties.keys()) {
            if (!KEY_ID.matcher(key.id()).matches()) {
                throw new InvalidSettingException(
                        "router.stream.keys", "has an id that is not 1 to 16 characters of A-Z a-z 0-9 _ -");
            }
            if (key.secret().length() < LEAST_SECRET) {
                throw new InvalidSettingException(
                        "router.stream.keys", "the secret of key \"" + key.id() + "\" has fewer than 32 characters");
            }
            byte[] secret = key.secret().getBytes(StandardCharsets.UTF_8);
            if (keys.put(key.id(), new SecretKeySpec(secret, "HmacSHA256")) != null) {
                throw new InvalidSettingException("router.stream.keys", "has the id \"" + key.id() + "\" twice");
            }
        }
    }

    /** The token of a call's lease. */
    public String of(Allocation allocation) {
        String payload = String.join(
                "|",
                VERSION,
                allocation.call().value(),
                allocation.pod(),
                allocation.incarnation().toString(),
                allocation.lease().value(),
                Long.toString(allocation.allocatedAt().toEpochMilli()),
                allocation.connectBy() == null
                        ? ""
                        : Long.toString(allocation.connectBy().toEpochMilli()),
                text(allocation.provider()),
                text(allocation.account()),
                text(allocation.merchant()),
                allocation.pool(),
                Integer.toString(allocation.continues()));
        var signing = keys.firstEntry();
        String signed = signing.getKey() + "." + BASE64.encodeToString(payload.getBytes(StandardCharsets.UTF_8));
        return signed + "." + BASE64.encodeToString(mac(signing.getValue(), signed));
    }

    /**
     * What a token says, or empty if it is not one of ours. Neither time nor the store is asked.
     *
     * @param token whatever somebody sent
     */
    public Optional<LeaseClaim> verify(String token) {
        String[] parts = token.length() > MOST_CHARACTERS ? new String[0] : token.split("\\.", -1);
        if (parts.length != 3) {
            return Optional.empty();
        }
        SecretKeySpec key = keys.get(parts[0]);
        if (key == null) {
            return Optional.empty();
        }
        try {
            byte[] signature = Base64.getUrlDecoder().decode(parts[2]);
            if (!MessageDigest.isEqual(signature, mac(key, parts[0] + "." + parts[1]))) {
                return Optional.empty();
            }
            String payload = new String(Base64.getUrlDecoder().decode(parts[1]), StandardCharsets.UTF_8);
            return read(payload.split("\\|", -1));
        } catch (InvalidInputException e) {
            return Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.empty(); // no base64
        }
    }

    private static Optional<LeaseClaim> read(String[] field) {
        if (field.length != FIELDS || !field[0].equals(VERSION)) {
            return Optional.empty();
        }
        return Optional.of(new LeaseClaim(
                new CallId(field[1]),
                field[2],
                Incarnation.parse(field[3]),
                field[10],
                new Lease(field[4]),
                Instant.ofEpochMilli(Long.parseLong(field[5])),
                field[6].isEmpty() ? null : Instant.ofEpochMilli(Long.parseLong(field[6])),
                emptyToNull(field[7]),
                emptyToNull(field[8]),
                emptyToNull(field[9]),
                Integer.parseInt(field[11])));
    }

    private static byte[] mac(SecretKeySpec key, String text) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(key);
            return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has HmacSHA256", e);
        }
    }

    private static String text(@Nullable String value) {
        return value == null ? "" : value;
    }

    private static @Nullable String emptyToNull(String value) {
        return value.isEmpty() ? null : value;
    }
}
