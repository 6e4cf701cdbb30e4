package io.smartrouter.pool.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.smartrouter.pool.InvalidInputException;
import io.smartrouter.pool.MerchantPolicy;
import io.smartrouter.pool.RoutingConfigurations;
import io.smartrouter.pool.TierPolicy;
import io.smartrouter.pool.WhenExhausted;
import io.smartrouter.pool.WhenExhausted.Action;
import io.smartrouter.testing.TestRedis;
import java.util.EnumSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What callers get when no pod is free, as a part of the configuration, and what providers cannot do of it. */
class ExhaustedConfigurationIT {
    private static final String TIER_KEY = "voice:tier:config";
    private static final String MERCHANT_KEY = "voice:merchant:config";
    private static final String APPLIED = "voice:config:applied";
    private static final String TIERS =
            "{\"tiers\":{\"gold\":{\"type\":\"exclusive\"}},\"default_chain\":[\"gold\"]%s}";
    private static final String FORWARD = ",\"when_exhausted\":{\"action\":\"forward\",\"to\":\"+14155550100\"}";
    private static final String INSTEAD = ",\"when_exhausted_at\":{\"exotel\":{\"action\":\"reject\"}}";
    private static final WhenExhausted HOLD = new WhenExhausted(Action.HOLD, "Please hold.", null, 60, null, null);
    private static final WhenExhausted REJECT = new WhenExhausted(Action.REJECT, null, null, null, null, null);
    private static final Map<String, Set<Action>> SOME_CANNOT =
            Map.of("exotel", EnumSet.of(Action.REJECT, Action.MESSAGE), "plivo", EnumSet.allOf(Action.class));
    private static final String REFUSED =
            "when_exhausted \"forward\" cannot be done at exotel; give that provider its" + " own in when_exhausted_at";
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
        store.cluster(CorePods.pods(1));
        store.pool().abilities(SOME_CANNOT);
        configurations = store.pool().configurations();
        configurations.putTiers(TIERS.formatted(""));
    }

    @AfterEach
    void holdsInvariants() {
        assertThat(Invariants.violations(RedisDump.of(store.template(), "voice"), "voice"))
                .isEmpty();
        store.close();
    }

    private Map<Object, Object> applied() {
        return store.template().opsForHash().entries(APPLIED);
    }

    private void set(String tiers) {
        store.template().opsForValue().set(TIER_KEY, tiers);
    }

    private static MerchantPolicy merchant(WhenExhausted everywhere, Map<String, WhenExhausted> at) {
        return new MerchantPolicy(null, null, null, null, everywhere, at);
    }

    @Test
    void whatIsConfiguredIsKeptByEveryEditOfOtherThings() {
        String tiers = TIERS.formatted(FORWARD + INSTEAD);
        configurations.putTiers(tiers);
        configurations.putMerchant("acme", merchant(HOLD, Map.of("exotel", REJECT)));
        configurations.putTier("silver", new TierPolicy("exclusive", 1, null, null));
        configurations.deleteTier("silver");
        configurations.putNumber("+1415", "acme");
        configurations.putMerchant("bob", new MerchantPolicy(null, null, null, 1));
        configurations.deleteMerchant("bob");
        configurations.deleteNumber("+1415");

        assertThat(store.template().opsForValue().get(TIER_KEY)).isEqualTo(tiers);
        assertThat(store.template().opsForHash().entries(MERCHANT_KEY))
                .isEqualTo(Map.of(
                        "acme",
                        "{\"when_exhausted\":{\"action\":\"hold\",\"text\":\"Please hold.\",\"max_wait_s\":60},"
                                + "\"when_exhausted_at\":{\"exotel\":{\"action\":\"reject\"}}}"));
        assertThat(configurations.current().whenExhausted("acme", "plivo")).hasValue(HOLD);
        assertThat(configurations.current().whenExhausted("acme", "exotel")).hasValue(REJECT);
        assertThat(applied().keySet()).noneMatch(field -> field.toString().contains("exhausted"));
        store.flush();
        configurations.poll();
        assertThat(store.template().opsForValue().get(TIER_KEY)).isEqualTo(tiers);
        assertThat(configurations.current().whenExhausted("acme", "exotel")).hasValue(REJECT);
    }

    @Test
    void anEditThatAProviderCannotDoIsRefusedAndChangesNothing() {
        RedisDump before = RedisDump.of(store.template(), "voice");
        assertThatExceptionOfType(InvalidInputException.class)
                .isThrownBy(() -> configurations.putTiers(TIERS.formatted(FORWARD)))
                .withMessage(REFUSED)
                .satisfies(refused -> assertThat(refused.field()).isEqualTo("when_exhausted"));
        assertThatExceptionOfType(InvalidInputException.class)
                .isThrownBy(() -> configurations.putMerchant("acme", merchant(HOLD, Map.of())))
                .withMessage("merchant:config of acme: when_exhausted \"hold\" cannot be done at exotel; give that"
                        + " provider its own in when_exhausted_at");
        assertThatExceptionOfType(InvalidInputException.class)
                .isThrownBy(() -> configurations.putMerchant("acme", merchant(REJECT, Map.of("exotel", HOLD))))
                .withMessage("merchant:config of acme: when_exhausted_at \"hold\" cannot be done at exotel; give it"
                        + " another action");
        assertThat(RedisDump.of(store.template(), "voice")).isEqualTo(before);

        configurations.putTiers(TIERS.formatted(FORWARD + INSTEAD));
        configurations.putMerchant("acme", merchant(HOLD, Map.of("exotel", REJECT, "unheard-of", HOLD)));
        assertThat(configurations.problem()).isEmpty();
    }

    @Test
    void anEditByHandThatAProviderCannotDoIsNotAppliedAndSaidUntilItIsMended() {
        Map<Object, Object> before = applied();
        set(TIERS.formatted(FORWARD));
        configurations.poll();

        assertThat(configurations.problem()).hasValue(REFUSED);
        assertThat(applied()).isEqualTo(before);
        assertThat(configurations.current().whenExhausted(null, "exotel")).isEmpty();

        set(TIERS.formatted(FORWARD + INSTEAD));
        configurations.poll();
        assertThat(configurations.problem()).isEmpty();
        assertThat(configurations.current().whenExhausted(null, "exotel")).hasValue(REJECT);
    }

    /** Another replica that does not use that provider applied it, or this one was given the provider since. */
    @Test
    void whatIsAppliedAlreadyIsAdoptedSaidAndNotInTheWayOfOtherEdits() {
        try (StoreFixture without = new StoreFixture(redis, SETTINGS)) {
            without.pool().configurations().putTiers(TIERS.formatted(FORWARD));
        }
        try (StoreFixture started = new StoreFixture(redis, SETTINGS)) {
            started.pool().abilities(SOME_CANNOT);
            RoutingConfigurations own = started.pool().configurations();
            assertThat(own.current().whenExhausted(null, "exotel").map(WhenExhausted::action))
                    .hasValue(Action.FORWARD);
            assertThat(own.problem()).hasValue(REFUSED);
            own.putTier("silver", new TierPolicy("exclusive", 1, null, null));
            assertThat(own.problem()).hasValue(REFUSED);
            assertThat(own.current().tiers()).containsKey("silver");
            assertThatExceptionOfType(InvalidInputException.class)
                    .isThrownBy(() -> own.putMerchant("acme", merchant(HOLD, Map.of())));

            started.template().opsForHash().put("voice:number:config", "+1415", "acme");
            own.poll();
            assertThat(own.current().merchantOf("1415")).hasValue("acme");
            assertThat(own.problem()).hasValue(REFUSED);

            own.putTiers(TIERS.formatted(FORWARD + INSTEAD));
            assertThat(own.problem()).isEmpty();
        }
    }

    /** This router has not looked since another one applied it. */
    @Test
    void anEditOverWhatAnotherRouterAppliedMeanwhileIsNotRefusedForIt() {
        try (StoreFixture without = new StoreFixture(redis, SETTINGS)) {
            without.pool().configurations().putTiers(TIERS.formatted(FORWARD));
        }
        configurations.putNumber("+1415", "acme");

        assertThat(configurations.problem()).hasValue(REFUSED);
    }

    @Test
    void anEditByHandThatCannotBeDoneIsNotAppliedByASettlementEither() {
        set(TIERS.formatted(FORWARD));
        store.failOver();
        configurations.poll();

        assertThat(configurations.problem()).hasValue(REFUSED);
        assertThat(configurations.current().whenExhausted(null, "exotel")).isEmpty();
        assertThat(CorePods.allocated(store, "a").allocation().pool()).isEqualTo("gold");
    }

    /** Nothing else is left that could be in effect: better a caller who hears too little than no routing at all. */
    @Test
    void aRouterThatFindsNothingElseAfterALossTakesWhatCannotBeDone() {
        store.flush();
        set(TIERS.formatted(FORWARD));
        try (StoreFixture started = new StoreFixture(redis, SETTINGS)) {
            started.cluster(CorePods.pods(1));
            started.pool().abilities(SOME_CANNOT);
            RoutingConfigurations own = started.pool().configurations();
            assertThat(own.current().whenExhausted(null, "plivo").map(WhenExhausted::action))
                    .hasValue(Action.FORWARD);
            assertThat(own.problem()).hasValue(REFUSED);
            assertThat(Objects.requireNonNull(started.template().opsForValue().get(TIER_KEY)))
                    .isEqualTo(TIERS.formatted(FORWARD));
        }
    }
}
