package io.smartrouter.pool.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.smartrouter.pool.Admission;
import io.smartrouter.pool.Allocation;
import io.smartrouter.pool.AllocationOutcome.Allocated;
import io.smartrouter.pool.CallId;
import io.smartrouter.pool.CallState;
import io.smartrouter.pool.ContinueOutcome;
import io.smartrouter.pool.ContinueOutcome.Continues;
import io.smartrouter.pool.ContinueRequest;
import io.smartrouter.pool.HeartbeatOutcome;
import io.smartrouter.pool.Incarnation;
import io.smartrouter.pool.Lease;
import io.smartrouter.pool.PodFacts;
import io.smartrouter.pool.PodState;
import io.smartrouter.pool.PodWord;
import io.smartrouter.pool.ProbeResult;
import io.smartrouter.pool.ReleaseRequest;
import io.smartrouter.pool.StreamEvent;
import io.smartrouter.testing.TestRedis;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What becomes of a caller whose stream is over: each way in which a pod can be lost, and none. */
class ContinueIT {
    private static final CallId CALL = new CallId("call-1");
    private static final Map<String, String> SETTINGS = Map.of(
            "router.settle.quarantine", "0s", "router.call.connect-timeout", "30s", "router.call.stream-grace", "10s");

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
    void threePods() {
        fixture = new StoreFixture(redis, SETTINGS);
        fixture.flush();
        fixture.cluster(CorePods.pods(3));
        fixture.pool().settlement().settle();
    }

    @AfterEach
    void invariantsHold() {
        assertThat(Invariants.violations(RedisDump.of(fixture.template(), "voice"), "voice"))
                .isEmpty();
        fixture.close();
    }

    @Test
    void streamEndsWhileItsPodIsWell() {
        Allocation first = connected();
        fixture.kubernetesSays(pod -> new PodWord.Present(CorePods.pod(0)));
        assertThat(ask(first.lease())).isEqualTo(new ContinueOutcome.Over("stream_ended"));
        assertThat(state()).isEqualTo(CallState.ENDED);
        assertThat(ask(first.lease())).isEqualTo(new ContinueOutcome.Over("stream_ended"));
    }

    @Test
    void podDiesAndKubernetesDoesNotKnowItYet() {
        Allocation first = connected();
        fixture.kubernetesSays(pod -> new PodWord.Present(CorePods.pod(0)));
        fixture.pool().agentRefuses(address -> address.equals(first.address()));
        Continues next = (Continues) ask(first.lease());
        assertThat(next.allocation().pod()).isNotEqualTo(first.pod());
        assertThat(next.allocation().lease()).isNotEqualTo(first.lease());
        assertThat(next.allocation().takesOver()).isTrue();
        assertThat(pod(first.pod())).isEqualTo(PodState.SUSPECT);
        assertThat(record().merchant()).isEqualTo("acme");
    }

    @Test
    void podIsGoneAndTheWatchHasNotSaidIt() {
        Allocation first = connected();
        fixture.kubernetesSays(pod -> new PodWord.Absent());
        Continues next = (Continues) ask(first.lease());
        assertThat(next.allocation().pod()).isNotEqualTo(first.pod());
        assertThat(pod(first.pod())).isEqualTo(PodState.GONE);
    }

    @Test
    void podWasReplacedAndTheWatchHasNotSaidIt() {
        Allocation first = connected();
        fixture.kubernetesSays(pod -> new PodWord.Present(facts(pod, "another-uid", "9", PodFacts.Readiness.READY)));
        Continues next = (Continues) ask(first.lease());
        // The newcomer of the same name is a pod as any other, and may be the one.
        assertThat(next.allocation().incarnation()).isNotEqualTo(first.incarnation());
    }

    @Test
    void containerRestartsBetweenTheTwoQuestions() {
        Allocation first = connected();
        AtomicBoolean restarted = new AtomicBoolean();
        PodFacts back = new PodFacts(
                first.pod(),
                Incarnation.of(first.pod(), "uid-0", "containerd://another"),
                "9",
                PodFacts.Readiness.READY,
                first.address(),
                true,
                null,
                null);
        fixture.kubernetesSays(pod -> new PodWord.Present(restarted.getAndSet(true) ? back : CorePods.pod(0)));
        fixture.pool().agentRefuses(address -> !restarted.getAndSet(true) && address.equals(first.address()));
        Continues next = (Continues) ask(first.lease());
        assertThat(next.allocation().incarnation()).isNotEqualTo(first.incarnation());
    }

    @Test
    void podIsNotReadyAndTheWatchHasNotSaidIt() {
        Allocation first = connected();
        fixture.kubernetesSays(pod -> new PodWord.Present(facts(pod, "uid-0", "9", PodFacts.Readiness.NOT_READY)));
        assertThat(((Continues) ask(first.lease())).allocation().pod()).isNotEqualTo(first.pod());
    }

