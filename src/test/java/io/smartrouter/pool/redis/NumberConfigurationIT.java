package io.smartrouter.pool.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.smartrouter.pool.InvalidInputException;
import io.smartrouter.pool.MerchantPolicy;
import io.smartrouter.pool.Numbers;
import io.smartrouter.pool.RoutingConfigurations;
import io.smartrouter.pool.StoreUnavailableException;
import io.smartrouter.pool.TierPolicy;
import io.smartrouter.testing.TestRedis;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Numbers as a part of the configuration: edits by hand and by API, loss, and who is faster. */
class NumberConfigurationIT {
    private static final String KEY = "voice:number:config";
    private static final String APPLIED = "voice:config:applied";
    private static final Map<String, String> SETTINGS = Map.of("router.settle.quarantine", "0s");

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

    private Map<Object, Object> inRedis() {
        return store.template().opsForHash().entries(KEY);
    }

    private Map<Object, Object> applied() {
        return store.template().opsForHash().entries(APPLIED);
    }

    @Test
    void anEditByHandTakesEffectWithTheNextLookAndAtEachRouter() {
        try (StoreFixture other = new StoreFixture(redis, SETTINGS)) {
            store.template().opsForHash().putAll(KEY, Map.of("+1415", "acme", "14155550100", "bob"));
            configurations.poll();
            other.pool().configurations().poll();
            for (RoutingConfigurations each :
                    List.of(configurations, other.pool().configurations())) {
                assertThat(each.problem()).isEmpty();
                assertThat(each.current().merchantOf("+1 415 555 0100")).hasValue("bob");
                assertThat(each.current().merchantOf("+14155550101")).hasValue("acme");
            }
            assertThat(applied()).containsEntry("revision", "2");

            store.template().delete(KEY);
            other.pool().configurations().poll();
            configurations.poll();
            assertThat(configurations.current().merchantOf("+14155550101")).isEmpty();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "abc,          acme",
        "+,            acme",
        "1415-555,     acme",
        "1234567890123456, acme",
        "'',           acme",
        "+14155550100, a b",
        "+14155550100, ''",
        "14155550199,  bob",
    })
    void aBadEditChangesNothingAndIsSaidWithoutANumberUntilItIsMended(String number, String merchant) {
        configurations.putNumber("+14155550199", "acme");
        Map<Object, Object> before = applied();
        store.template().opsForHash().put(KEY, number, merchant);
        configurations.poll();

        assertThat(configurations.problem())
                .hasValueSatisfying(
                        why -> assertThat(why).startsWith("number:config").doesNotContainPattern("[0-9]{3}"));
        assertThat(applied()).isEqualTo(before);
        assertThat(configurations.current().merchantOf("14155550199")).hasValue("acme");
        assertThatExceptionOfType(InvalidInputException.class)
                .isThrownBy(() -> configurations.putNumber("4930", "acme"))
                .withMessageStartingWith("number:config");
        assertThat(applied()).isEqualTo(before);

        store.template().opsForHash().delete(KEY, number);
        configurations.poll();
        assertThat(configurations.problem()).isEmpty();
    }

    @Test
    void aBadEntryUnderAGoodNumberIsMendedByTheApi() {
        store.template().opsForHash().put(KEY, "1415", "no name\nlevel=ERROR");
        configurations.poll();
        assertThat(configurations.problem()).isPresent();

        assertThat(configurations.deleteNumber("+1415")).hasValue("invalid");
        assertThat(configurations.problem()).isEmpty();
        assertThat(inRedis()).isEmpty();
    }

