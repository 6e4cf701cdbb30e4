package io.smartrouter.pool.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.smartrouter.pool.Admission;
import io.smartrouter.pool.Allocation;
import io.smartrouter.pool.AllocationOutcome.Allocated;
import io.smartrouter.pool.AllocationOutcome.Exhausted;
import io.smartrouter.pool.CallId;
import io.smartrouter.pool.CallState;
import io.smartrouter.pool.ContinueOutcome;
import io.smartrouter.pool.ContinueOutcome.Continues;
import io.smartrouter.pool.ContinueRequest;
import io.smartrouter.pool.HeartbeatOutcome;
import io.smartrouter.pool.Incarnation;
import io.smartrouter.pool.Lease;
import io.smartrouter.pool.MerchantPolicy;
import io.smartrouter.pool.Pod;
import io.smartrouter.pool.PodChange;
import io.smartrouter.pool.PodFacts;
import io.smartrouter.pool.PodState;
import io.smartrouter.pool.ReleaseOutcome;
import io.smartrouter.pool.ReleaseRequest;
import io.smartrouter.pool.ReplaceReply;
import io.smartrouter.pool.StoreUnavailableException;
import io.smartrouter.pool.StreamEvent;
import io.smartrouter.testing.TestRedis;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * One record is damaged: evicted, deleted or overwritten by hand. Everybody else is served as before, and what can no
 * longer be read is never taken for free.
 */
class DamagedRecordsIT {
    private static final long START = 1_800_000_000_000L;
    private static final int PODS = 6;
    private static final CallId BROKEN = new CallId("broken");
    private static final CallId OTHER = new CallId("other");
    private static final String LOCK = "lock-token";

    private static TestRedis redis;
    private StoreFixture store;
    private Allocation broken;
    private Allocation other;

    /** What happened to the record of call {@link #BROKEN}, of its pod, of its merchant, or of a pod that is free. */
    @SuppressWarnings("ImmutableEnumChecker") // a lambda without a state
    enum Damage {
        POD_RECORD_MISSING(it -> it.delete("pod:" + it.broken.pod())),
        POD_RECORD_OF_ANOTHER_TYPE(it -> it.overwrite("pod:" + it.broken.pod())),
        POD_RECORD_WITH_A_WORD_FOR_A_NUMBER(it -> it.put("pod:" + it.broken.pod(), "capacity", "many")),
        POD_RECORD_WITH_A_WORD_FOR_A_COUNT(it -> it.put("pod:" + it.broken.pod(), "probe_failures", "many")),
        POD_CALLS_OF_ANOTHER_TYPE(it -> it.overwrite("pod:" + it.broken.pod() + ":calls")),
        MERCHANT_CALLS_OF_ANOTHER_TYPE(it -> it.overwrite("merchant:acme:calls")),
        CALL_RECORD_MISSING(it -> it.delete("call:broken")),
        CALL_RECORD_OF_ANOTHER_TYPE(it -> it.overwrite("call:broken")),
        CALL_RECORD_WITH_AN_UNKNOWN_STATE(it -> it.put("call:broken", "state", "nonsense")),
        CALL_RECORD_WITH_A_WORD_FOR_A_TIME(it -> it.put("call:broken", "allocated_at", "yesterday")),
        CALL_RECORD_WITHOUT_A_POD(it -> it.store.template().opsForHash().delete("voice:call:broken", "pod")),
        AVAILABLE_PODS_WITHOUT_RECORD(it -> it.index("pool:default:available", "ghost-", 0)),
        DUE_PODS_WITHOUT_RECORD(it -> it.index("pods:due", "ghost-", 1)),
        DUE_CALLS_WITHOUT_RECORD(it -> it.index("calls", "ghost-", 1)),
        DUE_WAITERS_OF_ANOTHER_TYPE(it -> {
            it.index("waiting", "ghost-", 1);
            it.overwrite("waiter:ghost-0");
        }),
        DUE_POD_OF_ANOTHER_TYPE(it -> {
            it.index("pods:due", "ghost-", 1);
            it.overwrite("pod:ghost-0");
        }),
        FREE_POD_WITH_CALLS_OF_ANOTHER_TYPE(it -> it.overwrite("pod:" + it.firstFree() + ":calls")),
        FREE_POD_OF_ANOTHER_TYPE(it -> it.overwrite("pod:" + it.firstFree())),
        FREE_POD_WITH_A_MALFORMED_INCARNATION(it -> it.put("pod:" + it.firstFree(), "incarnation", "nonsense"));

