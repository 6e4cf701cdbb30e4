package io.smartrouter.pool.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.smartrouter.pool.AllocationOutcome.Allocated;
import io.smartrouter.pool.AllocationOutcome.Exhausted;
import io.smartrouter.pool.AllocationOutcome.MerchantLimit;
import io.smartrouter.pool.InvalidInputException;
import io.smartrouter.pool.MerchantPolicy;
import io.smartrouter.pool.PoolStore;
import io.smartrouter.pool.RoutingConfigurations;
import io.smartrouter.pool.TierPolicy;
import io.smartrouter.testing.TestRedis;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RoutingConfigurationsIT {
    private static final String TIERS = """
        {"tiers":{"gold":{"type":"exclusive","target":%d},"basic":{"type":"exclusive","target":%d}}}\
        """;
    private static final String TIER_KEY = "voice:tier:config";
    private static final String MERCHANT_KEY = "voice:merchant:config";
    private static final Map<String, String> SETTINGS =
            Map.of("router.settle.quarantine", "0s", "router.config.tiers", TIERS.formatted(1, 1));

    private static TestRedis redis;
    private StoreFixture store;
    private RoutingConfigurations configurations;

    @BeforeAll
    static void startRedis() {
        redis = TestRedis.start();
    }

    @AfterAll
    static void stopRedis() {
        redis.close();
    }

    @BeforeEach
    void open() {
        store = new StoreFixture(redis, SETTINGS);
        store.flush();
        store.cluster(CorePods.pods(2));
        configurations = store.pool().configurations();
        configurations.poll();
    }

    @AfterEach
    void holdsInvariants() {
        assertThat(Invariants.violations(RedisDump.of(store.template(), "voice"), "voice"))
                .isEmpty();
        store.close();
    }

    /** Each is a script for each pod, so thousands of merchants and pods would take hours. */
    @Test
    void anEditOfAMerchantLooksAtPodsOnlyWhereItsOwnPoolChanges() {
        AtomicInteger placed = new AtomicInteger();
        RoutingConfigurations counted =
                store.poolOver(after("place", placed::incrementAndGet)).configurations();
        counted.putTiers(TIERS.formatted(1, 1));
        assertThat(placed.getAndSet(0)).isEqualTo(2);
        counted.putMerchant("m1", new MerchantPolicy("basic", null, List.of(), 5, null, null));
        counted.deleteMerchant("m1");
        assertThat(placed.get()).isZero();
        counted.putMerchant("m1", new MerchantPolicy("basic", "own", List.of(), null, null, null));
        assertThat(placed.get()).isEqualTo(2);
    }

    @Test
    void anEditByHandTakesEffectWithTheNextLook() {
        set(TIERS.formatted(0, 2));
        store.template().opsForHash().put(MERCHANT_KEY, "m1", "{\"tier\":\"basic\",\"fallback\":[]}");
        configurations.poll();

        assertThat(poolOf(0)).isEqualTo("basic");
        assertThat(configurations.current().chainOf("m1")).containsExactly("basic");
        assertThat(configurations.problem()).isEmpty();
        assertThat(CorePods.allocate(store, "a", "m1")).isInstanceOf(Allocated.class);
    }

    @Test
    void aBadEditChangesNothingAndSaysWhyUntilItIsMended() {
        var before = store.template().opsForHash().entries("voice:config:applied");
        set("{\"tiers\":{\"gold\":{\"type\":\"shared\"}}}");
        configurations.poll();

        assertThat(configurations.problem())
                .hasValueSatisfying(
                        why -> assertThat(why).contains("tiers.gold").contains("max_concurrent is missing"));
        assertThat(store.template().opsForHash().entries("voice:config:applied"))
                .isEqualTo(before);
        assertThat(configurations.current().tiers()).containsOnlyKeys("gold", "basic");
        assertThat(CorePods.allocate(store, "a", null)).isInstanceOf(Allocated.class);

        set("{\"tiers\":{\"gold\":{\"type\":\"shared\",\"max_concurrent\":2}}}");
        configurations.poll();
        assertThat(configurations.problem()).isEmpty();
        assertThat(configurations.current().tiers()).containsOnlyKeys("gold");
    }

    @Test
    void aMissingSourceIsABadEdit() {
        store.template().delete(TIER_KEY);
        configurations.poll();

        assertThat(configurations.problem())
                .hasValueSatisfying(why -> assertThat(why).contains("is missing"));
        assertThat(CorePods.allocate(store, "a", null)).isInstanceOf(Allocated.class);
    }

    @Test
    void aRouterThatStartsOnABadEditCanMendIt() {
        set("{}");
        try (StoreFixture started = new StoreFixture(redis, SETTINGS)) {
            started.pool().configurations().putTiers(TIERS.formatted(2, 0));
            assertThat(poolOf(1)).isEqualTo("gold");
        }
    }

    @Test
    void twoRoutersThatEditAtOnceLoseNoEdit() throws Exception {
        int edits = 40;
        try (StoreFixture other = new StoreFixture(redis, SETTINGS);
                var threads = Executors.newFixedThreadPool(2)) {
            CountDownLatch start = new CountDownLatch(1);
            List<Future<Void>> done = List.of(
                    threads.submit(edits("left-", configurations, start, edits)),
                    threads.submit(edits("right-", other.pool().configurations(), start, edits)));
            start.countDown();
            for (Future<Void> edit : done) {
                edit.get();
            }
        }
        configurations.poll();
        List<String> all = IntStream.range(0, edits)
                .boxed()
                .<String>mapMulti((i, to) -> {
                    to.accept("left-" + i);
                    to.accept("right-" + i);
                })
                .toList();
        assertThat(configurations.current().tiers()).containsKeys(all.toArray(String[]::new));
        assertThat(configurations.current().defaultChain()).containsAll(all);
        System.out.println("RoutingConfigurationsIT edits=" + 2 * edits + " tiers="
                + configurations.current().tiers().size());
    }

    private static Callable<Void> edits(
            String name, RoutingConfigurations configurations, CountDownLatch start, int edits) {
        return () -> {
            start.await();
            for (int i = 0; i < edits; i++) {
                configurations.putTier(name + i, new TierPolicy("exclusive", 0, null, null));
            }
            return null;
        };
    }

    @Test
    void whatTheApiWritesIsWhatOperatorsRead() {
        configurations.putTier("silver", new TierPolicy("shared", 0, 2, null));
        configurations.putMerchant("m1", new MerchantPolicy("silver", "acme", null, 5));

        assertThat(store.template().opsForValue().get(TIER_KEY))
                .isEqualTo("{\"tiers\":{\"gold\":{\"type\":\"exclusive\",\"target\":1},"
                        + "\"basic\":{\"type\":\"exclusive\",\"target\":1},"
                        + "\"silver\":{\"type\":\"shared\",\"target\":0,\"max_concurrent\":2}},"
                        + "\"default_chain\":[\"gold\",\"basic\",\"silver\"]}");
        assertThat(store.template().opsForHash().entries(MERCHANT_KEY))
                .isEqualTo(Map.of("m1", "{\"tier\":\"silver\",\"pool\":\"acme\",\"max_concurrent_calls\":5}"));

        assertThatExceptionOfType(InvalidInputException.class)
                .isThrownBy(() -> configurations.deleteTier("silver"))
                .withMessageContaining("merchant:config of m1");
        assertThat(configurations.deleteMerchant("m1")).isTrue();
        assertThat(configurations.deleteMerchant("m1")).isFalse();
        assertThat(configurations.deleteTier("silver")).isTrue();
        assertThat(configurations.deleteTier("silver")).isFalse();
        assertThat(store.template().opsForValue().get(TIER_KEY)).doesNotContain("silver");
        assertThat(store.template().hasKey(MERCHANT_KEY)).isFalse();
    }

    @Test
    void anIdlePodMovesAtOnceAndABusyOneWithItsLastRelease() {
        Allocated call = CorePods.allocated(store, "a");
        String busy = call.allocation().pod();
        assertThat(call.allocation().pool()).isEqualTo("gold");
        configurations.putTiers("{\"tiers\":{\"gold\":{\"type\":\"exclusive\",\"target\":0},"
                + "\"basic\":{\"type\":\"exclusive\",\"target\":0},\"new\":{\"type\":\"exclusive\",\"target\":2}},"
                + "\"default_chain\":[\"gold\",\"basic\",\"new\"]}");

        assertThat(store.manager().pods()).allSatisfy(pod -> {
            assertThat(pod.pool()).isEqualTo(pod.name().equals(busy) ? "gold" : "new");
            assertThat(pod.movesTo()).isEqualTo(pod.name().equals(busy) ? "new" : null);
        });
        assertThat(store.template().hasKey("voice:pool:gold:available")).isFalse();

        CorePods.release(store, "a");
        assertThat(store.manager().pod(busy)).hasValueSatisfying(pod -> {
            assertThat(pod.pool()).isEqualTo("new");
            assertThat(pod.movesTo()).isNull();
        });
        assertThat(store.template().opsForZSet().score("voice:pool:new:available", busy))
                .isNotNull();
    }

    /** The look must neither forget the later edit nor move pods by what stood before it. */
    @Test
    void anEditIsMadeWhileALookHasAppliedAnEditByHand() {
        AtomicReference<Runnable> meanwhile = new AtomicReference<>();
        PoolStore slow = after("configure", () -> {
            Runnable edit = meanwhile.getAndSet(null);
            if (edit != null) {
                edit.run();
            }
        });
        RoutingConfigurations reader = store.poolOver(slow).configurations();
        reader.poll();
        set(TIERS.formatted(2, 0));
        meanwhile.set(() -> reader.putTiers(TIERS.formatted(0, 2)));
        reader.poll();

        assertThat(meanwhile.get()).isNull();
        assertThat(reader.current().tiers().get("basic")).isEqualTo(new TierPolicy("exclusive", 2, null, null));
        assertThat(poolOf(0)).isEqualTo("basic");
        assertThat(poolOf(1)).isEqualTo("basic");
    }

    @Test
    void whatAFlushTookComesBackFromTheNewestApplied() {
        configurations.putTier("silver", new TierPolicy("exclusive", 0, null, null));
        configurations.putMerchant("m1", new MerchantPolicy("silver", null, null, null));
        String tiers = store.template().opsForValue().get(TIER_KEY);
        store.flush();
        configurations.poll();

        assertThat(store.template().opsForValue().get(TIER_KEY)).isEqualTo(tiers);
        assertThat(store.template().opsForHash().entries(MERCHANT_KEY)).containsOnlyKeys("m1");
    }

    @Test
    void anOlderConfigurationAfterAFailoverIsReplacedByTheNewestApplied() {
        var oldTiers = store.template().opsForValue().get(TIER_KEY);
        var oldApplied = store.template().<String, String>opsForHash().entries("voice:config:applied");
        configurations.putTier("silver", new TierPolicy("exclusive", 0, null, null));
        store.template().delete("voice:config:applied");
        store.template().opsForHash().putAll("voice:config:applied", oldApplied);
        set(oldTiers);
        store.failOver();
        configurations.poll();

        assertThat(configurations.current().tiers()).containsKey("silver");
        assertThat(store.template().opsForValue().get(TIER_KEY)).contains("silver");
    }

    @Test
    void anOperatorsEditAfterAFlushWins() {
        configurations.putTier("silver", new TierPolicy("exclusive", 0, null, null));
        store.flush();
        set(TIERS.formatted(2, 0));
        configurations.poll();

        assertThat(configurations.current().tiers()).containsOnlyKeys("gold", "basic");
        assertThat(poolOf(0)).isEqualTo("gold");
    }

    /** A rolling update: who has just started knows nothing, and settles first. */
    @Test
    void whatARouterThatHasJustStartedBeganWithGivesWayToWhatAnotherKnows() {
        configurations.putTier("silver", new TierPolicy("exclusive", 0, null, null));
        configurations.putMerchant("m1", new MerchantPolicy("silver", null, null, null));
        store.flush();
        try (StoreFixture started = new StoreFixture(redis, SETTINGS)) {
            started.cluster(CorePods.pods(2));
            assertThat(started.pool().settlement().settle()).isTrue();
            configurations.poll();

            assertThat(configurations.current().merchants()).containsOnlyKeys("m1");
            assertThat(store.template().opsForHash().entries(MERCHANT_KEY)).containsOnlyKeys("m1");
            started.pool().configurations().poll();
            assertThat(started.pool().configurations().current().merchants()).containsOnlyKeys("m1");
            started.pool().configurations().putMerchant("m2", new MerchantPolicy("silver", null, null, null));
            configurations.poll();
            assertThat(configurations.current().merchants()).containsOnlyKeys("m1", "m2");
        }
    }

    @Test
    void anEditThatTheRouterThatSettlesHadNotSeenYetIsNotForgotten() {
        try (StoreFixture behind = new StoreFixture(redis, SETTINGS)) {
            behind.cluster(CorePods.pods(2));
            behind.pool().configurations().poll();
            configurations.putMerchant("m1", new MerchantPolicy("gold", null, null, null));
            store.flush();
            assertThat(behind.pool().settlement().settle()).isTrue();
            configurations.poll();

            assertThat(configurations.current().merchants()).containsOnlyKeys("m1");
            behind.pool().configurations().poll();
            assertThat(behind.pool().configurations().current().merchants()).containsOnlyKeys("m1");
        }
    }

    @Test
    void aCompiledFormThatIsMissingIsMadeAgain() {
        configurations.putMerchant("m1", new MerchantPolicy("gold", null, null, null));
        for (StoreFixture router : List.of(store, new StoreFixture(redis, SETTINGS))) {
            store.template().delete("voice:config:applied");
            Assertions.assertTimeoutPreemptively(
                    Duration.ofSeconds(20), router.pool().configurations()::poll, "it never ends");

            String sid = router == store ? "a" : "b";
            assertThat(CorePods.allocate(store, sid, "m1")).isInstanceOf(Allocated.class);
            assertThat(router.pool().configurations().current().merchants()).containsOnlyKeys("m1");
            assertThat(router.pool().configurations().problem()).isEmpty();
            if (router != store) {
                router.close();
            }
        }
    }

    @Test
    void aMerchantHasNoMoreCallsThanItsLimit() {
        configurations.putMerchant("m1", new MerchantPolicy(null, null, null, 1));

        assertThat(CorePods.allocate(store, "a", "m1")).isInstanceOf(Allocated.class);
        assertThat(CorePods.allocate(store, "b", "m1")).isEqualTo(new MerchantLimit("m1", 1));
        assertThat(CorePods.allocate(store, "b", "m2")).isInstanceOf(Allocated.class);
    }

    @Test
    void aMerchantsOwnPoolIsAskedFirstAndIsNobodyElses() {
        configurations.putTier("merchant:acme", new TierPolicy("exclusive", 1, null, null));
        configurations.putTier("gold", new TierPolicy("exclusive", 0, null, null));
        configurations.putMerchant("m1", new MerchantPolicy("gold", "acme", List.of("basic"), null));

        assertThat(CorePods.allocate(store, "a", "m1"))
                .isInstanceOfSatisfying(
                        Allocated.class,
                        call -> assertThat(call.allocation().pool()).isEqualTo("merchant:acme"));
        assertThat(CorePods.allocate(store, "b", "m2"))
                .isInstanceOfSatisfying(
                        Allocated.class,
                        call -> assertThat(call.allocation().pool()).isEqualTo("basic"));
        assertThat(CorePods.allocate(store, "c", "m1"))
                .isEqualTo(new Exhausted(List.of("merchant:acme", "gold", "basic"), "m1"));
    }

    private void set(String tiers) {
        store.template().opsForValue().set(TIER_KEY, tiers);
    }

    private String poolOf(int ordinal) {
        return store.manager().pod("voice-agent-" + ordinal).orElseThrow().pool();
    }

    /** The store, with something that happens after each call of this method and before its answer. */
    private PoolStore after(String name, Runnable what) {
        return (PoolStore) Proxy.newProxyInstance(
                PoolStore.class.getClassLoader(), new Class<?>[] {PoolStore.class}, (proxy, method, arguments) -> {
                    Object answer = method.invoke(store.store(), arguments);
                    if (method.getName().equals(name)) {
                        what.run();
                    }
                    return answer;
                });
    }
}