    @Test
    void podIsBeingDeleted() {
        Allocation first = connected();
        fixture.manager().observe(facts(first.pod(), "uid-0", "9", PodFacts.Readiness.DELETING));
        assertThat(((Continues) ask(first.lease())).allocation().pod()).isNotEqualTo(first.pod());
    }

    @Test
    void podWasGoneBeforeTheQuestion() {
        Allocation first = connected();
        fixture.manager().gone(first.pod(), first.incarnation(), Optional.empty());
        assertThat(state()).isEqualTo(CallState.LOST);
        Continues next = (Continues) ask(first.lease());
        assertThat(next.allocation().continues()).isEqualTo(1);
    }

    @Test
    void kubernetesIsSilentAndNobodyRefuses() {
        Allocation first = connected();
        assertThat(ask(first.lease())).isInstanceOf(ContinueOutcome.Over.class);
    }

    @Test
    void drainedPodIsWell() {
        Allocation first = connected();
        fixture.manager().drain(first.pod());
        assertThat(ask(first.lease())).isInstanceOf(ContinueOutcome.Over.class);
    }

    @Test
    void hangupComesBeforeTheQuestion() {
        Allocation first = connected();
        fixture.pool().agentRefuses(address -> true);
        hangUp();
        assertThat(ask(first.lease())).isEqualTo(new ContinueOutcome.Over("hangup"));
    }

    @Test
    void sameQuestionFromManySidesAtOnce() throws Exception {
        Allocation first = connected();
        fixture.pool().agentRefuses(address -> address.equals(first.address()));
        try (StoreFixture other = new StoreFixture(redis, SETTINGS)) {
            other.pool().agentRefuses(address -> address.equals(first.address()));
            CountDownLatch go = new CountDownLatch(1);
            List<CompletableFuture<ContinueOutcome>> answers = new ArrayList<>();
            for (int i = 0; i < 32; i++) {
                StoreFixture router = i % 2 == 0 ? fixture : other;
                answers.add(CompletableFuture.supplyAsync(
                        () -> {
                            await(go);
                            return router.manager()
                                    .continueCall(new ContinueRequest(CALL, "plivo", null, first.lease()));
                        },
                        task -> Thread.ofVirtual().start(task)));
            }
            go.countDown();
            Set<String> leases = new TreeSet<>();
            for (var answer : answers) {
                leases.add(((Continues) answer.get()).allocation().lease().value());
            }
            assertThat(leases).hasSize(1);
            assertThat(record().continues()).isEqualTo(1);
        }
    }

    @Test
    void hangupRacesTheQuestion() throws Exception {
        for (int round = 0; round < 40; round++) {
            CallId call = new CallId("race-" + round);
            Allocated allocated = CorePods.allocated(fixture, call.value());
            String dead = allocated.allocation().address();
            fixture.pool().agentRefuses(address -> address.equals(dead));
            CountDownLatch go = new CountDownLatch(1);
            var hangup = CompletableFuture.runAsync(
                    () -> {
                        await(go);
                        hangUp(call);
                    },
                    task -> Thread.ofVirtual().start(task));
            var next = CompletableFuture.runAsync(
                    () -> {
                        await(go);
                        fixture.manager()
                                .continueCall(new ContinueRequest(
                                        call,
                                        "plivo",
                                        null,
                                        allocated.allocation().lease()));
                    },
                    task -> Thread.ofVirtual().start(task));
            go.countDown();
            hangup.get();
            next.get();
            assertThat(fixture.manager().call(call).orElseThrow().state())
                    .as("round %d", round)
                    .isEqualTo(CallState.ENDED);
            assertThat(fixture.manager().liveCalls()).isZero();
            fixture.manager().pods().stream()
                    .filter(pod -> pod.probeFailedUntil() != null)
                    .forEach(pod -> fixture.store().probed(pod.name(), pod.incarnation(), ProbeResult.ANSWERED));
        }
    }

    @Test
    void onePodAfterAnotherFails() {
        Allocation current = connected();
        Set<Lease> leases = new java.util.HashSet<>(Set.of(current.lease()));
        for (int i = 1; i <= 3; i++) {
            fixture.manager().observe(facts(current.pod(), uidOf(current), version(), PodFacts.Readiness.NOT_READY));
            Continues next = (Continues) ask(current.lease());
            assertThat(next.allocation().continues()).isEqualTo(i);
            fixture.manager().observe(facts(current.pod(), uidOf(current), version(), PodFacts.Readiness.READY));
            current = next.allocation();
            assertThat(leases.add(current.lease())).isTrue();
        }
        fixture.manager().observe(facts(current.pod(), uidOf(current), version(), PodFacts.Readiness.NOT_READY));
        assertThat(ask(current.lease())).isEqualTo(new ContinueOutcome.Limit());
        assertThat(record().endReason()).isEqualTo("continue_limit");
    }