        private final Consumer<DamagedRecordsIT> act;

        Damage(Consumer<DamagedRecordsIT> act) {
            this.act = act;
        }
    }

    /** What others do meanwhile. */
    @SuppressWarnings("ImmutableEnumChecker") // a lambda without a state
    enum Operation {
        ALLOCATE(it -> it.taken(CorePods.allocated(it.store, "new").allocation())),
        ALLOCATE_OF_THE_LAST_FREE_POD_AND_THEN_OF_NONE(it -> {
            List<Allocation> given = new ArrayList<>();
            for (int i = 0; i < PODS; i++) {
                if (CorePods.allocate(it.store, "new-" + i, null) instanceof Allocated allocated) {
                    given.add(allocated.allocation());
                }
            }
            it.taken(given.toArray(Allocation[]::new));
            assertThat(given).hasSizeGreaterThanOrEqualTo(PODS - 3);
            assertThat(CorePods.allocate(it.store, "one-too-many", null)).isInstanceOf(Exhausted.class);
        }),
        RELEASE(it -> assertThat(it.release(OTHER)).isInstanceOf(ReleaseOutcome.Released.class)),
        KEPT_RELEASES(it -> {
            redis.command("CONFIG SET maxmemory 1");
            assertThat(it.release(BROKEN)).isInstanceOf(ReleaseOutcome.Deferred.class);
            assertThat(it.release(OTHER)).isInstanceOf(ReleaseOutcome.Deferred.class);
            redis.command("CONFIG SET maxmemory 0");
            it.store.manager().retryReleases();
            assertThat(it.state(OTHER)).isEqualTo(CallState.ENDED);
        }),
        EXPIRE(it -> {
            it.store.setTime(START + 5 * 3_600_000);
            it.store.manager().expire();
            assertThat(it.state(OTHER)).isEqualTo(CallState.ENDED);
            it.store.manager().expire();
        }),
        CONTINUE(it -> {
            it.store.pool().agentRefuses(address -> address.equals(it.other.address()));
            ContinueOutcome next =
                    it.store.manager().continueCall(new ContinueRequest(OTHER, "plivo", null, it.other.lease()));
            it.taken(((Continues) next).allocation());
        }),
        STREAM(it -> {
            StreamEvent ended = new StreamEvent(OTHER, "plivo", null, it.other.lease(), StreamEvent.Kind.ENDED);
            assertThat(it.store.manager().streamEvent(ended)).isEqualTo(StreamEvent.Outcome.NOTED);
        }),
        HEARTBEAT(it -> {
            assertThat(it.store.manager().heartbeat(CorePods.claim(new Allocated(it.other, true))))
                    .isEqualTo(HeartbeatOutcome.LIVE);
            assertThat(it.store.manager().admit(CorePods.claim(new Allocated(it.other, true))))
                    .isEqualTo(new Admission.Admitted(it.other.address()));
        }),
        REPLACE(it -> {
            it.lock(OTHER);
            ReplaceReply reply =
                    it.store.store().replace(OTHER, it.other.lease(), LOCK, new Lease("next"), Set.of(it.other.pod()));
            it.taken(((Allocated) ((ReplaceReply.Decided) reply).outcome()).allocation());
        }),
        WITHDRAW(it -> {
            it.lock(OTHER);
            assertThat(it.store.store().withdraw(OTHER, it.other.lease(), LOCK))
                    .isInstanceOf(ReplaceReply.Decided.class);
            assertThat(it.store.manager().call(OTHER)).isEmpty();
        });

        private final Consumer<DamagedRecordsIT> act;

        Operation(Consumer<DamagedRecordsIT> act) {
            this.act = act;
        }
    }

    static List<Arguments> damagesAndOperations() {
        List<Arguments> all = new ArrayList<>();
        for (Damage damage : Damage.values()) {
            for (Operation operation : Operation.values()) {
                all.add(Arguments.of(damage, operation));
            }
        }
        return all;
    }

