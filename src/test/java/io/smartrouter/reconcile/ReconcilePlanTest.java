package io.smartrouter.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import io.smartrouter.podwatch.PodNews;
import io.smartrouter.pool.Incarnation;
import io.smartrouter.pool.Repair;
import io.smartrouter.pool.Repair.Kind;
import io.smartrouter.pool.StoreView.CallLine;
import io.smartrouter.pool.StoreView.PodLine;
import io.smartrouter.pool.StoreView.WaiterLine;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Each row damages one thing in a data set in order, and says what is planned for it and what it breaks. */
class ReconcilePlanTest {
    private static final long HOUR_MS = Duration.ofHours(1).toMillis();

    @Test
    void aDataSetInOrderHasNothingToMend() {
        ReconcilePlan plan = Views.inOrder().plan();
        assertThat(plan.isEmpty()).as("%s", plan).isTrue();
        assertThat(plan.findings()).isEmpty();
    }

    @Test
    void aDataSetThatIsBeingSettledIsLeftAlone() {
        Views views = Views.inOrder();
        views.deadlines.clear();
        views.open = false;
        assertThat(views.plan()).isEqualTo(ReconcilePlan.NOTHING);
    }

    private static Arguments row(String what, Consumer<Views> damage, Kind kind, String name, Invariant... broken) {
        return Arguments.of(what, damage, kind, name, Set.of(broken));
    }

