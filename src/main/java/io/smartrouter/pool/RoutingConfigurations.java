package io.smartrouter.pool;

import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.annotation.Lazy;
import org.springframework.stereotype.Service;

/**
 * The configuration of tiers and merchants: reads what operators write (by API or straight into Redis), validates it,
 * applies it by compare-and-set, and moves pods when targets change. A bad edit changes nothing; {@link #problem()}
 * says why until it is mended.
 */
@Service
public class RoutingConfigurations implements ConfigurationSource {
    private static final Logger log = LoggerFactory.getLogger(RoutingConfigurations.class);
    private static final String DEFAULT_TIERS =
            "{\"tiers\":{\"default\":{\"type\":\"exclusive\",\"target\":0}},\"default_chain\":[\"default\"]}";
    private static final int MOST_CONFLICTS = 20;
    private static final Duration PLACEMENT_LOCK = Duration.ofSeconds(30);

    private final PoolStore store;
    private final SettlementStore settling;
    private final Settlement settlement;
    private final PoolProperties properties;
    private final Tokens tokens;
    private final AtomicReference<@Nullable Applied> newest = new AtomicReference<>();
    private volatile @Nullable String problem;
    private volatile String placed = "";

    RoutingConfigurations(
            PoolStore store,
            SettlementStore settling,
            @Lazy Settlement settlement, // which restores what is lost from here
            PoolProperties properties,
            Tokens tokens) {
        this.store = store;
        this.settling = settling;
        this.settlement = settlement;
        this.properties = properties;
        this.tokens = tokens;
        parseInitial(); // a bad setting stops the start
    }

    private record Applied(RoutingConfiguration configuration, String revision, String source) {}

    /** The configuration in effect, as this router last saw it; read from the store if it has not seen one yet. */
    public RoutingConfiguration current() {
        Applied seen = newest.get();
        if (seen == null) {
            poll();
            seen = newest.get();
        }
        if (seen == null) {
            throw new StoreUnavailableException("no valid configuration is known yet");
        }
        return seen.configuration();
    }

    /** Why the configuration that stands in Redis is not the one in effect, or empty if it is. */
    public Optional<String> problem() {
        return Optional.ofNullable(problem);
    }

    /**
     * Looks for edits, applies a valid one, and moves pods where targets changed. Safe to run on every router at once.
     */
    public void poll() {
        StoredConfiguration stored = stored();
        RoutingConfiguration parsed;
        String digest;
        try {
            String tiers = Optional.ofNullable(stored.tiers())
                    .orElseThrow(() -> new InvalidInputException("tier:config", "is missing; write it again"));
            parsed = RoutingConfiguration.parse(tiers, stored.merchants());
            digest = RoutingConfiguration.sourceDigest(tiers, stored.merchants());
        } catch (InvalidInputException e) {
            report(String.valueOf(e.getMessage()));
            return;
        }
        if (!digest.equals(stored.source())) {
            String revision = next(stored.revision());
            if (!store.configure(stored.revision(), new ConfigurationEdit.None(), compiled(parsed, digest))) {
                return; // another router was faster; the next look sees its work
            }
            log.info("configuration applied revision={}", revision);
            adopt(parsed, revision, digest);
        } else {
            adopt(parsed, stored.revision(), digest);
        }
        problem = null;
        place(parsed, digest);
    }

    /** Replaces the tiers and the default chain. */
    public void putTiers(String json) {
        edit(
                (tiers, merchants) -> RoutingConfiguration.parse(json, merchants),
                made -> new ConfigurationEdit.Tiers(made.tiersJson()));
    }

