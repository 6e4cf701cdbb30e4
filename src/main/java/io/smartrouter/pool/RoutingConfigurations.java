package io.smartrouter.pool;

import io.smartrouter.pool.ExhaustedPolicy.Undoable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.annotation.Lazy;
import org.springframework.stereotype.Service;

/**
 * The configuration of tiers, merchants and numbers: reads what operators write (by API or straight into Redis),
 * validates it, applies it by compare-and-set, and moves pods when targets change. A bad edit changes nothing;
 * {@link #problem()} says why until it is mended.
 *
 * <p>An edit that asks for what a provider in use here cannot do is a bad one. But what providers can do differs from
 * router to router and from release to release: what is applied already stays in effect here too, is reported, and does
 * not stand in the way of other edits.
 */
@Service
public class RoutingConfigurations implements ConfigurationSource {
    private static final Logger log = LoggerFactory.getLogger(RoutingConfigurations.class);
    private static final String DEFAULT_TIERS =
            "{\"tiers\":{\"default\":{\"type\":\"exclusive\",\"target\":0}},\"default_chain\":[\"default\"]}";
    private static final int MOST_CONFLICTS = 20;

    private final PoolStore store;
    private final SettlementStore settling;
    private final Settlement settlement;
    private final PoolProperties properties;
    private final ProviderAbilities abilities;
    private final PodPlacement placement;
    private final AtomicReference<@Nullable Applied> newest = new AtomicReference<>();
    private volatile @Nullable String problem;

    RoutingConfigurations(
            PoolStore store,
            SettlementStore settling,
            @Lazy Settlement settlement, // which restores what is lost from here
            PoolProperties properties,
            Tokens tokens,
            ProviderAbilities abilities) {
        this.store = store;
        this.settling = settling;
        this.settlement = settlement;
        this.properties = properties;
        this.abilities = abilities;
        this.placement = new PodPlacement(store, settlement, tokens);
        parseInitial(); // a bad setting stops the start
    }

    private record Applied(
            RoutingConfiguration configuration, String revision, ConfigurationText text, String digest) {}

    /** The configuration in effect, as this router last saw it; empty if it has not seen one yet. Asks nobody. */
    public Optional<RoutingConfiguration> known() {
        return Optional.ofNullable(newest.get()).map(Applied::configuration);
    }

    /** The configuration in effect, as this router last saw it; read from the store if it has not seen one yet. */
    public RoutingConfiguration current() {
        Applied seen = newest.get();
        if (seen == null) {
            look();
            seen = newest.get();
        }
        if (seen == null) {
            throw new StoreUnavailableException("no valid configuration is known yet");
        }
        return seen.configuration();
    }

    /** Why what stands in Redis is not in effect, or cannot be done as it stands; empty if all is well. */
    public Optional<String> problem() {
        return Optional.ofNullable(problem);
    }

    /**
     * Looks for edits, applies a valid one, and moves pods where targets changed. Safe to run on every router at once.
     */
    public void poll() {
        try {
            look();
        } catch (UnsettledException e) {
            if (!settlement.settle()) { // nobody waits for this look, so it may take as long as that does
                throw e;
            }
            look();
        }
    }

    private void look() {
        Applied seen = newest.get();
        StoredConfiguration stored = stored();
        Applied read;
        try {
            read = read(stored);
        } catch (InvalidInputException e) {
            report(String.valueOf(e.getMessage()));
            return;
        }
        Applied next = read;
        if (!read.digest().equals(stored.source())) {
            List<Undoable> refused = undoable(read.configuration(), newest.get());
            if (!refused.isEmpty()) {
                report(String.valueOf(refused.getFirst().refusal().getMessage()));
                return;
            }
            next = new Applied(read.configuration(), next(stored), read.text(), read.digest());
            if (!store.configure(stored.revision(), next.revision(), new ConfigurationEdit.None(), compiled(next))) {
                return; // another router was faster; the next look sees its work
            }
            log.info("configuration applied revision={}", next.revision());
        }
        if (adopt(seen, next)) {
            placement.follow(stored.dataSet(), next.configuration());
        }
    }

    /** Replaces the tiers, the default chain, and what callers get by default when no pod is free. */
    public void putTiers(String json) {
        String canonical = RoutingConfiguration.parse(json, Map.of()).tiersJson();
        edit(before -> Optional.of(new ConfigurationEdit.Tiers(canonical)));
    }