    @Test
    void aNumberHasOneEntryWhateverItsSpelling() {
        configurations.putNumber("+1415", "acme");
        configurations.putNumber("1415", "bob");
        assertThat(inRedis()).isEqualTo(Map.of("1415", "bob"));
        configurations.putNumber("+1415", "carl");
        assertThat(inRedis()).isEqualTo(Map.of("+1415", "carl"));
        assertThat(configurations.deleteNumber("14")).isEmpty();
        assertThat(configurations.deleteNumber("1415")).hasValue("carl");
        assertThat(configurations.deleteNumber("1415")).isEmpty();
        assertThat(store.template().hasKey(KEY)).isFalse();

        store.template().opsForHash().putAll(KEY, Map.of("+49", "acme", "49", "acme"));
        configurations.poll();
        assertThat(configurations.problem()).isEmpty();
        configurations.putNumber("49", "bob");
        assertThat(inRedis()).isEqualTo(Map.of("49", "bob"));
    }

    @Test
    void editsOfOtherThingsKeepTheNumbersAndTheOtherWayRound() {
        configurations.putNumber("+1415", "acme");
        configurations.putTier("silver", new TierPolicy("exclusive", 0, null, null));
        configurations.putMerchant("acme", new MerchantPolicy("silver", null, null, null));
        configurations.putNumber("+1416", "acme");
        configurations.deleteMerchant("acme");
        configurations.deleteTier("silver");
        configurations.putTiers("{\"tiers\":{\"gold\":{\"type\":\"exclusive\"}}}");

        assertThat(configurations.current().numbers().entries()).hasSize(2);
        assertThat(inRedis()).isEqualTo(Map.of("+1415", "acme", "+1416", "acme"));
        configurations.poll();
        assertThat(applied()).as("each edit applied what stood there").containsEntry("revision", "8");
    }

    @Test
    void twoRoutersThatEditAtOnceLoseNoNumber() throws Exception {
        int edits = 40;
        try (StoreFixture other = new StoreFixture(redis, SETTINGS);
                var threads = Executors.newFixedThreadPool(2)) {
            CountDownLatch start = new CountDownLatch(1);
            List<Future<?>> done = List.of(
                    threads.submit(() -> edit(configurations, start, "+1", edits)),
                    threads.submit(() -> edit(other.pool().configurations(), start, "2", edits)));
            start.countDown();
            for (Future<?> each : done) {
                each.get();
            }
        }
        configurations.poll();
        assertThat(configurations.problem()).isEmpty();
        assertThat(configurations.current().numbers().entries()).hasSize(2 * edits);
        assertThat(inRedis()).hasSize(2 * edits);
    }

