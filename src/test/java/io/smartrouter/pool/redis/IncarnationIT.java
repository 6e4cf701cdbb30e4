package io.smartrouter.pool.redis;

import static io.smartrouter.pool.PodFacts.Readiness.DELETING;
import static io.smartrouter.pool.PodFacts.Readiness.NOT_READY;
import static io.smartrouter.pool.PodFacts.Readiness.READY;
import static org.assertj.core.api.Assertions.assertThat;

import io.smartrouter.pool.AllocationOutcome.Allocated;
import io.smartrouter.pool.AllocationRequest;
import io.smartrouter.pool.CallId;
import io.smartrouter.pool.CallState;
import io.smartrouter.pool.Incarnation;
import io.smartrouter.pool.PodChange;
import io.smartrouter.pool.PodChange.Kind;
import io.smartrouter.pool.PodFacts;
import io.smartrouter.pool.PodState;
import io.smartrouter.testing.TestRedis;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A pod is known by its incarnation: a call is on {@code voice-agent-0} (uid-a, container c1, version 100) when the
 * events of each row arrive.
 */
class IncarnationIT {
    private static final String POD = "voice-agent-0";
    private static final CallId CALL = new CallId("call-1");

    private static TestRedis redis;
    private StoreFixture fixture;

    @BeforeAll
    static void startRedis() {
        redis = TestRedis.start();
    }

    @AfterAll
    static void stopRedis() {
        redis.close();
    }

    @BeforeEach
    void aCallIsOnThePod() {
        fixture = new StoreFixture(redis, Map.of("router.settle.quarantine", "30s"), StoreFixture.heldClock());
        fixture.flush();
        fixture.setTime(1_800_000_000_000L);
        fixture.pool().settlement().settle();
        fixture.setTime(1_800_000_060_000L); // the opening's quarantine is over
        fixture.manager().observe(Cluster.pod(POD, "uid-a", "c1", 100, READY));
        assertThat(allocate(CALL)).isTrue();
    }

    @AfterEach
    void close() {
        fixture.close();
    }

    sealed interface Event {
        record Observed(PodFacts facts) implements Event {}

        record Deleted(String uid, String version) implements Event {}

        record AskedAndMissing(String uid) implements Event {}
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("rows")
    void aCallIsInheritedByNobody(String name, List<Event> events, List<Kind> changes, CallState call, PodState pod) {
        List<Kind> seen = new ArrayList<>();
        for (Event event : events) {
            PodChange change =
                    switch (event) {
                        case Event.Observed observed -> fixture.manager().observe(observed.facts());
                        case Event.Deleted deleted ->
                            fixture.manager()
                                    .gone(POD, Incarnation.of(POD, deleted.uid(), ""), Optional.of(deleted.version()));
                        case Event.AskedAndMissing missing ->
                            fixture.manager().gone(POD, Incarnation.of(POD, missing.uid(), ""), Optional.empty());
                    };
            seen.add(change.kind());
            assertThat(Invariants.violations(RedisDump.of(fixture.template(), "voice"), "voice"))
                    .isEmpty();
        }
        assertThat(seen).isEqualTo(changes);
        assertThat(fixture.manager().call(CALL).orElseThrow().state()).isEqualTo(call);
        assertThat(fixture.manager().pod(POD).orElseThrow().state()).isEqualTo(pod);
        boolean pods = allocate(new CallId("call-2"));
        assertThat(pods)
                .as("the pod is offered to another call")
                .isEqualTo(call == CallState.LOST && pod == PodState.READY);
    }

    static List<Arguments> rows() {
        CallState kept = CallState.ALLOCATED;
        CallState lost = CallState.LOST;
        return List.of(
                row("same name, new UID", kinds(Kind.REPLACED), lost, PodState.READY, seen("uid-b", "c1", 101)),
                row(
                        "same name, new UID, container not known yet",
                        kinds(Kind.GONE, Kind.REGISTERED),
                        lost,
                        PodState.READY,
                        seen("uid-b", "", 101, NOT_READY),
                        seen("uid-b", "c9", 102)),
                row(
                        "container restarts inside the pod, seen at once",
                        kinds(Kind.UPDATED, Kind.REPLACED),
                        lost,
                        PodState.SUSPECT,
                        seen("uid-a", "c1", 101, NOT_READY),
                        seen("uid-a", "c2", 102)),
                row(
                        "container restarts inside the pod, only the last of many versions seen",
                        kinds(Kind.REPLACED),
                        lost,
                        PodState.SUSPECT,
                        seen("uid-a", "c2", 140)),
                row(
                        "container id not known is no other incarnation",
                        kinds(Kind.UPDATED, Kind.UPDATED),
                        kept,
                        PodState.READY,
                        seen("uid-a", "", 101, NOT_READY),
                        seen("uid-a", "c1", 102)),
                row(
                        "readiness flaps",
                        kinds(Kind.UPDATED),
                        kept,
                        PodState.SUSPECT,
                        seen("uid-a", "c1", 101, NOT_READY)),
                row(
                        "deletion begins",
                        kinds(Kind.UPDATED),
                        kept,
                        PodState.DRAINING,
                        seen("uid-a", "c1", 101, DELETING)),
                row("equal version", kinds(Kind.STALE), kept, PodState.READY, seen("uid-b", "c2", 100)),
                row("older version", kinds(Kind.STALE), kept, PodState.READY, seen("uid-b", "c2", 99)),
                row("older by length, not by text", kinds(Kind.STALE), kept, PodState.READY, seen("uid-b", "c2", 99)),
                row(
                        "newer by length, not by text",
                        kinds(Kind.REPLACED),
                        lost,
                        PodState.READY,
                        seen("uid-b", "c2", 1_000)),
                row("deleted", kinds(Kind.GONE), lost, PodState.GONE, new Event.Deleted("uid-a", "101")),
                row(
                        "deleted, then a late event of it",
                        kinds(Kind.GONE, Kind.STALE),
                        lost,
                        PodState.GONE,
                        new Event.Deleted("uid-a", "101"),
                        seen("uid-a", "c1", 150)),
                row(
                        "deleted and made again, then late events of the old one",
                        kinds(Kind.GONE, Kind.REGISTERED, Kind.STALE, Kind.STALE),
                        lost,
                        PodState.READY,
                        new Event.Deleted("uid-a", "101"),
                        seen("uid-b", "c1", 102),
                        seen("uid-a", "c1", 101),
                        new Event.Deleted("uid-a", "101")),
                row(
                        "made again before the deletion of the old one is told",
                        kinds(Kind.REPLACED, Kind.STALE),
                        lost,
                        PodState.READY,
                        seen("uid-b", "c1", 105),
                        new Event.Deleted("uid-a", "104")),
                row(
                        "deletion of another object with its name",
                        kinds(Kind.STALE),
                        kept,
                        PodState.READY,
                        new Event.Deleted("uid-z", "101")),
                row(
                        "a fresh GET finds it missing",
                        kinds(Kind.GONE),
                        lost,
                        PodState.GONE,
                        new Event.AskedAndMissing("uid-a")),
                row(
                        "a fresh GET about an object that is long another",
                        kinds(Kind.REPLACED, Kind.STALE),
                        lost,
                        PodState.READY,
                        seen("uid-b", "c1", 105),
                        new Event.AskedAndMissing("uid-a")),
                row(
                        "made again, but cannot be registered yet",
                        kinds(Kind.GONE, Kind.NOT_REGISTRABLE, Kind.REGISTERED),
                        lost,
                        PodState.READY,
                        new Event.Deleted("uid-a", "101"),
                        seen("uid-b", "", 102, NOT_READY),
                        seen("uid-b", "c7", 103)));
    }

