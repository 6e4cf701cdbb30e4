package io.smartrouter.pool;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What operators write, all of it, word for word: a configuration is made from it, and its digest tells an edit from
 * what is applied already.
 *
 * @param tiers value of {@code voice:tier:config}
 * @param merchants merchant → JSON, as in {@code voice:merchant:config}
 * @param numbers number → merchant, as in {@code voice:number:config}
 */
record ConfigurationText(String tiers, Map<String, String> merchants, Map<String, String> numbers) {
    ConfigurationText {
        merchants = Map.copyOf(merchants);
        numbers = Map.copyOf(numbers);
    }

    /**
     * What stands in the store.
     *
     * @throws InvalidInputException if the tiers are missing: nobody wrote that
     */
    static ConfigurationText of(StoredConfiguration stored) {
        String tiers = stored.tiers();
        if (tiers == null) {
            throw new InvalidInputException("tier:config", "is missing in Redis; write it again");
        }
        return new ConfigurationText(tiers, stored.merchants(), stored.numbers());
    }

    /** A configuration, written down. */
    static ConfigurationText of(RoutingConfiguration configuration) {
        return new ConfigurationText(
                configuration.tiersJson(),
                configuration.merchantsJson(),
                configuration.numbers().source());
    }

    /**
     * Reads it.
     *
     * @throws InvalidInputException if it is no valid configuration
     */
    RoutingConfiguration parse() {
        return RoutingConfiguration.parse(tiers, merchants, numbers);
    }

    /** Whose a number is, in whichever spelling it stands; {@code invalid} where no merchant can have that name. */
    Optional<String> merchantAt(String number) {
        return Optional.ofNullable(numbers.getOrDefault(number, numbers.get(Numbers.otherSpelling(number))))
                .map(merchant -> Name.allows(merchant) ? merchant : "invalid");
    }

    /** As it stands once the edit is written. The script {@code configure} writes the same. */
    ConfigurationText after(ConfigurationEdit edit) {
        return switch (edit) {
            case ConfigurationEdit.None none -> this;
            case ConfigurationEdit.Tiers changed -> new ConfigurationText(changed.json(), merchants, numbers);
            case ConfigurationEdit.Merchant changed -> {
                Map<String, String> after = new HashMap<>(merchants);
                after.put(changed.merchant(), changed.json());
                yield new ConfigurationText(tiers, after, numbers);
            }
            case ConfigurationEdit.MerchantRemoved removed -> {
                Map<String, String> after = new HashMap<>(merchants);
                after.remove(removed.merchant());
                yield new ConfigurationText(tiers, after, numbers);
            }
            case ConfigurationEdit.NumberGiven changed -> {
                Map<String, String> after = new HashMap<>(numbers);
                after.remove(Numbers.otherSpelling(changed.number()));
                after.put(changed.number(), changed.merchant());
                yield new ConfigurationText(tiers, merchants, after);
            }
            case ConfigurationEdit.NumberRemoved removed -> {
                Map<String, String> after = new HashMap<>(numbers);
                after.remove(removed.number());
                after.remove(Numbers.otherSpelling(removed.number()));
                yield new ConfigurationText(tiers, merchants, after);
            }
            case ConfigurationEdit.All all -> new ConfigurationText(all.tiers(), all.merchants(), all.numbers());
        };
    }

    /** The edit that writes all of it. */
    ConfigurationEdit.All all() {
        return new ConfigurationEdit.All(tiers, merchants, numbers);
    }

    /**
     * Digest of it. Without numbers it is what it was before there were any, so that a router of this version finds
     * applied what an older one applied.
     */
    String digest() {
        try {
            MessageDigest sha = MessageDigest.getInstance("SHA-256");
            sha.update(bytes(tiers));
            add(sha, (byte) 0, merchants);
            add(sha, (byte) 1, numbers); // no JSON holds a 1, so no merchant can be taken for a number
            return HexFormat.of().formatHex(sha.digest(), 0, 16);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    private static void add(MessageDigest sha, byte kind, Map<String, String> entries) {
        new TreeMap<>(entries).forEach((name, value) -> {
            sha.update(kind);
            sha.update(bytes(name));
            sha.update((byte) 0);
            sha.update(bytes(value));
        });
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** Its size alone: numbers end in no log. */
    @Override
    public String toString() {
        return "ConfigurationText[merchants=" + merchants.size() + " numbers=" + numbers.size() + "]";
    }
}
