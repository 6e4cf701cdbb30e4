package io.smartrouter.pool;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.SequencedSet;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A valid configuration of tiers, merchants and numbers. It cannot be made from an invalid one: every constructor and parser
 * here refuses it with a message that says what to mend.
 *
 * @param tiers tier (or {@code merchant:<pool>}) → policy, in the order in which they were written
 * @param defaultChain the pools to ask where a merchant names none
 * @param exhausted what callers get when no pod is free and their merchant has nothing of its own
 * @param merchants merchant → policy
 * @param numbers whose a dialled number is; a merchant in it need not be configured
 */
public record RoutingConfiguration(
        SequencedMap<String, TierPolicy> tiers,
        List<String> defaultChain,
        ExhaustedPolicy exhausted,
        Map<String, MerchantPolicy> merchants,
        Numbers numbers) {
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

    /** One with no answer for the exhausted and without numbers. */
    public RoutingConfiguration(
            SequencedMap<String, TierPolicy> tiers, List<String> defaultChain, Map<String, MerchantPolicy> merchants) {
        this(tiers, defaultChain, ExhaustedPolicy.NONE, merchants, Numbers.NONE);
    }

    @JsonInclude(JsonInclude.Include.NON_NULL)
    private record Tiers(
            @Nullable LinkedHashMap<String, TierPolicy> tiers,
            @JsonProperty("default_chain") @Nullable List<String> defaultChain,
            @JsonProperty("when_exhausted") @Nullable WhenExhausted whenExhausted,
            @JsonProperty("when_exhausted_at") @Nullable Map<String, WhenExhausted> whenExhaustedAt) {}

    /** As the other {@code parse}, without numbers. */
    public static RoutingConfiguration parse(String tiersJson, Map<String, String> merchantsJson) {
        return parse(tiersJson, merchantsJson, Map.of());
    }

    /**
     * Reads what operators write.
     *
     * @param tiersJson value of {@code voice:tier:config}
     * @param merchantsJson merchant → JSON, as in {@code voice:merchant:config}
     * @param numbers number → merchant, as in {@code voice:number:config}
     * @throws InvalidInputException if it is no valid configuration
     */
    public static RoutingConfiguration parse(
            String tiersJson, Map<String, String> merchantsJson, Map<String, String> numbers) {
        Tiers read = ConfigurationJson.read(Tiers.class, "tier:config", tiersJson);
        LinkedHashMap<String, TierPolicy> tiers = read.tiers() == null ? new LinkedHashMap<>() : read.tiers();
        List<String> chain = read.defaultChain() == null
                ? tiers.keySet().stream()
                        .filter(tier -> !tier.startsWith(MERCHANT_POOL))
                        .toList()
                : read.defaultChain();
        Map<String, MerchantPolicy> merchants = new TreeMap<>();
        merchantsJson.forEach((name, json) -> merchants.put(name, parseMerchant(name, json)));
        ExhaustedPolicy exhausted = ExhaustedPolicy.of(read.whenExhausted(), read.whenExhaustedAt());
        return new RoutingConfiguration(tiers, chain, exhausted, merchants, Numbers.parse(numbers));
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
        return ConfigurationJson.write(new Tiers(
                new LinkedHashMap<>(tiers),
                defaultChain,
                exhausted.everywhere(),
                exhausted.at().isEmpty() ? null : exhausted.at()));
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

    /**
     * What a caller gets when no pod is free: the first that there is of the merchant's answer at the provider, the
     * merchant's, the default at the provider, the default.
     *
     * @param merchant the call's merchant, known or not
     * @param provider the call's provider, known or not
     */
    public Optional<WhenExhausted> whenExhausted(@Nullable String merchant, @Nullable String provider) {
        return Optional.ofNullable(merchant)
                .map(merchants::get)
                .flatMap(policy -> policy.exhausted().at(provider))
                .or(() -> exhausted.at(provider));
    }

    /**
     * Whose number was dialled: that of the number itself, else of the longest prefix that is configured.
     *
     * @param dialled as a provider writes it: digits with or without a +; spaces, dashes, parentheses and dots are left
     *     out. Anything else, such as a SIP address, belongs to no merchant
     */
    public Optional<String> merchantOf(@Nullable String dialled) {
        return numbers.merchantOf(dialled);
    }

    /** The same merchants and numbers with other tiers. */
    RoutingConfiguration withTiers(SequencedMap<String, TierPolicy> other, List<String> chain) {
        return new RoutingConfiguration(other, chain, exhausted, merchants, numbers);
    }

    /**
     * What of it cannot be done.
     *
     * @param abilities provider → what it can do with a caller for whom no pod is free
     */
    List<ExhaustedPolicy.Undoable> undoable(Map<String, Set<WhenExhausted.Action>> abilities) {
        List<ExhaustedPolicy.Undoable> all = new ArrayList<>(exhausted.undoable("", abilities));
        merchants.forEach(
                (name, policy) -> all.addAll(policy.exhausted().undoable(merchantConfig(name) + ": ", abilities)));
        return all;
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

    private static String compiled(TierPolicy policy) {
        return policy.capacity() + " " + policy.targetOrZero() + " " + policy.scoring();
    }

    private static void requireTier(Map<String, TierPolicy> tiers, String field, String tier) {
        if (!tiers.containsKey(tier)) {
            throw new InvalidInputException(field, "names a tier that does not exist; add it to \"tiers\" first");
        }
    }
}