    /** Adds or replaces one tier; a new one goes to the end of the default chain unless it is a merchant's own pool. */
    public void putTier(String tier, TierPolicy policy) {
        edit(before -> {
            RoutingConfiguration old = RoutingConfiguration.parse(before.tiers(), Map.of());
            LinkedHashMap<String, TierPolicy> tiers = new LinkedHashMap<>(old.tiers());
            List<String> chain = new ArrayList<>(old.defaultChain());
            if (tiers.put(tier, policy) == null && !tier.startsWith(RoutingConfiguration.MERCHANT_POOL)) {
                chain.add(tier);
            }
            return Optional.of(
                    new ConfigurationEdit.Tiers(old.withTiers(tiers, chain).tiersJson()));
        });
    }

    /**
     * Removes a tier, also from the default chain; refused while a merchant names it.
     *
     * @return whether it was there
     */
    public boolean deleteTier(String tier) {
        return edit(before -> {
                    RoutingConfiguration old = RoutingConfiguration.parse(before.tiers(), Map.of());
                    LinkedHashMap<String, TierPolicy> tiers = new LinkedHashMap<>(old.tiers());
                    if (tiers.remove(tier) == null) {
                        return Optional.empty();
                    }
                    List<String> chain = old.defaultChain().stream()
                            .filter(name -> !name.equals(tier))
                            .toList();
                    return Optional.of(new ConfigurationEdit.Tiers(
                            old.withTiers(tiers, chain).tiersJson()));
                })
                .isPresent();
    }

    /** Adds or replaces a merchant. */
    public void putMerchant(String merchant, MerchantPolicy policy) {
        Name.require("merchant_id", merchant);
        edit(before -> Optional.of(new ConfigurationEdit.Merchant(merchant, RoutingConfiguration.json(policy))));
    }

    /**
     * Removes a merchant.
     *
     * @return whether it was there
     */
    public boolean deleteMerchant(String merchant) {
        Name.require("merchant_id", merchant);
        return edit(before -> before.merchants().containsKey(merchant)
                        ? Optional.of(new ConfigurationEdit.MerchantRemoved(merchant))
                        : Optional.empty())
                .isPresent();
    }

    /** Gives a number, or all numbers with a prefix, to a merchant. One without its + is the same as with it. */
    public void putNumber(String number, String merchant) {
        Numbers.require(number);
        Name.require("merchant_id", merchant);
        edit(before -> Optional.of(new ConfigurationEdit.NumberGiven(number, merchant)));
    }

    /**
     * Takes a number, or prefix of numbers, from its merchant.
     *
     * @return the merchant, or empty if the number was not there
     */
    public Optional<String> deleteNumber(String number) {
        Numbers.require(number);
        return edit(before -> before.merchantAt(number).isPresent()
                        ? Optional.of(new ConfigurationEdit.NumberRemoved(number))
                        : Optional.empty())
                .flatMap(before -> before.merchantAt(number));
    }

    /**
     * A configuration is a register: what this router knows comes back with the revision that it had, so that another
     * router that knows a later one still finds it later.
     */
    @Override
    public void restore(String token) {
        StoredConfiguration stored = settling.configuration();
        Applied known = newest.get();
        boolean isNewest = known == null || number(known.revision()) <= number(stored.revision());
        Optional<Applied> read = restorable(stored, known);
        boolean isApplied = read.isPresent() && read.get().digest().equals(stored.source());
        if (read.isEmpty() && stored.tiers() != null && stored.source() != null) {
            return; // a bad edit; the last valid one stands, compiled
        }
        if (isApplied && isNewest) {
            return;
        }
        if (read.isPresent() && !isApplied) {
            Applied edited = read.get();
            Applied next = new Applied(edited.configuration(), next(stored), edited.text(), edited.digest());
            settling.configure(token, stored.revision(), next.revision(), new ConfigurationEdit.None(), compiled(next));
            return;
        }
        // It is lost; or nobody edited it by hand, and this router knows a later one: a failover took the last edits,
        // or
        // a router that knew less settled the data set.
        Applied restored = known == null ? initial(stored) : known;
        if (settling.configure(
                token, stored.revision(), restored.revision(), restored.text().all(), compiled(restored))) {
            log.warn(
                    "configuration restored revision={} in_place_of={} known={}",
                    restored.revision(),
                    stored.revision(),
                    known != null);
        }
    }

    private Applied initial(StoredConfiguration stored) {
        RoutingConfiguration initial = parseInitial();
        ConfigurationText text = ConfigurationText.of(initial);
        return new Applied(initial, next(stored), text, text.digest());
    }

    /** What stands in the store if it can be applied; else why not is reported. */
    private Optional<Applied> restorable(StoredConfiguration stored, @Nullable Applied known) {
        if (stored.tiers() == null) {
            return Optional.empty();
        }
        try {
            Applied read = read(stored);
            boolean isAll = known == null && stored.source() == null; // nothing else is left that could be in effect
            if (!isAll && !read.digest().equals(stored.source())) {
                for (Undoable refused : undoable(read.configuration(), known)) {
                    throw refused.refusal();
                }
            }
            return Optional.of(read);
        } catch (InvalidInputException e) {
            report(String.valueOf(e.getMessage()));
            return Optional.empty();
        }
    }