    /** Adds or replaces one tier; a new one goes to the end of the default chain unless it is a merchant's own pool. */
    public void putTier(String tier, TierPolicy policy) {
        editTiers(old -> {
            LinkedHashMap<String, TierPolicy> tiers = new LinkedHashMap<>(old.tiers());
            List<String> chain = new java.util.ArrayList<>(old.defaultChain());
            if (tiers.put(tier, policy) == null && !tier.startsWith(RoutingConfiguration.MERCHANT_POOL)) {
                chain.add(tier);
            }
            return new RoutingConfiguration(tiers, chain, old.merchants());
        });
    }

    /**
     * Removes a tier, also from the default chain; refused while a merchant names it.
     *
     * @return whether it was there
     */
    public boolean deleteTier(String tier) {
        if (!current().tiers().containsKey(tier)) {
            return false;
        }
        editTiers(old -> {
            LinkedHashMap<String, TierPolicy> tiers = new LinkedHashMap<>(old.tiers());
            tiers.remove(tier);
            List<String> chain = old.defaultChain().stream()
                    .filter(name -> !name.equals(tier))
                    .toList();
            return new RoutingConfiguration(tiers, chain, old.merchants());
        });
        return true;
    }

    /** Adds or replaces a merchant. */
    public void putMerchant(String merchant, MerchantPolicy policy) {
        Name.require("merchant_id", merchant);
        edit(
                (tiers, merchants) -> {
                    Map<String, String> changed = new HashMap<>(merchants);
                    changed.put(merchant, RoutingConfiguration.json(policy));
                    return RoutingConfiguration.parse(tiers, changed);
                },
                made -> new ConfigurationEdit.Merchant(merchant, RoutingConfiguration.json(policy)));
    }

    /**
     * Removes a merchant.
     *
     * @return whether it was there
     */
    public boolean deleteMerchant(String merchant) {
        Name.require("merchant_id", merchant);
        if (!current().merchants().containsKey(merchant)) {
            return false;
        }
        edit(
                (tiers, merchants) -> {
                    Map<String, String> changed = new HashMap<>(merchants);
                    changed.remove(merchant);
                    return RoutingConfiguration.parse(tiers, changed);
                },
                made -> new ConfigurationEdit.MerchantRemoved(merchant));
        return true;
    }

    @Override
    public void restore(String token) {
        StoredConfiguration stored = settling.configuration();
        Applied known = newest.get();
        RoutingConfiguration restored = null;
        ConfigurationEdit edit = new ConfigurationEdit.None();
        String tiers = stored.tiers();
        if (tiers != null) {
            try {
                restored = RoutingConfiguration.parse(tiers, stored.merchants());
            } catch (InvalidInputException e) {
                report(String.valueOf(e.getMessage()));
                if (stored.source() != null) {
                    return; // the last valid one stands, compiled
                }
            }
        }
        String digest;
        if (restored != null && tiers != null) {
            digest = RoutingConfiguration.sourceDigest(tiers, stored.merchants());
            if (digest.equals(stored.source())) {
                if (known == null || Long.parseLong(known.revision()) <= Long.parseLong(stored.revision())) {
                    return;
                }
                // Nobody edited it by hand, and this router knows a later one: a failover took the last edits.
                RoutingConfiguration newer = known.configuration();
                edit = new ConfigurationEdit.All(newer.tiersJson(), newer.merchantsJson());
                restored = newer;
                digest = RoutingConfiguration.sourceDigest(newer.tiersJson(), newer.merchantsJson());
            }
        } else {
            restored = known != null ? known.configuration() : parseInitial();
            edit = new ConfigurationEdit.All(restored.tiersJson(), restored.merchantsJson());
            digest = RoutingConfiguration.sourceDigest(restored.tiersJson(), restored.merchantsJson());
        }
        settling.configure(token, stored.revision(), edit, compiled(restored, digest));
    }

