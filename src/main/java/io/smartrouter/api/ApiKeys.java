package io.smartrouter.api;

import io.smartrouter.InvalidSettingException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/** The API keys in force, as hashes. Every key is compared, in constant time, whatever was sent. */
@Component
class ApiKeys {
    private static final Logger log = LoggerFactory.getLogger(ApiKeys.class);
    private static final String SETTING = "router.api.keys";
    private static final int LEAST_SECRET = 24;
    private static final Pattern ID = Pattern.compile("[A-Za-z0-9._-]{1,63}");

    private final Map<Caller, byte[]> keys;

    /** What a key may do. */
    enum Role {
        /** Reads everything, changes nothing. */
        READ,
        /** Does everything. */
        OPERATOR
    }

    /**
     * A key that was recognised.
     *
     * @param id its name, for the log
     * @param role what it may do
     */
    record Caller(String id, Role role) {
        /** Everybody, where the API is open. */
        static final Caller ANYBODY = new Caller("open", Role.OPERATOR);
    }

    /**
     * Takes the keys.
     *
     * @throws InvalidSettingException if there is none and the API is not open, or one is malformed
     */
    ApiKeys(ApiProperties properties) {
        if (properties.open() != properties.keys().isEmpty()) {
            throw properties.open()
                    ? new InvalidSettingException(
                            "router.api.open", "is true although router.api.keys has keys; remove one of the two")
                    : new InvalidSettingException(
                            SETTING,
                            "is empty; give at least one key: an id, a role (read or operator), and a secret of "
                                    + LEAST_SECRET
                                    + " characters or more (or its file); or say router.api.open: true aloud");
        }
        Map<Caller, byte[]> known = new LinkedHashMap<>();
        Set<String> ids = new HashSet<>();
        for (ApiKey key : properties.keys()) {
            if (!ID.matcher(key.id()).matches()) {
                throw new InvalidSettingException(SETTING, "has an id that is not 1 to 63 of A-Z a-z 0-9 . _ -");
            }
            if (!ids.add(key.id())) {
                throw wrong(key, "is there twice");
            }
            byte[] hash = hashOf(key);
            if (known.values().stream().anyMatch(other -> MessageDigest.isEqual(other, hash))) {
                throw wrong(key, "has the secret of another key");
            }
            known.put(new Caller(key.id(), roleOf(key)), hash);
        }
        keys = Map.copyOf(known);
        if (properties.open()) {
            log.warn("api is open: anybody who reaches it may allocate, release, drain and configure");
        }
    }

    /** Whether no key is asked for. */
    boolean isOpen() {
        return keys.isEmpty();
    }

    /**
     * Whose key this is, or empty.
     *
     * @param secret as the header had it; Tomcat reads headers as ISO 8859-1, so these are the bytes that were sent
     */
    Optional<Caller> callerOf(String secret) {
        byte[] hash = ApiKey.hash(secret.getBytes(StandardCharsets.ISO_8859_1));
        Optional<Caller> caller = Optional.empty();
        for (var key : keys.entrySet()) {
            if (MessageDigest.isEqual(key.getValue(), hash)) {
                caller = Optional.of(key.getKey());
            }
        }
        return caller;
    }

    private static Role roleOf(ApiKey key) {
        return switch (key.role()) {
            case "read" -> Role.READ;
            case "operator" -> Role.OPERATOR;
            default -> throw wrong(key, "needs a role: read or operator");
        };
    }

    private static byte[] hashOf(ApiKey key) {
        byte[] hash = key.hash();
        String file = key.file();
        if ((hash == null) == (file == null)) {
            throw wrong(key, "needs either a secret or a file");
        }
        if (hash != null) {
            return longEnough(key, key.length(), hash);
        }
        try {
            String secret = Files.readString(Path.of(String.valueOf(file))).strip();
            return longEnough(key, secret.length(), ApiKey.hash(secret.getBytes(StandardCharsets.UTF_8)));
        } catch (IOException | InvalidPathException e) {
            throw wrong(key, "names a file that cannot be read as UTF-8 text");
        }
    }

    private static byte[] longEnough(ApiKey key, int length, byte[] hash) {
        if (length < LEAST_SECRET) {
            throw wrong(key, "has a secret of fewer than " + LEAST_SECRET + " characters; make a longer random one");
        }
        return hash;
    }

    private static InvalidSettingException wrong(ApiKey key, String problem) {
        return new InvalidSettingException(SETTING, "key \"" + key.id() + "\" " + problem);
    }
}
