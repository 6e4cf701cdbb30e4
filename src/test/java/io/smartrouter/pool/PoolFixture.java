package io.smartrouter.pool;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.function.Consumer;
import java.util.function.Predicate;

/** The core put together by hand over any store, with an agent's answers that a test can choose. */
public final class PoolFixture {
    private final PoolManager manager;
    private final Settlement settlement;
    private final RoutingConfigurations configurations;
    private final DeferredReleases deferred;
    private volatile Predicate<String> answers = address -> true;
    private volatile Predicate<String> refuses = address -> false;
    private volatile Map<String, Set<WhenExhausted.Action>> abilities = Map.of();
    private volatile Predicate<String> free = address -> false;

    /** Puts it together. */
    public PoolFixture(PoolStore store, SettlementStore settling, PoolProperties properties, PodSource pods) {
        this(store, settling, properties, pods, token -> {}, new DeferredReleases());
    }

    /** The same with routers' mirrors, and with the releases that are kept. */
    public PoolFixture(
            PoolStore store,
            SettlementStore settling,
            PoolProperties properties,
            PodSource pods,
            Consumer<String> mirrors,
            DeferredReleases deferred) {
        this.deferred = deferred;
        Tokens tokens = Tokens.secure();
        Ticker ticker = Ticker.system();
        // Each needs the other: the settlement restores the configuration, which is read through the settlement.
        settlement = new Settlement(
                settling, pods, mirrors::accept, token -> configurations().restore(token), properties, tokens, ticker);
        configurations = new RoutingConfigurations(store, settling, settlement, properties, tokens, () -> abilities);
        AgentProbe probe = new AgentProbe() {
            @Override
            public boolean answers(String address) {
                return answers.test(address);
            }

            @Override
            public boolean saysFree(String address) {
                return free.test(address);
            }

            @Override
            public boolean refuses(String address) {
                return refuses.test(address);
            }
        };
        manager = new PoolManager(store, settlement, deferred, probe, properties, tokens, ticker, pods);
    }

    /** Where pods belong by a configuration. */
    public static SortedMap<String, String> placement(RoutingConfiguration configuration, List<Pod> pods) {
        return PlacementPlan.of(configuration, pods).moves();
    }

    /** The manager. */
    public PoolManager manager() {
        return manager;
    }

    /** The settlement. */
    public Settlement settlement() {
        return settlement;
    }

    /** The configurations. */
    public RoutingConfigurations configurations() {
        return configurations;
    }

    /** The releases that are kept. */
    public DeferredReleases deferred() {
        return deferred;
    }

    /** Chooses which addresses answer a probe. */
    public void probeAnswers(Predicate<String> which) {
        answers = which;
    }

    /** Chooses at which addresses nothing listens. */
    public void agentRefuses(Predicate<String> which) {
        refuses = which;
    }

    /** Chooses which agents say that they are free. */
    public void agentSaysFree(Predicate<String> which) {
        free = which;
    }

    /** Chooses which providers are in use, and what each can do when no pod is free. */
    public void abilities(Map<String, Set<WhenExhausted.Action>> which) {
        abilities = which;
    }
}