    /** What stands in Redis; settles a data set first that has no configuration. */
    private StoredConfiguration stored() {
        return settlement.around(() -> {
            StoredConfiguration read = store.configuration();
            if (read.source() == null) {
                throw new UnsettledException("no configuration applied");
            }
            Applied known = newest.get();
            if (known != null && Long.parseLong(read.revision()) < Long.parseLong(known.revision())) {
                // A plain read passes no gate. If a failover brought the older one, it must not replace what we know.
                if (!settlement.settle()) {
                    throw new UnsettledException("an older configuration stands");
                }
                return store.configuration();
            }
            return read;
        });
    }

    private void editTiers(UnaryOperator<RoutingConfiguration> change) {
        edit(
                (tiers, merchants) -> change.apply(RoutingConfiguration.parse(tiers, merchants)),
                made -> new ConfigurationEdit.Tiers(made.tiersJson()));
    }

    private interface Change {
        RoutingConfiguration apply(String tiers, Map<String, String> merchants);
    }

    private void edit(Change change, Function<RoutingConfiguration, ConfigurationEdit> written) {
        for (int i = 0; i < MOST_CONFLICTS; i++) {
            StoredConfiguration stored = stored();
            String tiers = stored.tiers();
            if (tiers == null) {
                throw new InvalidInputException("tier:config", "is missing in Redis; write it again first");
            }
            RoutingConfiguration made = change.apply(tiers, stored.merchants());
            ConfigurationEdit edit = written.apply(made);
            String digest = digestAfter(edit, tiers, stored.merchants());
            boolean applied = settlement.around(() -> store.configure(stored.revision(), edit, compiled(made, digest)));
            if (applied) {
                log.info("configuration applied revision={}", next(stored.revision()));
                adopt(made, next(stored.revision()), digest);
                place(made, digest);
                return;
            }
        }
        throw new StoreUnavailableException("the configuration is being edited by many at once; try again");
    }

    private static String digestAfter(ConfigurationEdit edit, String tiers, Map<String, String> merchants) {
        Map<String, String> after = new TreeMap<>(merchants);
        String tiersAfter = tiers;
        switch (edit) {
            case ConfigurationEdit.None none -> {}
            case ConfigurationEdit.Tiers changed -> tiersAfter = changed.json();
            case ConfigurationEdit.Merchant changed -> after.put(changed.merchant(), changed.json());
            case ConfigurationEdit.MerchantRemoved removed -> after.remove(removed.merchant());
            case ConfigurationEdit.All all -> {
                return RoutingConfiguration.sourceDigest(all.tiers(), all.merchants());
            }
        }
        return RoutingConfiguration.sourceDigest(tiersAfter, after);
    }

    /** Moves pods where targets changed; one router does it, and the next look repeats what it left undone. */
    private void place(RoutingConfiguration configuration, String digest) {
        if (placed.equals(digest)) {
            return;
        }
        String token = tokens.next();
        if (!store.lockTask("placement", token, PLACEMENT_LOCK)) {
            return;
        }
        try {
            Collection<Pod> pods = store.pods();
            PlacementPlan.of(configuration, pods)
                    .moves()
                    .forEach((pod, pool) -> settlement.around(() -> store.place(pod, pool)));
            placed = digest;
        } finally {
            store.unlockTask("placement", token);
        }
    }

    private void adopt(RoutingConfiguration configuration, String revision, String source) {
        newest.set(new Applied(configuration, revision, source));
    }

    private void report(String message) {
        if (!message.equals(problem)) {
            log.error("configuration in Redis is refused, the last valid one stays in effect problem=\"{}\"", message);
        }
        problem = message;
    }

    private RoutingConfiguration parseInitial() {
        String tiers = properties.config().tiers();
        return RoutingConfiguration.parse(tiers == null ? DEFAULT_TIERS : tiers, Map.of());
    }

    private static Map<String, String> compiled(RoutingConfiguration configuration, String digest) {
        Map<String, String> fields = new TreeMap<>(configuration.compiled());
        fields.put("source", digest);
        return fields;
    }

    private static String next(String revision) {
        return Long.toString(Long.parseLong(revision) + 1);
    }
}
