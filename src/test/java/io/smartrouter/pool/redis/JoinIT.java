package io.smartrouter.pool.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.smartrouter.pool.Copy;
import io.smartrouter.pool.DrainOutcome;
import io.smartrouter.pool.MirrorStore.Joined;
import io.smartrouter.pool.PodFacts;
import io.smartrouter.pool.PodState;
import io.smartrouter.pool.UnsettledException;
import io.smartrouter.testing.TestRedis;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What join.lua keeps, each sentence shown; and for each, that a script which breaks it is noticed. */
class JoinIT {
    private static TestRedis redis;

    @BeforeAll
    static void startRedis() {
        redis = TestRedis.start();
    }

    @AfterAll
    static void stopRedis() {
        redis.close();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("sentences")
    void holds(String sentence, Consumer<StoreFixture> shows) {
        run(UnaryOperator.identity(), shows);
    }

    @ParameterizedTest(name = "{0}: {2}")
    @MethodSource("mutations")
    void aBrokenJoinIsNoticed(Consumer<StoreFixture> shows, String original, String broken) {
        boolean[] applied = {false};
        UnaryOperator<String> mutation = script -> {
            applied[0] |= script.contains(original);
            return script.replace(original, broken);
        };
        assertThatExceptionOfType(AssertionError.class).isThrownBy(() -> run(mutation, shows));
        assertThat(applied[0]).as("the text to break stands in no script").isTrue();
    }

    private static void run(UnaryOperator<String> change, Consumer<StoreFixture> shows) {
        try (StoreFixture store = new StoreFixture(redis, Map.of("router.settle.quarantine", "0s"), change)) {
            store.flush();
            store.cluster(CorePods.pods(3));
            assertThat(store.pool().settlement().settle()).isTrue();
            shows.accept(store);
            assertThat(Invariants.violations(RedisDump.of(store.template(), "voice"), "voice"))
                    .isEmpty();
        }
    }

    static List<Arguments> sentences() {
        return List.of(
                Arguments.of("a live copy comes back whole", sentence(JoinIT::aLiveCopyComesBackWhole)),
                Arguments.of("the higher seq wins", sentence(JoinIT::theHigherSeqWins)),
                Arguments.of("of equal ones the later state", sentence(JoinIT::ofEqualOnesTheLaterState)),
                Arguments.of("a copy of a gone incarnation is lost", sentence(JoinIT::aCopyOfAGoneIncarnationIsLost)),
                Arguments.of("an unknown container is no other", sentence(JoinIT::anUnknownContainerIsNoOther)),
                Arguments.of("two calls on a pod both stand", sentence(JoinIT::twoCallsOnAPodBothStand)),
                Arguments.of("an end takes its call from its pod", sentence(JoinIT::anEndTakesItsCallFromItsPod)),
                Arguments.of("what was withdrawn leaves nothing", sentence(JoinIT::whatWasWithdrawnLeavesNothing)),
                Arguments.of("an operator's word survives", sentence(JoinIT::anOperatorsWordSurvives)),
                Arguments.of("a gone pod stays gone", sentence(JoinIT::aGonePodStaysGone)),
                Arguments.of("the data set's seq is above", sentence(JoinIT::theDataSetsSeqIsAbove)),
                Arguments.of("a bad copy keeps no other out", sentence(JoinIT::aBadCopyKeepsNoOtherOut)));
    }

    private static Consumer<StoreFixture> sentence(Consumer<StoreFixture> shows) {
        return shows;
    }

    static List<Arguments> mutations() {
        return List.of(
                mutation(JoinIT::theHigherSeqWins, "known > seq or (known == seq", "(known == seq"),
                mutation(JoinIT::ofEqualOnesTheLaterState, "(RANK[record.state] or 0) >= rank", "false"),
                mutation(JoinIT::ofEqualOnesTheLaterState, "(RANK[record.state] or 0) >= rank", "true"),
                mutation(
                        JoinIT::aCopyOfAGoneIncarnationIsLost,
                        "lost = is_other(copy.incarnation, pod.incarnation)\n",
                        "\n"),
                mutation(
                        JoinIT::aCopyOfAGoneIncarnationIsLost,
                        "lost = object_of(pod.incarnation) == object_of(copy.incarnation)",
                        ""),
                mutation(JoinIT::anUnknownContainerIsNoOther, "one ~= '' and two ~= '' and one ~= two", "one ~= two"),
                mutation(JoinIT::twoCallsOnAPodBothStand, "stand_in_pool(pod)\n    if pod.calls", "if pod.calls"),
                mutation(JoinIT::anEndTakesItsCallFromItsPod, "redis.call('SREM', pod_calls_key(held.pod), sid)", ""),
                mutation(JoinIT::anEndTakesItsCallFromItsPod, "affected[held.pod] = true", ""),
                mutation(JoinIT::whatWasWithdrawnLeavesNothing, "live or copy.state == 'withdrawn'", "live"),
                mutation(
                        JoinIT::anOperatorsWordSurvives,
                        "if seq <= tonumber(redis.call('HGET', pod_key(name), 'drained_seq') or 0)",
                        "if false"),
                mutation(JoinIT::anOperatorsWordSurvives, "or is_other(copy.incarnation, pod.incarnation)", ""),
                mutation(JoinIT::aGonePodStaysGone, "if pod then leave_pool(pod) end", ""),
                mutation(
                        JoinIT::aGonePodStaysGone,
                        "object_of(pod.incarnation) ~= object_of(copy.incarnation))",
                        "false)"),
                mutation(JoinIT::theDataSetsSeqIsAbove, "if highest > tonumber(seq) then", "if false then"),
                mutation(JoinIT::aLiveCopyComesBackWhole, "if copy.request then", "if false then"),
                mutation(JoinIT::aLiveCopyComesBackWhole, "if copy.merchant then", "if false then"),
                mutation(
                        JoinIT::aBadCopyKeepsNoOtherOut,
                        "local readable, act = pcall(plan, kind, name, copy)",
                        "local readable, act = true, plan(kind, name, copy)"));
    }

    private static Arguments mutation(Consumer<StoreFixture> shows, String original, String broken) {
        return Arguments.of(shows, original, broken);
    }

    private static void aLiveCopyComesBackWhole(StoreFixture store) {
        Map<String, String> fields = live(0, 7);
        fields.putAll(Map.of("merchant", "acme", "request", "our-id", "provider", "plivo", "connected_at", "5"));
        assertThat(join(store, call("a", fields))).isEqualTo(new Joined(1, 0));

        Map<String, String> record = new HashMap<>(record(store, "a"));
        fields.remove("deadline");
        assertThat(record).isEqualTo(fields);
        assertThat(store.template().opsForZSet().score("voice:calls", "a")).isEqualTo(9e12);
        assertThat(store.manager().liveCalls("acme")).isEqualTo(1);
        assertThat(store.template().opsForValue().get("voice:request:our-id")).isEqualTo("a");
        assertThat(join(store, call("a", live(0, 7)))).as("repeated").isEqualTo(new Joined(0, 0));
    }

    private static void theHigherSeqWins(StoreFixture store) {
        join(store, call("a", live(0, 7)));
        assertThat(join(store, call("a", live(1, 6))).taken()).isZero();
        assertThat(record(store, "a")).containsEntry("pod", "voice-agent-0");
        assertThat(join(store, call("a", live(1, 8))).taken()).isEqualTo(1);
        assertThat(record(store, "a")).containsEntry("pod", "voice-agent-1").containsEntry("seq", "8");
    }

    private static void ofEqualOnesTheLaterState(StoreFixture store) {
        Map<String, String> connected = live(0, 7);
        join(store, call("a", allocated(0, 7)));
        assertThat(join(store, call("a", connected)).taken()).isEqualTo(1);
        assertThat(join(store, call("a", allocated(0, 7))).taken()).isZero();
        assertThat(record(store, "a")).containsEntry("state", "connected");
    }

    private static void aCopyOfAGoneIncarnationIsLost(StoreFixture store) {
        Map<String, String> other = live(0, 7);
        other.put(
                "incarnation",
                Cluster.pod("voice-agent-0", "another-uid", "c", 1, PodFacts.Readiness.READY)
                        .incarnation()
                        .toString());
        join(store, call("a", other));
        assertThat(record(store, "a")).containsEntry("state", "lost").containsEntry("seq", "7");
        assertThat(store.manager().pod("voice-agent-0").orElseThrow().calls()).isZero();

        store.manager().gone("voice-agent-1", CorePods.pod(1).incarnation(), java.util.Optional.of("99"));
        join(store, call("b", live(1, 8)));
        assertThat(record(store, "b")).containsEntry("state", "lost");
    }

    private static void anUnknownContainerIsNoOther(StoreFixture store) {
        Map<String, String> unknown = live(0, 7);
        String incarnation = CorePods.pod(0).incarnation().toString();
        unknown.put("incarnation", incarnation.substring(0, 17));
        join(store, call("a", unknown));
        assertThat(record(store, "a")).containsEntry("state", "connected");
    }

    private static void twoCallsOnAPodBothStand(StoreFixture store) {
        assertThat(join(store, call("a", live(0, 7)))).isEqualTo(new Joined(1, 0));
        assertThat(join(store, call("b", live(0, 8)))).isEqualTo(new Joined(1, 1));
        assertThat(store.manager().pod("voice-agent-0").orElseThrow().calls()).isEqualTo(2);
        assertThat(store.template().opsForZSet().score("voice:pool:default:available", "voice-agent-0"))
                .isNull();
    }

    private static void anEndTakesItsCallFromItsPod(StoreFixture store) {
        join(store, call("a", live(0, 7)));
        join(store, call("a", Map.of("state", "ended", "seq", "9", "end_reason", "hangup", "ended_at", "5")));
        assertThat(record(store, "a"))
                .containsEntry("state", "ended")
                .containsEntry("end_reason", "hangup")
                .containsEntry("pod", "voice-agent-0");
        assertThat(store.manager().pod("voice-agent-0").orElseThrow().calls()).isZero();
        assertThat(store.template().opsForZSet().score("voice:pool:default:available", "voice-agent-0"))
                .isNotNull();
        assertThat(store.template().getExpire("voice:call:a")).isPositive();
    }

    private static void whatWasWithdrawnLeavesNothing(StoreFixture store) {
        join(store, call("a", live(0, 7)));
        join(store, call("a", Map.of("state", "withdrawn", "seq", "8")));
        assertThat(record(store, "a")).isEmpty();
        assertThat(store.manager().liveCalls()).isZero();
    }

    private static void anOperatorsWordSurvives(StoreFixture store) {
        assertThat(join(store, pod(0, "drained", "7")).taken()).isEqualTo(1);
        assertThat(store.manager().pod("voice-agent-0").orElseThrow().state()).isEqualTo(PodState.DRAINING);
        assertThat(join(store, pod(0, "undrained", "6")).taken()).isZero();
        assertThat(store.manager().pod("voice-agent-0").orElseThrow().state()).isEqualTo(PodState.DRAINING);
        assertThat(store.manager().undrain("voice-agent-0")).isInstanceOf(DrainOutcome.Done.class);
        assertThat(join(store, pod(0, "drained", "7")).taken()).isZero();
        assertThat(store.manager().pod("voice-agent-0").orElseThrow().state()).isEqualTo(PodState.READY);
        String another = Cluster.pod("voice-agent-1", "another", "c", 1, PodFacts.Readiness.READY)
                .incarnation()
                .toString();
        Copy ofAnother = new Copy(
                Copy.Kind.POD, "voice-agent-1", Map.of("state", "drained", "incarnation", another, "seq", "7"));
        assertThat(join(store, ofAnother).taken()).isZero();
    }

    private static void aGonePodStaysGone(StoreFixture store) {
        join(store, call("a", live(0, 7)));
        String another = Cluster.pod("voice-agent-1", "another", "c", 1, PodFacts.Readiness.READY)
                .incarnation()
                .toString();
        Copy ofAnother =
                new Copy(Copy.Kind.POD, "voice-agent-1", Map.of("state", "gone", "incarnation", another, "seq", "7"));
        assertThat(join(store, ofAnother).taken()).isZero();
        assertThat(join(store, pod(0, "gone", "8")).taken()).isEqualTo(1);
        assertThat(record(store, "a")).containsEntry("state", "lost");
        assertThat(store.manager().pods()).extracting(p -> p.name()).doesNotContain("voice-agent-0");
        assertThat(store.store().observe(CorePods.pod(0)).kind().name()).isEqualTo("STALE");
    }

    private static void theDataSetsSeqIsAbove(StoreFixture store) {
        join(store, call("a", live(0, 4_000_000_000_000_000L)));
        CorePods.allocated(store, "b");
        assertThat(Long.parseLong(record(store, "b").get("seq"))).isGreaterThan(4_000_000_000_000_000L);
    }

    private static void aBadCopyKeepsNoOtherOut(StoreFixture store) {
        Joined joined = attempt(store, call("bad", Map.of("state", "connected", "seq", "7")), call("a", live(0, 7)));
        assertThat(joined).isEqualTo(new Joined(1, 0));
        assertThat(record(store, "bad")).isEmpty();
        assertThat(record(store, "a")).containsEntry("state", "connected");
    }

    private static Joined attempt(StoreFixture store, Copy... copies) {
        try {
            return join(store, copies);
        } catch (io.smartrouter.pool.StoreFaultException e) {
            throw new AssertionError(e);
        }
    }

    /** Whatever the order, whatever is repeated, and however it is cut into batches. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 0x5EED})
    void theOrderOfJoinsIsOfNoMatter(long seed) {
        long tried = seed == 0x5EED ? System.nanoTime() : seed;
        Random random = new Random(tried);
        try (StoreFixture store = new StoreFixture(redis, Map.of("router.settle.quarantine", "0s"))) {
            store.cluster(CorePods.pods(3));
            for (int round = 0; round < 40; round++) {
                List<Copy> copies = new ArrayList<>();
                for (int i = random.nextInt(2, 25); i > 0; i--) {
                    copies.add(any(random));
                }
                Map<String, Object> expected = joined(store, copies, random);
                List<Copy> shuffled = new ArrayList<>(copies);
                shuffled.addAll(copies.subList(0, copies.size() / 2));
                Collections.shuffle(shuffled, random);
                assertThat(joined(store, shuffled, random))
                        .as("seed %d round %d: %s in place of %s", tried, round, shuffled, copies)
                        .isEqualTo(expected);
            }
        }
    }

    private static Map<String, Object> joined(StoreFixture store, List<Copy> copies, Random random) {
        store.flush();
        assertThat(store.pool().settlement().settle()).isTrue();
        int from = 0;
        while (from < copies.size()) {
            int to = Math.min(copies.size(), from + random.nextInt(1, 6));
            join(store, copies.subList(from, to).toArray(Copy[]::new));
            from = to;
        }
        RedisDump dump = RedisDump.of(store.template(), "voice");
        assertThat(Invariants.violations(dump, "voice")).isEmpty();
        Map<String, Object> seen = new TreeMap<>();
        dump.hashes().forEach((key, record) -> {
            if (key.startsWith("voice:call:")) {
                seen.put(key, record.get("state") + "@" + record.get("seq"));
            }
        });
        dump.sets().forEach((key, members) -> {
            if (key.endsWith(":calls")) {
                seen.put(key, members);
            }
        });
        seen.put("calls", dump.zset("voice:calls"));
        seen.put("pods", dump.set("voice:pods"));
        return seen;
    }

    /** What one seq made is one thing, whoever copied it. */
    private static Copy any(Random random) {
        if (random.nextInt(12) == 0) {
            return pod(2, "gone", "3");
        }
        String sid = "s" + random.nextInt(4);
        int seq = random.nextInt(1, 7);
        int pod = (sid.hashCode() + seq) % 3;
        return switch (random.nextInt(4)) {
            case 0 -> call(sid, allocated(pod, seq));
            case 1 -> call(sid, live(pod, seq));
            case 2 -> call(sid, Map.of("state", "lost", "seq", "" + seq, "ended_at", "5", "end_reason", "pod_gone"));
            default -> call(sid, Map.of("state", "ended", "seq", "" + seq, "ended_at", "5", "end_reason", "hangup"));
        };
    }

    @Test
    void anotherSettlementsTokenIsRefused() {
        try (StoreFixture store = new StoreFixture(redis, Map.of("router.settle.quarantine", "0s"))) {
            store.flush();
            store.settling().begin("mine");
            for (String token : List.of("another", "")) {
                assertThatExceptionOfType(UnsettledException.class)
                        .isThrownBy(() -> store.mirroring().store().join(token, List.of(), OptionalLong.of(1)));
            }
            assertThat(store.mirroring().store().settling()).isEmpty();
            store.mirroring().store().beginJoining("mine");
            assertThat(store.mirroring().store().settling()).hasValue("mine");
            store.mirroring().store().join("mine", List.of(), OptionalLong.of(5));
            store.mirroring().store().join("mine", List.of(), OptionalLong.of(3));
            assertThat(store.template().opsForHash().get("voice:epoch", "whole"))
                    .isEqualTo("5");
            assertThat(store.settling().begin("next").name()).isEqualTo("BUSY");
        }
    }

    private static Joined join(StoreFixture store, Copy... copies) {
        return store.mirroring().store().join("", List.of(copies), OptionalLong.empty());
    }

    private static Copy call(String sid, Map<String, String> fields) {
        return new Copy(Copy.Kind.CALL, sid, fields);
    }

    private static Copy pod(int ordinal, String state, String seq) {
        return new Copy(
                Copy.Kind.POD,
                "voice-agent-" + ordinal,
                Map.of(
                        "state",
                        state,
                        "seq",
                        seq,
                        "incarnation",
                        CorePods.pod(ordinal).incarnation().toString()));
    }

    private static Map<String, String> live(int pod, long seq) {
        Map<String, String> fields = allocated(pod, seq);
        fields.put("state", "connected");
        return fields;
    }

    private static Map<String, String> allocated(int pod, long seq) {
        return new HashMap<>(Map.of(
                "state",
                "allocated",
                "seq",
                Long.toString(seq),
                "pod",
                "voice-agent-" + pod,
                "incarnation",
                CorePods.pod(pod).incarnation().toString(),
                "pool",
                "default",
                "lease",
                "lease-" + seq,
                "allocated_at",
                "1800000000000",
                "deadline",
                "9000000000000"));
    }

    private static Map<String, String> record(StoreFixture store, String sid) {
        return Objects.requireNonNull(
                store.template().<String, String>opsForHash().entries("voice:call:" + sid));
    }
}
