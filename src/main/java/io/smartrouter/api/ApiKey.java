package io.smartrouter.api;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * One API key as configured. No record, for it forgets the secret: what it keeps is its SHA-256 and its length. (The
 * secret has at least 24 random characters, so a slow hash would add nothing.)
 */
public final class ApiKey {
    private final String id;
    private final @Nullable String file;
    private final String role;
    private final byte @Nullable [] hash;
    private final int length;

    /**
     * Takes the settings; {@link ApiKeys} checks them.
     *
     * @param id the name by which logs call it
     * @param secret the secret, or null if a file has it
     * @param file path of a file whose text is the secret, or null
     * @param role {@code read} or {@code operator}
     */
    public ApiKey(
            @DefaultValue("") String id,
            @Nullable String secret,
            @Nullable String file,
            @DefaultValue("") String role) {
        this.id = id;
        this.file = file;
        this.role = role;
        this.hash = secret == null ? null : hash(secret.getBytes(StandardCharsets.UTF_8));
        this.length = secret == null ? 0 : secret.length();
    }

    String id() {
        return id;
    }

    @Nullable
    String file() {
        return file;
    }

    String role() {
        return role;
    }

    byte @Nullable [] hash() {
        return hash == null ? null : hash.clone();
    }

    int length() {
        return length;
    }

    static byte[] hash(byte[] secret) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(secret);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    @Override
    public String toString() {
        return "ApiKey[id=" + id + ", role=" + role + "]";
    }
}
