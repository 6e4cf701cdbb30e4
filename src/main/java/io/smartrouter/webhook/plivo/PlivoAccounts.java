package io.smartrouter.webhook.plivo;

import io.smartrouter.InvalidSettingException;
import io.smartrouter.pool.InvalidInputException;
import io.smartrouter.pool.Name;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.function.Predicate;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** The configured accounts and their auth tokens. */
final class PlivoAccounts {
    static final String SETTING = "router.providers.plivo.accounts";
    private static final String HMAC = "HmacSHA256";
    private static final int MOST_TOKENS = 2;
    private static final int LEAST_CHARACTERS = 16;

    private final SequencedMap<String, List<SecretKeySpec>> accounts = new LinkedHashMap<>();

    /**
     * Takes them out of the settings.
     *
     * @throws InvalidSettingException if one is malformed, or a file cannot be read
     */
    PlivoAccounts(List<PlivoProperties.Account> settings) {
        Map<String, String> owners = new LinkedHashMap<>();
        for (int i = 0; i < settings.size(); i++) {
            PlivoProperties.Account account = settings.get(i);
            String setting = SETTING + "[" + i + "]";
            requireId(setting, account.id());
            List<String> tokens = tokens(setting, account);
            for (String token : tokens) {
                if (owners.put(token, account.id()) != null) {
                    throw new InvalidSettingException(
                            setting, "has a token that is configured twice: it would not tell whose a request is");
                }
            }
            List<SecretKeySpec> keys = tokens.stream()
                    .map(token -> new SecretKeySpec(token.getBytes(StandardCharsets.UTF_8), HMAC))
                    .toList();
            if (accounts.put(account.id(), keys) != null) {
                throw new InvalidSettingException(
                        setting + ".id", "is configured twice; give both tokens to one entry");
            }
        }
    }

    boolean isEmpty() {
        return accounts.isEmpty();
    }

    boolean has(String id) {
        return accounts.containsKey(id);
    }

    /**
     * The account with whose token the text was signed, or empty.
     *
     * @param text what was signed
     * @param which the accounts that it may be
     * @param matches whether a MAC is one of those that came, compared in constant time
     */
    Optional<String> signer(String text, Predicate<String> which, Predicate<byte[]> matches) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return accounts.entrySet().stream()
                .filter(account -> which.test(account.getKey()))
                .filter(account -> account.getValue().stream().anyMatch(key -> matches.test(mac(key, bytes))))
                .map(Map.Entry::getKey)
                .findFirst();
    }

    private static void requireId(String setting, String id) {
        try {
            Name.require("id", id);
        } catch (InvalidInputException e) {
            throw new InvalidSettingException(
                    setting, "its " + e.getMessage() + "; it is the Auth ID of Plivo's console");
        }
    }

    private static List<String> tokens(String setting, PlivoProperties.Account account) {
        List<String> tokens = new ArrayList<>(account.tokens());
        account.tokenFiles().forEach(file -> tokens.add(read(setting, file)));
        if (tokens.isEmpty() || tokens.size() > MOST_TOKENS) {
            throw new InvalidSettingException(
                    setting, "needs one auth token, or two while one is turned, in tokens or token-files");
        }
        if (tokens.stream().anyMatch(token -> token.strip().length() < LEAST_CHARACTERS)) {
            throw new InvalidSettingException(
                    setting, "has an auth token of fewer than " + LEAST_CHARACTERS + " characters");
        }
        return tokens;
    }

    private static String read(String setting, Path file) {
        try {
            return Files.readString(file).strip();
        } catch (IOException e) {
            throw new InvalidSettingException(setting + ".token-files", "a file cannot be read: " + file);
        }
    }

    private static byte[] mac(SecretKeySpec key, byte[] text) {
        try {
            Mac mac = Mac.getInstance(HMAC);
            mac.init(key);
            return mac.doFinal(text);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has " + HMAC, e);
        }
    }
}