    @Test
    void lateQuestionAboutAnEarlierLease() {
        Allocation first = connected();
        fixture.pool().agentRefuses(address -> address.equals(first.address()));
        Allocation second = ((Continues) ask(first.lease())).allocation();
        fixture.manager().observe(facts(second.pod(), uidOf(second), "9", PodFacts.Readiness.NOT_READY));
        assertThat(ask(first.lease())).isEqualTo(new Continues(second, true));
        // A question about its own stream moves it.
        event(second.lease(), StreamEvent.Kind.STARTED);
        assertThat(((Continues) ask(second.lease())).allocation().pod()).isNotEqualTo(second.pod());
    }

    @Test
    void streamNeverReachedItsPod() {
        Allocation first = ((Allocated) CorePods.allocate(fixture, CALL.value(), "acme")).allocation();
        Continues next = (Continues) ask(first.lease());
        assertThat(next.allocation().pod()).isNotEqualTo(first.pod());
        assertThat(pod(first.pod())).isEqualTo(PodState.READY);
    }

    @Test
    void twoStreamsInARowNeverReachTheSamePod() {
        for (String sid : List.of("first", "second")) {
            fixture.manager().drain("voice-agent-1");
            fixture.manager().drain("voice-agent-2");
            Allocation given = CorePods.allocated(fixture, sid).allocation();
            fixture.manager().undrain("voice-agent-1");
            fixture.manager().undrain("voice-agent-2");
            fixture.manager().continueCall(new ContinueRequest(new CallId(sid), "plivo", null, given.lease()));
        }
        assertThat(pod("voice-agent-0")).isEqualTo(PodState.SUSPECT);
    }

    @Test
    void questionComesAfterTheConnectDeadline() {
        try (StoreFixture hasty = new StoreFixture(
                redis, Map.of("router.settle.quarantine", "0s", "router.call.connect-timeout", "1ms"))) {
            Allocation first = ((Allocated) CorePods.allocate(hasty, CALL.value(), "acme")).allocation();
            Awaitility.await().untilAsserted(() -> {
                hasty.manager().expire();
                assertThat(record().endReason()).isEqualTo("never_connected");
            });
            Continues next = (Continues) ask(first.lease());
            assertThat(next.allocation().merchant()).isEqualTo("acme");
            assertThat(next.allocation().takesOver()).isTrue();
        }
    }

    @Test
    void onlyPodOfItsPoolRefuses() {
        fixture.manager().drain("voice-agent-1");
        fixture.manager().drain("voice-agent-2");
        Allocation first = connected();
        fixture.pool().agentRefuses(address -> true);
        assertThat(ask(first.lease())).isInstanceOf(ContinueOutcome.Exhausted.class);
        assertThat(pod(first.pod())).isEqualTo(PodState.SUSPECT); // so nobody is sent there meanwhile
    }

    @Test
    void noOtherPodIsFree() {
        Allocation first = connected();
        CorePods.allocated(fixture, "other-1");
        CorePods.allocated(fixture, "other-2");
        fixture.pool().agentRefuses(address -> address.equals(first.address()));
        assertThat(ask(first.lease())).isEqualTo(new ContinueOutcome.Exhausted(List.of("default"), "acme"));
        assertThat(state()).isEqualTo(CallState.LOST);
        CorePods.release(fixture, "other-1");
        assertThat(ask(first.lease())).isInstanceOf(Continues.class);
    }

    @Test
    void questionOfAnotherAccountOrOfNobodysCall() {
        Allocation first = connected();
        assertThat(fixture.manager().continueCall(new ContinueRequest(CALL, "twilio", null, first.lease())))
                .isEqualTo(new ContinueOutcome.NotOwner());
        assertThat(fixture.manager().continueCall(new ContinueRequest(new CallId("nobody"), "plivo", null, null)))
                .isEqualTo(new ContinueOutcome.UnknownCall());
        assertThat(state()).isEqualTo(CallState.CONNECTED);
    }

    @Test
    void questionWithoutALeaseIsARepeatedOneForAWhile() {
        Allocation first = connected();
        fixture.pool().agentRefuses(address -> address.equals(first.address()));
        Continues next = (Continues) ask(null);
        fixture.pool().agentRefuses(address -> false);
        assertThat(ask(null)).isEqualTo(new Continues(next.allocation(), true));
    }