    private static void edit(RoutingConfigurations configurations, CountDownLatch start, String prefix, int edits) {
        try {
            start.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        for (int i = 0; i < edits; i++) {
            configurations.putNumber(prefix + (100 + i), "acme");
        }
    }

    @Test
    void aNumberThatAnotherRouterPutIsDeletedThoughThisOneHasNotSeenIt() {
        try (StoreFixture other = new StoreFixture(redis, SETTINGS)) {
            other.pool().configurations().putNumber("+1415", "acme");
            other.pool().configurations().putMerchant("acme", new MerchantPolicy(null, null, null, 1));
            assertThat(configurations.deleteNumber("+1415")).hasValue("acme");
            assertThat(configurations.deleteMerchant("acme")).isTrue();
            assertThat(inRedis()).isEmpty();
        }
    }

    @Test
    void whatAFlushTookComesBackFromTheNewestApplied() {
        configurations.putNumber("+1415", "acme");
        configurations.putNumber("49", "bob");
        store.flush();
        configurations.poll();

        assertThat(inRedis()).isEqualTo(Map.of("+1415", "acme", "49", "bob"));
        assertThat(configurations.problem()).isEmpty();
        assertThat(configurations.current().merchantOf("4930")).hasValue("bob");
    }

    /** Redis lost them once more before they were complete: the next settlement begins anew. */
    @Test
    void numbersThatAreLostWhileTheyAreRestoredAreNotTakenForAll() {
        String ready = "local restore_key = prefix .. 'number:restore:' .. name";
        try (StoreFixture unlucky = new StoreFixture(redis, SETTINGS, script -> {
            return script.replace(ready, ready + "; redis.call('DEL', restore_key)");
        })) {
            unlucky.cluster(CorePods.pods(2));
            configurations.putNumber("+1415", "acme");
            unlucky.pool().configurations().poll();
            store.flush();
            assertThatExceptionOfType(StoreUnavailableException.class)
                    .isThrownBy(() -> unlucky.pool().configurations().poll())
                    .withMessageContaining("lost the numbers");
            assertThat(inRedis()).isEmpty();
            assertThat(store.template().hasKey("voice:tier:config")).isFalse();
        }
        configurations.poll();
        assertThat(inRedis()).isEqualTo(Map.of("+1415", "acme"));
    }

    @Test
    void olderNumbersAfterAFailoverAreReplacedByTheNewestApplied() {
        configurations.putNumber("+1415", "acme");
        var oldApplied = store.template().<String, String>opsForHash().entries(APPLIED);
        configurations.putNumber("+1415", "bob");
        configurations.putNumber("+1416", "bob");
        store.template().delete(List.of(APPLIED, KEY));
        store.template().opsForHash().putAll(APPLIED, oldApplied);
        store.template().opsForHash().putAll(KEY, Map.of("+1415", "acme"));
        store.failOver();
        configurations.poll();

        assertThat(inRedis()).isEqualTo(Map.of("+1415", "bob", "+1416", "bob"));
        assertThat(configurations.current().merchantOf("1415")).hasValue("bob");
    }

    @Test
    void aKeyOfAnotherTypeStopsTheEditBeforeItsFirstWrite() {
        var before = RedisDump.of(store.template(), "voice");
        store.template().opsForValue().set(KEY, "no hash");
        assertThatExceptionOfType(RuntimeException.class)
                .isThrownBy(() -> configurations.putMerchant("acme", new MerchantPolicy(null, null, null, 1)));
        assertThatExceptionOfType(RuntimeException.class)
                .isThrownBy(() -> store.store()
                        .configure(
                                "1",
                                "2",
                                new io.smartrouter.pool.ConfigurationEdit.Merchant("acme", "{}"),
                                Map.of("source", "x")));
        store.template().delete(KEY);
        assertThat(RedisDump.of(store.template(), "voice").hashes()).isEqualTo(before.hashes());
    }

    @Test
    void aHundredThousandNumbersAreReadEditedAndRestored() {
        Map<String, String> many = new TreeMap<>();
        for (int i = 0; i < 100_000; i++) {
            many.put("+1415%07d".formatted(i), "m" + i % 500);
            if (many.size() == 2_000) {
                store.template().opsForHash().putAll(KEY, many);
                many.clear();
            }
        }
        long[] took = new long[4];
        took[0] = ms(configurations::poll);
        took[1] = ms(configurations::poll);
        took[2] = ms(() -> configurations.putNumber("+4930", "acme"));
        assertThat(configurations.problem()).isEmpty();
        assertThat(configurations.current().merchantOf("+14150099999")).hasValue("m499");
        store.flush();
        took[3] = ms(configurations::poll);

        assertThat(store.template().opsForHash().size(KEY)).isEqualTo(100_001);
        assertThat(store.template().getExpire(KEY)).as("no expiry").isEqualTo(-1);
        assertThat(store.template().keys("voice:number:*")).containsExactly(KEY);
        assertThat(configurations.problem()).isEmpty();
        assertThat(configurations.current().numbers().entry("4930")).hasValue(new Numbers.Entry("+4930", "acme"));
        System.out.println("NumberConfigurationIT numbers=100000 first_look_ms=" + took[0] + " next_look_ms=" + took[1]
                + " edit_ms=" + took[2] + " restore_ms=" + took[3]);
    }

    private static long ms(Runnable step) {
        long begun = System.nanoTime();
        step.run();
        return (System.nanoTime() - begun) / 1_000_000;
    }
}