    @BeforeAll
    static void startRedis() {
        redis = TestRedis.start();
    }

    @AfterAll
    static void stopRedis() {
        redis.close();
    }

    @BeforeEach
    void twoCallsOnSixPods() {
        redis.command("CONFIG SET maxmemory 0");
        store = new StoreFixture(redis, Map.of("router.settle.quarantine", "0s"), StoreFixture.heldClock());
        store.flush();
        store.setTime(START);
        store.cluster(CorePods.pods(PODS));
        store.pool().settlement().settle();
        store.pool().configurations().putMerchant("acme", new MerchantPolicy("default", null, null, 5));
        broken = ((Allocated) CorePods.allocate(store, BROKEN.value(), "acme")).allocation();
        other = CorePods.allocated(store, OTHER.value()).allocation();
    }

    @AfterEach
    void close() {
        store.close();
    }

    @ParameterizedTest(name = "{0} while others {1}")
    @MethodSource("damagesAndOperations")
    void othersGoOn(Damage damage, Operation operation) {
        damage.act.accept(this);
        operation.act.accept(this);
    }

    /** Whatever becomes of the broken call itself: nobody else gets its pod while nobody knows that it is free. */
    @ParameterizedTest
    @EnumSource(Damage.class)
    void noPodIsTakenForFree(Damage damage) {
        damage.act.accept(this);
        noPodIsTakenForFree();
    }

    private void noPodIsTakenForFree() {
        Set<String> given = new HashSet<>();
        for (int i = 0; i < 2 * PODS; i++) {
            if (CorePods.allocate(store, "new-" + i, null) instanceof Allocated allocated) {
                assertThat(given.add(allocated.allocation().pod())).isTrue();
            }
        }
        assertThat(given).doesNotContain(broken.pod(), other.pod());
    }

    @Test
    void callWhosePodRecordIsMissingIsReleased() {
        delete("pod:" + broken.pod());
        assertThat(release(BROKEN)).isEqualTo(new ReleaseOutcome.Released(broken.pod(), "default", false));
        endedWithoutATrace();
    }

    @Test
    void callWhosePodRecordIsMissingExpires() {
        delete("pod:" + broken.pod());
        store.setTime(START + 5 * 3_600_000);
        store.manager().expire();
        endedWithoutATrace();
    }

    @Test
    void callWhosePodRecordIsMissingContinuesOnAnotherPod() {
        delete("pod:" + broken.pod());
        Continues next = (Continues) ask();
        taken(next.allocation());
        assertThat(members("pod:" + broken.pod() + ":calls")).isEmpty();
    }

    @Test
    void callWhosePodRecordIsMissingIsLostWhereNoOtherPodIsFree() {
        for (int i = 2; i < PODS; i++) {
            CorePods.allocated(store, "new-" + i);
        }
        delete("pod:" + broken.pod());
        assertThat(ask()).isInstanceOf(ContinueOutcome.Exhausted.class);
        assertThat(state(BROKEN)).isEqualTo(CallState.LOST);
        assertThat(members("pod:" + broken.pod() + ":calls")).isEmpty();
    }

    @Test
    void callWhosePodRecordIsMissingIsMovedByItsProber() {
        delete("pod:" + broken.pod());
        lock(BROKEN);
        ReplaceReply reply =
                store.store().replace(BROKEN, broken.lease(), LOCK, new Lease("next"), Set.of(broken.pod()));
        taken(((Allocated) ((ReplaceReply.Decided) reply).outcome()).allocation());
        assertThat(members("pod:" + broken.pod() + ":calls")).isEmpty();
    }

    @Test
    void callWhosePodRecordIsMissingIsTakenBack() {
        delete("pod:" + broken.pod());
        lock(BROKEN);
        assertThat(store.store().withdraw(BROKEN, broken.lease(), LOCK)).isInstanceOf(ReplaceReply.Decided.class);
        assertThat(store.manager().call(BROKEN)).isEmpty();
        assertThat(members("pod:" + broken.pod() + ":calls")).isEmpty();
    }