    @Test
    void deletionOfAnUnknownPodIsRememberedAgainstItsLateEvents() {
        Incarnation never = Incarnation.of("voice-agent-9", "uid-x", "");
        assertThat(fixture.manager()
                        .gone("voice-agent-9", never, Optional.of("300"))
                        .kind())
                .isEqualTo(Kind.UNKNOWN);
        assertThat(fixture.manager()
                        .observe(Cluster.pod("voice-agent-9", "uid-x", "c1", 299, READY))
                        .kind())
                .isEqualTo(Kind.STALE);
        assertThat(fixture.manager()
                        .observe(Cluster.pod("voice-agent-9", "uid-x", "c1", 301, READY))
                        .kind())
                .isEqualTo(Kind.STALE);
        assertThat(fixture.manager()
                        .observe(Cluster.pod("voice-agent-9", "uid-y", "c1", 302, READY))
                        .kind())
                .isEqualTo(Kind.REGISTERED);
    }

    @Test
    void aRestartedContainerUnderACallIsOfferedAgainOnlyAfterTheQuarantine() {
        fixture.manager().observe(Cluster.pod(POD, "uid-a", "c2", 101, READY));
        assertThat(allocate(new CallId("call-2"))).isFalse();
        fixture.setTime(1_800_000_089_000L);
        assertThat(allocate(new CallId("call-2"))).isFalse();
        fixture.setTime(1_800_000_090_001L);
        assertThat(allocate(new CallId("call-2"))).isTrue();
    }

    @Test
    void aRestartedContainerIsOfferedWhenItsAgentSaysThatItIsFreeAndNoStreamIsOnItsWay() {
        fixture.manager().observe(Cluster.pod(POD, "uid-a", "c2", 101, READY));
        fixture.pool().agentSaysFree(address -> true);
        fixture.manager().askQuarantined();
        assertThat(allocate(new CallId("call-2"))).isFalse();
        fixture.setTime(1_800_000_070_000L);
        fixture.manager().askQuarantined();
        assertThat(allocate(new CallId("call-2"))).isTrue();
    }

    @Test
    void theLostCallGetsAnotherPodAndAnotherLease() {
        String before =
                String.valueOf(fixture.manager().call(CALL).orElseThrow().lease());
        fixture.manager().observe(Cluster.pod("voice-agent-1", "uid-c", "c1", 110, READY));
        fixture.manager().gone(POD, Incarnation.of(POD, "uid-a", ""), Optional.of("120"));
        assertThat(fixture.manager().allocate(new AllocationRequest(CALL, "plivo", null, null)))
                .isInstanceOfSatisfying(Allocated.class, allocated -> {
                    assertThat(allocated.existing()).isFalse();
                    assertThat(allocated.allocation().pod()).isEqualTo("voice-agent-1");
                    assertThat(allocated.allocation().lease().value()).isNotEqualTo(before);
                });
    }

    private boolean allocate(CallId call) {
        return fixture.manager().allocate(new AllocationRequest(call, "plivo", null, null)) instanceof Allocated;
    }

    private static List<Kind> kinds(Kind... kinds) {
        return List.of(kinds);
    }

    private static Event seen(String uid, String container, long version) {
        return seen(uid, container, version, READY);
    }

    private static Event seen(String uid, String container, long version, PodFacts.Readiness readiness) {
        return new Event.Observed(Cluster.pod(POD, uid, container, version, readiness));
    }

    private static Arguments row(String name, List<Kind> changes, CallState call, PodState pod, Event... events) {
        return Arguments.of(name, List.of(events), changes, call, pod);
    }
}