    static List<Arguments> damages() {
        return List.of(
                row("no deadline", v -> v.deadlines.clear(), Kind.CALL_INDEXES, "c", Invariant.CALLS),
                row("not on its pod", v -> v.podCalls.clear(), Kind.CALL_INDEXES, "c", Invariant.CALLS, Invariant.PODS),
                row("not at its merchant", v -> v.merchantCalls.clear(), Kind.CALL_INDEXES, "c", Invariant.CALLS),
                row(
                        "at another merchant too",
                        v -> v.merchantCalls.put("n", Set.of("c")),
                        Kind.CALL_INDEXES,
                        "c",
                        Invariant.CALLS),
                row(
                        "an index without a record",
                        v -> v.deadlines.put("x", 1L),
                        Kind.CALL_INDEXES,
                        "x",
                        Invariant.CALLS),
                row(
                        "an ended call in its pod's set",
                        v -> {
                            v.calls.put("e", Views.callLine("e", "ended", 0, Views.incarnation(0), Views.NOW, 0));
                            Objects.requireNonNull(v.podCalls.get("agent-0")).add("e");
                        },
                        Kind.CALL_INDEXES,
                        "e",
                        Invariant.CALLS),
                row(
                        "a deadline beyond the longest call",
                        v -> v.deadlines.put("c", Views.NOW + 9 * HOUR_MS),
                        Kind.CALL_DEADLINE,
                        "c"),
                row(
                        "past its time to connect",
                        v -> {
                            v.calls.put(
                                    "c",
                                    new CallLine(
                                            "c",
                                            "allocated",
                                            "agent-0",
                                            Views.incarnation(0),
                                            "m",
                                            "lease-c",
                                            "6",
                                            Views.NOW - HOUR_MS,
                                            Views.NOW - HOUR_MS + 15_000,
                                            0,
                                            false));
                            v.deadlines.put("c", Views.NOW + HOUR_MS);
                        },
                        Kind.CALL_DEADLINE,
                        "c"),
                row(
                        "of an incarnation that its pod no longer has",
                        v -> v.calls.put("c", Views.callLine("c", "connected", 0, Views.incarnation(5), Views.NOW, 0)),
                        Kind.CALL_LOST,
                        "c",
                        Invariant.CALLS),
                row(
                        "on a gone pod",
                        v -> {
                            v.pods.put("agent-9", Views.line(9, "gone", "", "", "3"));
                            v.calls.put("c", Views.callLine("c", "connected", 9, Views.incarnation(9), Views.NOW, 0));
                            v.podCalls.clear();
                            v.podCalls.put("agent-9", new TreeSet<>(Set.of("c")));
                            v.pool("gold").available().add("agent-0");
                        },
                        Kind.CALL_LOST,
                        "c",
                        Invariant.CALLS,
                        Invariant.PODS),
                row(
                        "not in the set of pods",
                        v -> v.podNames.remove("agent-1"),
                        Kind.POD_INDEXES,
                        "agent-1",
                        Invariant.PODS),
                row(
                        "without a record in the set of pods",
                        v -> v.podNames.add("agent-8"),
                        Kind.POD_INDEXES,
                        "agent-8",
                        Invariant.PODS),
                row(
                        "in two pools",
                        v -> v.pool("basic").pods().add("agent-1"),
                        Kind.POD_INDEXES,
                        "agent-1",
                        Invariant.PODS),
                row(
                        "missing in its pool",
                        v -> v.pool("gold").pods().remove("agent-1"),
                        Kind.POD_INDEXES,
                        "agent-1",
                        Invariant.PODS),
                row(
                        "free and not available",
                        v -> v.pool("gold").available().remove("agent-1"),
                        Kind.POD_INDEXES,
                        "agent-1",
                        Invariant.PODS),
                row(
                        "full and available",
                        v -> v.pool("gold").available().add("agent-0"),
                        Kind.POD_INDEXES,
                        "agent-0",
                        Invariant.CAPACITY),
                row(
                        "a state that its facts do not say",
                        v -> {
                            v.pods.put("agent-1", Views.line(1, "suspect", "gold", "", "5"));
                            v.pool("gold").available().remove("agent-1");
                        },
                        Kind.POD_STATE,
                        "agent-1"),
                row(
                        "a move that it no longer waits for",
                        v -> {
                            v.pods.put("agent-1", Views.line(1, "ready", "gold", "basic", "5"));
                            v.pool("gold").available().remove("agent-1");
                        },
                        Kind.POD_INDEXES,
                        "agent-1"),
                row(
                        "in a pool that no longer exists",
                        v -> {
                            v.pods.put("agent-1", Views.line(1, "ready", "silver", "", "5"));
                            v.pools.put("silver", v.pools.remove("basic"));
                            v.pool("silver").pods().add("agent-1");
                            v.pool("silver").available().add("agent-1");
                            v.pool("gold").pods().remove("agent-1");
                            v.pool("gold").available().remove("agent-1");
                        },
                        Kind.POD_POOL,
                        "agent-1"),
                row("waits without a record", v -> v.waiters.clear(), Kind.WAITER, "w", Invariant.WAITING),
                row("waits in no queue", v -> v.pool("gold").queue().clear(), Kind.WAITER, "w", Invariant.WAITING),
                row("waits in the index of none", v -> v.waiting.clear(), Kind.WAITER, "w", Invariant.WAITING),
                row(
                        "waits and holds a pod",
                        v -> {
                            v.waiters.put("c", new WaiterLine("c", "91", List.of()));
                            v.waiting.put("c", Views.NOW);
                        },
                        Kind.WAITER,
                        "c",
                        Invariant.WAITING));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("damages")
    void oneDamageIsOneRepairOnTheEvidenceOfItsRecord(
            String what, Consumer<Views> damage, Kind kind, String name, Set<Invariant> broken) {
        Views views = Views.inOrder();
        damage.accept(views);
        ReconcilePlan plan = views.plan();
        assertThat(plan.repairs())
                .filteredOn(repair -> repair.name().equals(name))
                .singleElement()
                .satisfies(repair -> {
                    assertThat(repair.kind()).isEqualTo(kind);
                    assertThat(repair.reasons()).isNotEmpty();
                    assertThat(repair.evidence()).isEqualTo(evidence(views, repair));
                });
        assertThat(plan.unknown()).isEmpty();
        assertThat(plan.findings().stream()
                        .map(Finding::invariant)
                        .filter(Objects::nonNull)
                        .distinct()
                        .toList())
                .containsExactlyInAnyOrderElementsOf(broken);
    }

    private static Repair.Evidence evidence(Views views, Repair repair) {
        if (repair.kind() == Kind.WAITER) {
            WaiterLine waiter = views.waiters.get(repair.name());
            return new Repair.Evidence(waiter == null ? "" : waiter.arrived(), "", "", "");
        }
        if (repair.kind().isOfPod()) {
            PodLine pod = views.pods.get(repair.name());
            return pod == null
                    ? Repair.Evidence.NONE
                    : new Repair.Evidence(pod.seq(), "", pod.incarnation(), pod.version());
        }
        CallLine call = views.calls.get(repair.name());
        return call == null
                ? Repair.Evidence.NONE
                : new Repair.Evidence(
                        call.seq(), call.lease(), views.pod(call.pod()).incarnation(), "");
    }

    @Test
    void aPodOfAPoolThatIsGoneGoesWhereMostIsMissing() {
        Views views = Views.inOrder();
        views.pods.put("agent-1", Views.line(1, "ready", "silver", "", "5"));
        views.pool("gold").pods().remove("agent-1");
        assertThat(Findings.belongsIn(views.view(), views.pod("agent-1"))).isEqualTo("gold");
        views.pool("gold").pods().addAll(Set.of("agent-2", "agent-3"));
        assertThat(Findings.belongsIn(views.view(), views.pod("agent-1"))).isEqualTo("basic");
    }

    @Test
    void whatIsDueInThisMomentIsLeftToWhoDoesItEachSecond() {
        Views views = Views.inOrder();
        views.pods.put("agent-1", suspectUntil(Views.NOW - Limits.DUE_MS / 2));
        views.pool("gold").available().remove("agent-1");
        assertThat(views.plan().repairs()).isEmpty();
        views.pods.put("agent-1", suspectUntil(Views.NOW - 2 * Limits.DUE_MS));
        assertThat(views.plan().repairs()).extracting(Repair::kind).containsExactly(Kind.POD_STATE);
    }

    private static PodLine suspectUntil(long quarantine) {
        PodLine line = Views.line(1, "suspect", "gold", "", "5");
        return new PodLine(
                line.name(),
                line.state(),
                line.incarnation(),
                line.version(),
                line.pool(),
                "",
                "",
                1,
                line.address(),
                "ready",
                false,
                0,
                quarantine,
                line.seq());
    }

    @Test
    void aCallOnAPodThatNobodyKnowsIsAQuestionAndNoRepair() {
        Views views = Views.inOrder();
        views.call("x", 7, Views.NOW);
        ReconcilePlan plan = views.plan();
        assertThat(plan.repairs()).isEmpty();
        assertThat(plan.unknown())
                .singleElement()
                .satisfies(question -> assertThat(question.pod()).isEqualTo("agent-7"));
    }

    @Test
    void missingAndLeftOverPodsAreNewsForTheWatchToAskAbout() {
        ReconcilePlan plan = ReconcilePlan.of(
                List.of(Views.facts(0), Views.facts(2)), Views.inOrder().view(), Views.LIMITS);
        assertThat(plan.pods())
                .containsExactlyInAnyOrder(
                        new PodNews.Missing(
                                "agent-1", Incarnation.parse(Views.incarnation(1)), java.util.Optional.empty()),
                        new PodNews.Seen(Views.facts(2)));
        assertThat(plan.repairs()).isEmpty();
        assertThat(plan.findings()).extracting(Finding::invariant).containsOnly(Invariant.CLUSTER);
    }

    @Test
    void whatOnlyOneLookSawIsNotConfirmed() {
        Views damaged = Views.inOrder();
        damaged.deadlines.clear();
        ReconcilePlan first = damaged.plan();
        assertThat(first.confirmedBy(damaged.plan()).repairs()).hasSize(1);
        assertThat(first.confirmedBy(Views.inOrder().plan()).isEmpty()).isTrue();
        // Wrong again, but the record has changed between: two transitions that the looks ran into, not one fault.
        CallLine call = Objects.requireNonNull(damaged.calls.get("c"));
        damaged.calls.put(
                "c",
                new CallLine(
                        "c",
                        call.state(),
                        call.pod(),
                        call.incarnation(),
                        call.merchant(),
                        call.lease(),
                        "8",
                        call.allocatedAtMs(),
                        0,
                        0,
                        false));
        ReconcilePlan confirmed = first.confirmedBy(damaged.plan());
        assertThat(confirmed.isEmpty()).isTrue();
        assertThat(confirmed.findings()).isEmpty();
    }
}