    @Test
    void callWhosePodRecordIsMissingLivesOnButNoStreamIsLetThroughToNowhere() {
        delete("pod:" + broken.pod());
        assertThat(store.manager().admit(CorePods.claim(new Allocated(broken, true))))
                .isEqualTo(new Admission.Refused(HeartbeatOutcome.UNKNOWN_POD));
        assertThat(store.manager().heartbeat(CorePods.claim(new Allocated(broken, true))))
                .isEqualTo(HeartbeatOutcome.LIVE);
    }

    @Test
    void callWithAnUnknownStateGetsNoSecondPod() {
        put("call:broken", "state", "nonsense");
        assertThatThrownBy(() -> CorePods.allocate(store, BROKEN.value(), null))
                .isInstanceOf(StoreUnavailableException.class);
        assertThatThrownBy(this::ask).isInstanceOf(StoreUnavailableException.class);
        assertThat(release(BROKEN)).isInstanceOf(ReleaseOutcome.Released.class);
        endedWithoutATrace();
        assertThat(Invariants.violations(RedisDump.of(store.template(), "voice"), "voice"))
                .isEmpty();
    }

    @Test
    void damagedRecordIsPassedOverWhereAllAreListed() {
        overwrite("pod:" + broken.pod());
        assertThat(store.manager().pods()).hasSize(PODS - 1);
        put("pod:" + other.pod(), "incarnation", "nonsense");
        assertThat(store.manager().pods()).hasSize(PODS - 2);
    }

    @Test
    void whatIsDueAndCannotBeDoneIsTriedAgainWhenItWasMended() {
        overwrite("merchant:acme:calls");
        store.setTime(START + 5 * 3_600_000);
        store.manager().expire();
        assertThat(state(BROKEN)).isEqualTo(CallState.ALLOCATED);
        assertThat(CorePods.allocate(store, "new", null)).isInstanceOf(Allocated.class);
        delete("merchant:acme:calls");
        store.manager().expire();
        assertThat(state(BROKEN)).as("put off").isEqualTo(CallState.ALLOCATED);
        store.setTime(START + 5 * 3_600_000 + 30_001);
        store.manager().expire();
        endedWithoutATrace();
    }

    @Test
    void podWhoseRecordIsMissingIsRegisteredAgainWithItsCall() {
        delete("pod:" + broken.pod());
        seenAgain(facts("uid-" + ordinal(), "containerd://1"));
        assertThat(callsOfPod()).containsExactly(BROKEN);
        assertThat(pod().state()).as("nobody knows what else was lost").isEqualTo(PodState.SUSPECT);
        store.setTime(START + 31_000);
        store.manager().expire();
        noPodIsTakenForFree();
        release(BROKEN);
        assertThat(CorePods.allocated(store, "last").allocation().pod()).isEqualTo(broken.pod());
        assertThat(Invariants.violations(RedisDump.of(store.template(), "voice"), "voice"))
                .isEmpty();
    }

    @Test
    void podWhoseRecordAndCallsAreMissingIsRegisteredAgainWithItsCall() {
        delete("pod:" + broken.pod());
        delete("pod:" + broken.pod() + ":calls");
        seenAgain(facts("uid-" + ordinal(), "containerd://1"));
        assertThat(callsOfPod()).containsExactly(BROKEN);
    }

    @Test
    void podWhoseRecordIsOfAnotherTypeIsRegisteredAgainWithItsCall() {
        overwrite("pod:" + broken.pod());
        overwrite("pod:" + broken.pod() + ":calls");
        seenAgain(facts("uid-" + ordinal(), "containerd://1"));
        assertThat(callsOfPod()).containsExactly(BROKEN);
    }

    @Test
    void podWhoseRecordIsMissingComesAsAnotherIncarnationAndLosesItsCall() {
        delete("pod:" + broken.pod());
        assertThat(seenAgain(facts("uid-" + ordinal(), "containerd://2")).lostCalls())
                .containsExactly(BROKEN);
        assertThat(state(BROKEN)).isEqualTo(CallState.LOST);
        assertThat(pod().calls()).isZero();
        assertThat(pod().state()).as("it may still serve the call").isEqualTo(PodState.SUSPECT);
        assertThat(Invariants.violations(RedisDump.of(store.template(), "voice"), "voice"))
                .isEmpty();
    }