    @Test
    void endOfAStreamStartsAClockAndEndsNothing() {
        Allocation first = connected();
        assertThat(event(first.lease(), StreamEvent.Kind.ENDED)).isEqualTo(StreamEvent.Outcome.NOTED);
        assertThat(event(new Lease("another"), StreamEvent.Kind.ENDED)).isEqualTo(StreamEvent.Outcome.STALE_LEASE);
        assertThat(state()).isEqualTo(CallState.CONNECTED);
        assertThat(deadline()).isLessThan(first.allocatedAt().plusSeconds(60).toEpochMilli());
        // The stream comes back, with the same token.
        assertThat(fixture.manager().admit(CorePods.claim(new Allocated(first, true))))
                .isEqualTo(new Admission.Admitted(first.address()));
        assertThat(deadline()).isGreaterThan(first.allocatedAt().plusSeconds(60).toEpochMilli());
        hangUp();
        assertThat(fixture.manager().admit(CorePods.claim(new Allocated(first, true))))
                .isEqualTo(new Admission.Refused(HeartbeatOutcome.ENDED));
    }

    @Test
    void heartbeatAWhileAfterTheEndOfAStreamSaysThatAnotherIsThere() {
        try (StoreFixture held = new StoreFixture(redis, SETTINGS, StoreFixture.heldClock())) {
            held.flush();
            held.setTime(1_800_000_000_000L);
            held.cluster(CorePods.pods(1));
            held.pool().settlement().settle();
            Allocated allocated = CorePods.allocated(held, "other-call");
            var ended = new StreamEvent(
                    new CallId("other-call"),
                    "plivo",
                    null,
                    allocated.allocation().lease(),
                    StreamEvent.Kind.ENDED);
            held.manager().heartbeat(CorePods.claim(allocated));
            held.manager().streamEvent(ended);
            Double clock = held.template().opsForZSet().score("voice:calls", "other-call");
            held.setTime(1_800_000_001_000L); // this one may have been on its way
            held.manager().heartbeat(CorePods.claim(allocated));
            assertThat(held.template().opsForZSet().score("voice:calls", "other-call"))
                    .isEqualTo(clock);
            held.setTime(1_800_000_004_000L);
            held.manager().heartbeat(CorePods.claim(allocated));
            assertThat(held.template().opsForZSet().score("voice:calls", "other-call"))
                    .isGreaterThan(clock + 60_000);
        }
    }

    @Test
    void startThatComesAfterItsEndDoesNotStopTheClock() {
        Allocation first = ((Allocated) CorePods.allocate(fixture, CALL.value(), "acme")).allocation();
        event(first.lease(), StreamEvent.Kind.ENDED);
        event(first.lease(), StreamEvent.Kind.STARTED);
        assertThat(deadline()).isLessThan(first.allocatedAt().plusSeconds(29).toEpochMilli());
    }

    private long deadline() {
        Double score = fixture.template().opsForZSet().score("voice:calls", CALL.value());
        return java.util.Objects.requireNonNull(score).longValue();
    }

    private int versions = 10;

    private String version() {
        return Integer.toString(versions++);
    }

    private static String uidOf(Allocation allocation) {
        return "uid-" + allocation.pod().substring(allocation.pod().lastIndexOf('-') + 1);
    }

    private Allocation connected() {
        Allocation allocation = ((Allocated) CorePods.allocate(fixture, CALL.value(), "acme")).allocation();
        event(allocation.lease(), StreamEvent.Kind.STARTED);
        assertThat(state()).isEqualTo(CallState.CONNECTED);
        return allocation;
    }

    private StreamEvent.Outcome event(Lease lease, StreamEvent.Kind kind) {
        return fixture.manager().streamEvent(new StreamEvent(CALL, "plivo", null, lease, kind));
    }

    private ContinueOutcome ask(@Nullable Lease lease) {
        return fixture.manager().continueCall(new ContinueRequest(CALL, "plivo", null, lease));
    }

    private void hangUp() {
        hangUp(CALL);
    }

    private void hangUp(CallId call) {
        fixture.manager().release(new ReleaseRequest(call, new ReleaseRequest.Right.Owner("plivo", null), "hangup"));
    }

    private io.smartrouter.pool.Call record() {
        return fixture.manager().call(CALL).orElseThrow();
    }

    private CallState state() {
        return record().state();
    }

    private PodState pod(String name) {
        return fixture.manager().pod(name).orElseThrow().state();
    }

    private static PodFacts facts(String pod, String uid, String version, PodFacts.Readiness readiness) {
        return new PodFacts(
                pod,
                Incarnation.of(pod, uid, "containerd://1"),
                version,
                readiness,
                "127.0.0.1:900" + pod.charAt(pod.length() - 1),
                true,
                null,
                null);
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
