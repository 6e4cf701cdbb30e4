package io.smartrouter.webhook;

import io.smartrouter.InvalidSettingException;
import io.smartrouter.pool.InvalidInputException;
import io.smartrouter.pool.Name;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.function.Predicate;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * The accounts of one provider that are configured, each with its one secret, or two while a secret is turned. Whose a
 * request is follows from the secret that proves it, so no secret may stand at two accounts.
 */
public final class Accounts {
    private static final int MOST_TOKENS = 2;
    private static final int LEAST_CHARACTERS = 16;

    private final String algorithm;
    private final SequencedMap<String, List<SecretKeySpec>> accounts = new LinkedHashMap<>();

    /**
     * One account as it stands in the settings.
     *
     * @param id its id at the provider
     * @param tokens its secrets: one, or two while one is being turned
     * @param tokenFiles files that hold one secret each, in place of tokens or besides them
     */
    public record Account(
            String id,
            @DefaultValue List<String> tokens,
            @DefaultValue List<Path> tokenFiles) {
        /** Copies the lists. */
        public Account {
            tokens = List.copyOf(tokens);
            tokenFiles = List.copyOf(tokenFiles);
        }

        @Override
        public String toString() {
            return "Account[id=" + id + "]"; // tokens are secrets
        }
    }

    /**
     * Takes them out of the settings.
     *
     * @param setting where they stand, such as {@code router.providers.plivo.accounts}
     * @param algorithm of the MAC that the secrets are keys of, such as {@code HmacSHA256}
     * @param settings the accounts
     * @throws InvalidSettingException if one is malformed, or a file cannot be read
     */
    public Accounts(String setting, String algorithm, List<Account> settings) {
        this.algorithm = algorithm;
        Map<String, String> owners = new LinkedHashMap<>();
        for (int i = 0; i < settings.size(); i++) {
            Account account = settings.get(i);
            String place = setting + "[" + i + "]";
            requireId(place, account.id());
            List<String> tokens = tokens(place, account);
            for (String token : tokens) {
                if (owners.put(token, account.id()) != null) {
                    throw new InvalidSettingException(
                            place, "has a token that is configured twice: it would not tell whose a request is");
                }
            }
            List<SecretKeySpec> keys = tokens.stream()
                    .map(token -> new SecretKeySpec(token.getBytes(StandardCharsets.UTF_8), algorithm))
                    .toList();
            if (accounts.put(account.id(), keys) != null) {
                throw new InvalidSettingException(place + ".id", "is configured twice; give both tokens to one entry");
            }
        }
    }

    /** Whether none is configured: then nothing can be proven. */
    public boolean isEmpty() {
        return accounts.isEmpty();
    }

    /** Whether this account is configured. */
    public boolean has(String id) {
        return accounts.containsKey(id);
    }

    /**
     * The account with whose secret the text was signed, or empty.
     *
     * @param text what was signed
     * @param which the accounts that it may be
     * @param matches whether a MAC is one of those that came, compared in constant time
     */
    public Optional<String> signer(String text, Predicate<String> which, Predicate<byte[]> matches) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return accountWith(which, key -> matches.test(mac(key, bytes)));
    }

    /**
     * The account whose secret was sent as it is, or empty; compared in constant time.
     *
     * @param secret what was sent
     */
    public Optional<String> holder(String secret) {
        byte[] sent = secret.getBytes(StandardCharsets.UTF_8);
        return accountWith(account -> true, key -> MessageDigest.isEqual(sent, key.getEncoded()));
    }

    /**
     * The account whose secret passes a test of the provider's own, or empty.
     *
     * @param which the accounts that it may be
     * @param passes the test; takes the secret's bytes
     */
    public Optional<String> accountWith(Predicate<String> which, Predicate<SecretKeySpec> passes) {
        return accounts.entrySet().stream()
                .filter(account -> which.test(account.getKey()))
                .filter(account -> account.getValue().stream().anyMatch(passes))
                .map(Map.Entry::getKey)
                .findFirst();
    }

    private static void requireId(String place, String id) {
        try {
            Name.require("id", id);
        } catch (InvalidInputException e) {
            throw new InvalidSettingException(
                    place, "its " + e.getMessage() + "; it is the account's id in the provider's console");
        }
    }

    private static List<String> tokens(String place, Account account) {
        List<String> tokens = new ArrayList<>(account.tokens());
        account.tokenFiles().forEach(file -> tokens.add(read(place, file)));
        if (tokens.isEmpty() || tokens.size() > MOST_TOKENS) {
            throw new InvalidSettingException(
                    place, "needs one token, or two while one is turned, in tokens or token-files");
        }
        if (tokens.stream().anyMatch(token -> token.strip().length() < LEAST_CHARACTERS)) {
            throw new InvalidSettingException(place, "has a token of fewer than " + LEAST_CHARACTERS + " characters");
        }
        return tokens;
    }

    private static String read(String place, Path file) {
        try {
            return Files.readString(file).strip();
        } catch (IOException e) {
            throw new InvalidSettingException(place + ".token-files", "a file cannot be read: " + file);
        }
    }

    private byte[] mac(SecretKeySpec key, byte[] text) {
        try {
            Mac mac = Mac.getInstance(algorithm);
            mac.init(key);
            return mac.doFinal(text);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has " + algorithm, e);
        }
    }
}