    @Test
    void podWhoseRecordIsMissingComesBackInAnotherPoolAndStandsInNoOther() {
        store.pool()
                .configurations()
                .putTiers("{\"tiers\":{\"default\":{\"type\":\"exclusive\"},\"next\":{\"type\":\"exclusive\"}},"
                        + "\"default_chain\":[\"default\",\"next\"]}");
        delete("pod:" + broken.pod());
        PodFacts facts = facts("uid-" + ordinal(), "containerd://1");
        seenAgain(new PodFacts(
                facts.pod(), facts.incarnation(), "8", PodFacts.Readiness.READY, facts.address(), true, null, "next"));
        assertThat(pod().pool()).isEqualTo("next");
        assertThat(Invariants.violations(RedisDump.of(store.template(), "voice"), "voice"))
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "9"})
    void podWhoseRecordIsMissingIsGoneAndItsCallIsLost(String version) {
        delete("pod:" + broken.pod());
        Incarnation another = Incarnation.of(broken.pod(), "another-uid", "");
        Optional<String> at = Optional.of(version).filter(v -> !v.isEmpty());
        assertThat(store.manager().gone(broken.pod(), another, at).kind()).isEqualTo(PodChange.Kind.STALE);
        assertThat(state(BROKEN)).isEqualTo(CallState.ALLOCATED);
        assertThat(store.manager().gone(broken.pod(), broken.incarnation(), at).lostCalls())
                .containsExactly(BROKEN);
        assertThat(state(BROKEN)).isEqualTo(CallState.LOST);
        assertThat(Invariants.violations(RedisDump.of(store.template(), "voice"), "voice"))
                .isEmpty();
        assertThat(seenAgain(facts("uid-" + ordinal(), "containerd://1")).kind())
                .as("gone is gone")
                .isEqualTo(PodChange.Kind.STALE);
    }

    /** Also where Kubernetes does not know the broken pod any more, so that nobody mends its record at once. */
    @ParameterizedTest
    @EnumSource(Damage.class)
    void aSettlementOpensTheDataSetAndTakesNoPodForFree(Damage damage) {
        damage.act.accept(this);
        try (StoreFixture router =
                new StoreFixture(redis, Map.of("router.settle.quarantine", "30s"), StoreFixture.heldClock())) {
            router.cluster(CorePods.pods(PODS).stream()
                    .filter(pod -> !pod.pod().equals(broken.pod()))
                    .toList());
            router.failOver();
            assertThat(router.pool().settlement().settle()).isTrue();
            router.setTime(START + 31_000);
            router.manager().expire();
        }
        noPodIsTakenForFree();
    }

    private PodChange seenAgain(PodFacts facts) {
        try (StoreFixture router =
                new StoreFixture(redis, Map.of("router.settle.quarantine", "30s"), StoreFixture.heldClock())) {
            return router.manager().observe(facts);
        }
    }

    private PodFacts facts(String uid, String container) {
        return new PodFacts(
                broken.pod(),
                Incarnation.of(broken.pod(), uid, container),
                "7",
                PodFacts.Readiness.READY,
                broken.address(),
                true,
                null,
                null);
    }

    private String ordinal() {
        return broken.pod().substring(broken.pod().lastIndexOf('-') + 1);
    }

    private List<CallId> callsOfPod() {
        return store.manager().callsOn(List.of(broken.pod())).getOrDefault(broken.pod(), List.of());
    }

    private Pod pod() {
        return store.manager().pod(broken.pod()).orElseThrow();
    }

    /** The pod that a move leads to, and a key of its that is of another type: nothing may be written by halves. */
    @ParameterizedTest
    @EnumSource(MovesTo.class)
    void poolThatAPodMovesToIsDamaged(MovesTo operation) {
        store.pool()
                .configurations()
                .putTiers("{\"tiers\":{\"default\":{\"type\":\"exclusive\"},\"next\":{\"type\":\"exclusive\"}},"
                        + "\"default_chain\":[\"default\"]}");
        assertThat(store.store().place(broken.pod(), "next")).isTrue();
        overwrite("pool:next:probe_failed");
        lock(BROKEN);
        put("pod:" + broken.pod(), "kubernetes", "not_ready");
        store.setTime(START + 5 * 3_600_000);
        RedisDump before = RedisDump.of(store.template(), "voice");
        assertThatThrownBy(() -> operation.act.accept(this)).isInstanceOf(StoreUnavailableException.class);
        assertThat(RedisDump.of(store.template(), "voice")).isEqualTo(before);
    }

    /** What takes the last call off a pod that awaits a move. */
    @SuppressWarnings("ImmutableEnumChecker") // a lambda without a state
    enum MovesTo {
        RELEASE(it -> it.store
                .store()
                .release(new ReleaseRequest(BROKEN, new ReleaseRequest.Right.Operator(null), "released"))),
        CONTINUE(it -> {
            it.store
                    .store()
                    .continueCall(
                            new ContinueRequest(BROKEN, "plivo", null, it.broken.lease()),
                            new Lease("next"),
                            Optional.of(LOCK),
                            null);
        }),
        REPLACE(it ->
                it.store.store().replace(BROKEN, it.broken.lease(), LOCK, new Lease("next"), Set.of(it.broken.pod()))),
        WITHDRAW(it -> it.store.store().withdraw(BROKEN, it.broken.lease(), LOCK));

        private final Consumer<DamagedRecordsIT> act;

        MovesTo(Consumer<DamagedRecordsIT> act) {
            this.act = act;
        }
    }

    @Test
    void poolThatAnExpiredCallsPodMovesToIsDamaged() {
        store.pool()
                .configurations()
                .putTiers("{\"tiers\":{\"default\":{\"type\":\"exclusive\"},\"next\":{\"type\":\"exclusive\"}},"
                        + "\"default_chain\":[\"default\"]}");
        assertThat(store.store().place(broken.pod(), "next")).isTrue();
        overwrite("pool:next:probe_failed");
        store.setTime(START + 5 * 3_600_000);
        store.manager().expire();
        assertThat(state(OTHER)).isEqualTo(CallState.ENDED);
        assertThat(state(BROKEN)).isEqualTo(CallState.ALLOCATED);
        assertThat(members("pod:" + broken.pod() + ":calls")).containsExactly("broken");
    }

    private void endedWithoutATrace() {
        assertThat(state(BROKEN)).isEqualTo(CallState.ENDED);
        assertThat(store.template().opsForZSet().score("voice:calls", "broken")).isNull();
        assertThat(members("pod:" + broken.pod() + ":calls")).isEmpty();
        assertThat(members("merchant:acme:calls")).isEmpty();
    }

    /** Pods that others got: never one of the two calls', and each once. */
    private void taken(Allocation... allocations) {
        Set<String> pods = new HashSet<>();
        for (Allocation allocation : allocations) {
            assertThat(pods.add(allocation.pod())).isTrue();
        }
        assertThat(pods).doesNotContain(broken.pod(), other.pod());
    }

    private ReleaseOutcome release(CallId call) {
        return store.manager().release(new ReleaseRequest(call, new ReleaseRequest.Right.Operator(null), "released"));
    }

    private ContinueOutcome ask() {
        return store.manager().continueCall(new ContinueRequest(BROKEN, "plivo", null, broken.lease()));
    }

    private CallState state(CallId call) {
        return store.manager().call(call).orElseThrow().state();
    }

    private String firstFree() {
        return store.template()
                .opsForZSet()
                .range("voice:pool:default:available", 0, 0)
                .iterator()
                .next();
    }

    private void lock(CallId call) {
        store.template().opsForValue().set("voice:lock:call:" + call, LOCK);
    }

    private Set<String> members(String key) {
        return store.template().opsForSet().members("voice:" + key);
    }

    private void delete(String key) {
        store.template().delete("voice:" + key);
    }

    private void overwrite(String key) {
        store.template().opsForValue().set("voice:" + key, "nonsense");
    }

    private void put(String key, String field, String value) {
        store.template().opsForHash().put("voice:" + key, field, value);
    }

    /** More entries than the scripts look at in one go. */
    private void index(String key, String name, double score) {
        for (int i = 0; i < 6; i++) {
            store.template().opsForZSet().add("voice:" + key, name + i, score);
        }
    }
}