    /** Reads what stands in the store; what this router has read already is not read again. */
    private Applied read(StoredConfiguration stored) {
        ConfigurationText text = ConfigurationText.of(stored);
        Applied known = newest.get();
        return known != null && known.text().equals(text)
                ? new Applied(known.configuration(), stored.revision(), text, known.digest())
                : new Applied(text.parse(), stored.revision(), text, text.digest());
    }

    /** What stands in Redis, after what was lost of it is restored. */
    private StoredConfiguration stored() {
        return settlement.around(() -> {
            StoredConfiguration read = store.configuration();
            Applied known = newest.get();
            if (read.source() != null && (known == null || number(read.revision()) >= number(known.revision()))) {
                return read;
            }
            settling.requireOpen(); // a plain read passes no gate; if it is shut, the settlement restores what is lost
            restore("");
            return store.configuration();
        });
    }

    /**
     * Changes what stands in the store, and with it what is in effect.
     *
     * @param change what to write, given what stands there; empty if there is nothing to do. It is asked again when
     *     another router was faster
     * @return what stood there before the edit, or empty if there was nothing to do
     */
    private Optional<ConfigurationText> edit(Function<ConfigurationText, Optional<ConfigurationEdit>> change) {
        for (int i = 0; i < MOST_CONFLICTS; i++) {
            Applied seen = newest.get();
            StoredConfiguration stored = stored();
            ConfigurationText before = ConfigurationText.of(stored);
            Optional<ConfigurationEdit> edit = change.apply(before);
            if (edit.isEmpty()) {
                return Optional.empty();
            }
            ConfigurationText after = before.after(edit.get());
            Applied made = new Applied(after.parse(), next(stored), after, after.digest());
            requireDoable(made.configuration(), stored, before);
            if (settlement.around(
                    () -> store.configure(stored.revision(), made.revision(), edit.get(), compiled(made)))) {
                log.info("configuration applied revision={}", made.revision());
                if (adopt(seen, made)) {
                    placement.follow(stored.dataSet(), made.configuration());
                }
                return Optional.of(before);
            }
        }
        throw new StoreUnavailableException("the configuration is being edited by many at once; try again");
    }

    /** Refuses what a provider in use cannot do, but for what is in effect already: it is not this edit's fault. */
    private void requireDoable(RoutingConfiguration made, StoredConfiguration stored, ConfigurationText before) {
        if (undoable(made, null).isEmpty()) {
            return;
        }
        Applied standing = before.digest().equals(stored.source()) ? read(stored) : newest.get();
        for (Undoable refused : undoable(made, standing)) {
            throw refused.refusal();
        }
    }

    /** What of it a provider in use here cannot do and what stands does not ask for already. */
    private List<Undoable> undoable(RoutingConfiguration configuration, @Nullable Applied standing) {
        var can = abilities.whenExhausted();
        List<Undoable> all = configuration.undoable(can);
        if (!all.isEmpty() && standing != null) {
            all.removeAll(standing.configuration().undoable(can));
        }
        return all;
    }

    /**
     * Takes what was found or made to be in effect.
     *
     * @param seen what this router knew before it looked: if an edit was adopted meanwhile, the later one stays
     * @return whether it was taken
     */
    private boolean adopt(@Nullable Applied seen, Applied applied) {
        if (!newest.compareAndSet(seen, applied)) {
            Applied stands = newest.updateAndGet(
                    now -> now == null || number(now.revision()) < number(applied.revision()) ? applied : now);
            if (!applied.equals(stands)) {
                return false;
            }
        }
        List<Undoable> undoable = undoable(applied.configuration(), null);
        String now = undoable.isEmpty()
                ? null
                : String.valueOf(undoable.getFirst().refusal().getMessage());
        if (now != null && !now.equals(problem)) {
            log.error("configuration in effect asks for what cannot be done here problem=\"{}\"", now);
        }
        problem = now;
        return true;
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

    private static Map<String, String> compiled(Applied applied) {
        Map<String, String> fields = new TreeMap<>(applied.configuration().compiled());
        fields.put("source", applied.digest());
        return fields;
    }

    /** Above what stands there and above what this router knows: a revision names one configuration. */
    private String next(StoredConfiguration stored) {
        Applied known = newest.get();
        return Long.toString(Math.max(number(stored.revision()), known == null ? 0 : number(known.revision())) + 1);
    }

    private static long number(String revision) {
        return Long.parseLong(revision);
    }
}
