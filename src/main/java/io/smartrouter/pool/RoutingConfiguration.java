package io.smartrouter.pool;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.SequencedSet;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A valid configuration of tiers and merchants. It cannot be made from an invalid one: every constructor and parser
 * here refuses it with a message that says what to mend.
 *
 * @param tiers tier (or {@code merchant:<pool>}) → policy, in the order in which they were written
 * @param defaultChain the pools to ask where a merchant names none
 * @param merchants merchant → policy
 */
public record RoutingConfiguration(
        SequencedMap<String, TierPolicy> tiers, List<String> defaultChain, Map<String, MerchantPolicy> merchants) {
    /** What the name of a merchant's own pool begins with. */
    public static final String MERCHANT_POOL = "merchant:";

    private static final TierPolicy OWN_POOL = new TierPolicy("exclusive", 0, null, null);

    /** Refuses chains that name what does not exist. A pool appears once in a chain. */
    public RoutingConfiguration {
        tiers = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(tiers));
        defaultChain = Collections.unmodifiableList(new ArrayList<>(new LinkedHashSet<>(defaultChain)));
        merchants = Collections.unmodifiableMap(new TreeMap<>(merchants));
        if (tiers.isEmpty()) {
            throw new InvalidInputException("tiers", "must name at least one tier");
        }
        for (String tier : tiers.keySet()) {
            Name.require("tiers", tier.startsWith(MERCHANT_POOL) ? tier.substring(MERCHANT_POOL.length()) : tier);
            if (tiers.get(tier) == null) {
                throw new InvalidInputException("tiers." + tier, "is null; give it a type or leave it out");
            }
        }
        if (defaultChain.isEmpty()) {
            throw new InvalidInputException("default_chain", "must name at least one tier");
        }
        Map<String, TierPolicy> known = tiers;
        defaultChain.forEach(tier -> requireTier(known, "default_chain", tier));
        for (var merchant : merchants.entrySet()) {
            String place = merchantConfig(merchant.getKey());
            MerchantPolicy policy = merchant.getValue();
            if (policy.tier() != null) {
                requireTier(known, place + ": tier", policy.tier());
            }
            if (policy.fallback() != null) {
                policy.fallback().forEach(tier -> requireTier(known, place + ": fallback", tier));
            }
        }
    }

    private record Tiers(
            @Nullable LinkedHashMap<String, TierPolicy> tiers,
            @JsonProperty("default_chain") @Nullable List<String> defaultChain) {}

    /**
     * Reads what operators write.
     *
     * @param tiersJson value of {@code voice:tier:config}
     * @param merchantsJson merchant → JSON, as in {@code voice:merchant:config}
     * @throws InvalidInputException if it is no valid configuration
     */
    public static RoutingConfiguration parse(String tiersJson, Map<String, String> merchantsJson) {
        Tiers read = ConfigurationJson.read(Tiers.class, "tier:config", tiersJson);
        LinkedHashMap<String, TierPolicy> tiers = read.tiers() == null ? new LinkedHashMap<>() : read.tiers();
        List<String> chain = read.defaultChain() == null
                ? tiers.keySet().stream()
                        .filter(tier -> !tier.startsWith(MERCHANT_POOL))
                        .toList()
                : read.defaultChain();
        Map<String, MerchantPolicy> merchants = new TreeMap<>();
        merchantsJson.forEach((name, json) -> merchants.put(name, parseMerchant(name, json)));
        return new RoutingConfiguration(tiers, chain, merchants);
    }

    /**
     * Reads one merchant.
     *
     * @param name the merchant, for the error
     * @param json its JSON
     * @throws InvalidInputException if it is none
     */
    public static MerchantPolicy parseMerchant(String name, String json) {
        return ConfigurationJson.read(MerchantPolicy.class, merchantConfig(name), json);
    }

    private static String merchantConfig(String merchant) {
        return "merchant:config of " + Name.require("merchant_id", merchant);
    }

    /** The tiers as operators write them. */
    public String tiersJson() {
        return ConfigurationJson.write(new Tiers(new LinkedHashMap<>(tiers), defaultChain));
    }

    /** One merchant as operators write it. */
    public static String json(MerchantPolicy policy) {
        return ConfigurationJson.write(policy);
    }

    /** All merchants as operators write them. */
    public Map<String, String> merchantsJson() {
        Map<String, String> all = new TreeMap<>();
        merchants.forEach((name, policy) -> all.put(name, json(policy)));
        return all;
    }

    /**
     * The pools to ask for a merchant, each once: its own pool, its tier, then its fallback or the default chain.
     *
     * @param merchant the merchant, known or not
     */
    public List<String> chainOf(@Nullable String merchant) {
        MerchantPolicy policy = merchant == null ? null : merchants.get(merchant);
        if (policy == null) {
            return defaultChain;
        }
        SequencedSet<String> chain = new LinkedHashSet<>();
        if (policy.pool() != null) {
            chain.add(MERCHANT_POOL + policy.pool());
        }
        if (policy.tier() != null) {
            chain.add(policy.tier());
        }
        chain.addAll(policy.fallback() == null ? defaultChain : policy.fallback());
        return List.copyOf(chain);
    }

    /** All tiers in the order in which pods are shared out: the default chain, then the others as written. */
    public List<String> order() {
        SequencedSet<String> order = new LinkedHashSet<>();
        for (String pool : defaultChain) {
            order.add(pool);
        }
        // What is left over goes to the last tier, which no pool of a single merchant should be.
        tiers.keySet().stream().filter(tier -> tier.startsWith(MERCHANT_POOL)).forEach(order::addFirst);
        tiers.keySet().stream().filter(tier -> !order.contains(tier)).forEach(order::add);
        return List.copyOf(order);
    }

    /** Policy of a pool; a merchant's own pool that is not among the tiers is exclusive and has no target. */
    public @Nullable TierPolicy policyOf(String pool) {
        TierPolicy policy = tiers.get(pool);
        return policy == null && pool.startsWith(MERCHANT_POOL) ? OWN_POOL : policy;
    }

    /** The form that the scripts read, as fields of {@code voice:config:applied}; see docs/redis.md. */
    Map<String, String> compiled() {
        Map<String, String> fields = new TreeMap<>();
        fields.put("chain", String.join(" ", defaultChain));
        fields.put("order", String.join(" ", order()));
        tiers.forEach((tier, policy) -> fields.put("policy:" + tier, compiled(policy)));
        fields.put("policy:merchant:*", compiled(OWN_POOL));
        merchants.forEach((name, policy) -> {
            fields.put("chain:" + name, String.join(" ", chainOf(name)));
            if (policy.maxConcurrentCalls() != null) {
                fields.put("limit:" + name, policy.maxConcurrentCalls().toString());
            }
        });
        return fields;
    }

    /**
     * Digest of what operators wrote: tells an edit from what is applied already.
     *
     * @param tiersJson as stored
     * @param merchantsJson as stored
     */
    static String sourceDigest(String tiersJson, Map<String, String> merchantsJson) {
        try {
            MessageDigest sha = MessageDigest.getInstance("SHA-256");
            sha.update(tiersJson.getBytes(StandardCharsets.UTF_8));
            new TreeMap<>(merchantsJson).forEach((name, json) -> {
                sha.update((byte) 0);
                sha.update(name.getBytes(StandardCharsets.UTF_8));
                sha.update((byte) 0);
                sha.update(json.getBytes(StandardCharsets.UTF_8));
            });
            return HexFormat.of().formatHex(sha.digest(), 0, 16);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    private static String compiled(TierPolicy policy) {
        return policy.capacity() + " " + policy.targetOrZero() + " " + policy.scoring();
    }

    private static void requireTier(Map<String, TierPolicy> tiers, String field, String tier) {
        if (!tiers.containsKey(tier)) {
            throw new InvalidInputException(field, "names a tier that does not exist; add it to \"tiers\" first");
        }
    }
}
