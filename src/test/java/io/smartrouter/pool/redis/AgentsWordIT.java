package io.smartrouter.pool.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.smartrouter.pool.AllocationOutcome;
import io.smartrouter.pool.AllocationOutcome.Allocated;
import io.smartrouter.pool.AllocationOutcome.Exhausted;
import io.smartrouter.pool.AllocationRequest;
import io.smartrouter.pool.CallId;
import io.smartrouter.pool.CallState;
import io.smartrouter.pool.HeartbeatOutcome;
import io.smartrouter.pool.Hold;
import io.smartrouter.pool.Incarnation;
import io.smartrouter.pool.Lease;
import io.smartrouter.pool.LeaseClaim;
import io.smartrouter.pool.PodFacts;
import io.smartrouter.pool.PodState;
import io.smartrouter.pool.ReleaseOutcome;
import io.smartrouter.pool.ReleaseRequest;
import io.smartrouter.testing.TestRedis;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** How far the word of an agent goes after Redis lost its data: what it says may be true, and too early or too late. */
class AgentsWordIT {
    private static final long START = 1_800_000_000_000L;
    private static final long FLUSHED = START + 100_000;
    private static final long QUARANTINE = 30_000;
    private static final long ON_ITS_WAY = 10_000;

    private static TestRedis redis;
    private StoreFixture store;

    @BeforeAll
    static void startRedis() {
        redis = TestRedis.start();
    }

    @AfterAll
    static void stopRedis() {
        redis.close();
    }

    @BeforeEach
    void twoPodsThatAreReady() {
        store = new StoreFixture(redis, Map.of(), StoreFixture.heldClock());
        store.flush();
        store.setTime(START);
        store.cluster(CorePods.pods(2));
        store.pool().settlement().settle();
        store.setTime(START + QUARANTINE + 1);
        store.manager().expire();
    }

    @AfterEach
    void holdsInvariants() {
        assertThat(Invariants.violations(RedisDump.of(store.template(), "voice"), "voice"))
                .isEmpty();
        store.close();
    }

    @Test
    void flushBetweenTheAnswerAndItsStream() {
        Allocated onItsWay = CorePods.allocated(store, "a");
        flush();
        // Every agent says the truth: it serves nobody yet.
        store.pool().agentSaysFree(address -> true);
        store.manager().askQuarantined();
        assertThat(CorePods.allocate(store, "b", null)).isInstanceOf(Exhausted.class);

        store.setTime(FLUSHED + ON_ITS_WAY - 1);
        store.manager().askQuarantined();
        assertThat(CorePods.allocate(store, "b", null)).isInstanceOf(Exhausted.class);
        assertThat(store.manager().heartbeat(CorePods.claim(onItsWay))).isEqualTo(HeartbeatOutcome.RESTORED);

        store.setTime(FLUSHED + ON_ITS_WAY);
        store.manager().askQuarantined();
        assertThat(podOf(CorePods.allocate(store, "b", null)))
                .isNotEqualTo(onItsWay.allocation().pod());
        assertThat(CorePods.allocate(store, "c", null)).isInstanceOf(Exhausted.class);
    }

    @Test
    void agentsAreAskedSeveralAtOnce() {
        store.cluster(CorePods.pods(20));
        flush();
        store.setTime(FLUSHED + ON_ITS_WAY);
        CyclicBarrier four = new CyclicBarrier(4);
        store.pool().agentSaysFree(address -> {
            try {
                four.await(20, TimeUnit.SECONDS);
                return true;
            } catch (InterruptedException | BrokenBarrierException | TimeoutException e) {
                return false;
            }
        });
        store.manager().askQuarantined();
        assertThat(store.manager().pods())
                .hasSize(20)
                .allSatisfy(pod -> assertThat(pod.state()).isEqualTo(PodState.READY));
    }

    @Test
    void containerRestartsBetweenTheAnswerAndItsStream() {
        Allocated onItsWay = CorePods.allocated(store, "a");
        CorePods.allocated(store, "on-the-other-pod");
        restart(onItsWay);
        store.pool().agentSaysFree(address -> true);
        store.manager().askQuarantined();
        assertThat(CorePods.allocate(store, "b", null)).isInstanceOf(Exhausted.class);
        store.setTime(START + QUARANTINE + 1 + ON_ITS_WAY);
        store.manager().askQuarantined();
        assertThat(podOf(CorePods.allocate(store, "b", null)))
                .isEqualTo(onItsWay.allocation().pod());
    }

    @Test
    void endComesAfterAFlushAndItsHeartbeatIsStillOnTheWay() {
        Allocated call = CorePods.allocated(store, "a");
        flush();
        assertThat(ended(call)).isInstanceOf(ReleaseOutcome.UnknownCall.class);
        assertThat(store.manager().heartbeat(CorePods.claim(call))).isEqualTo(HeartbeatOutcome.ENDED);
        assertThat(store.manager().liveCalls()).isZero();
        assertThat(CorePods.allocate(store, "a", null)).isInstanceOf(AllocationOutcome.CallEnded.class);
    }

    @Test
    void endOfAnEarlierLeaseComesAfterAFlush() {
        Allocated earlier = CorePods.allocated(store, "a");
        store.manager().gone(earlier.allocation().pod(), earlier.allocation().incarnation(), Optional.of("9"));
        Allocated present = CorePods.allocated(store, "a");
        assertThat(present.allocation().lease())
                .isNotEqualTo(earlier.allocation().lease());
        flush();
        ended(earlier);
        assertThat(store.manager().heartbeat(CorePods.claim(present))).isEqualTo(HeartbeatOutcome.RESTORED);
        assertThat(store.manager().heartbeat(CorePods.claim(earlier))).isEqualTo(HeartbeatOutcome.STALE_LEASE);
        assertThat(store.manager().call(new CallId("a")).orElseThrow().state()).isEqualTo(CallState.CONNECTED);
        assertThat(store.template().getExpire("voice:call:a"))
                .as("no tombstone")
                .isEqualTo(-1);
    }

    @Test
    void endOfAnEarlierLeaseComesWhileItsCallWaits() {
        Allocated earlier = CorePods.allocated(store, "a");
        flush();
        LeaseClaim claim = CorePods.claim(earlier);
        store.store()
                .allocate(
                        new AllocationRequest(
                                claim.call(),
                                "plivo",
                                null,
                                null,
                                new Hold(Duration.ofMinutes(1), Duration.ofSeconds(10)),
                                null),
                        new Lease("next"),
                        Optional.empty());
        ended(earlier);
        assertThat(store.template().hasKey("voice:waiter:a"))
                .as("it still waits")
                .isTrue();
    }

    @Test
    void heartbeatOfACallThatEndedLongBefore() {
        Allocated call = CorePods.allocated(store, "a");
        flush();
        store.manager().heartbeat(CorePods.claim(call));
        ended(call);
        store.template().delete("voice:call:a"); // its tombstone's hour is over
        store.setTime(FLUSHED + 3_700_000);
        store.manager().expire();
        assertThat(store.manager().heartbeat(CorePods.claim(call))).isEqualTo(HeartbeatOutcome.UNKNOWN_CALL);
        assertThat(store.manager().liveCalls()).isZero();
    }

    @Test
    void heartbeatOfACallSomeMinutesAfterTheLoss() {
        Allocated call = CorePods.allocated(store, "a");
        flush();
        store.setTime(FLUSHED + 299_999);
        assertThat(store.manager().heartbeat(CorePods.claim(call))).isEqualTo(HeartbeatOutcome.RESTORED);
        assertThat(store.template().opsForHash().get("voice:call:a", "heartbeat_at"))
                .as("whose silence is a question from now on")
                .isEqualTo(Long.toString(FLUSHED + 299_999));
    }

    private ReleaseOutcome ended(Allocated call) {
        return store.manager()
                .release(new ReleaseRequest(
                        call.allocation().call(),
                        new ReleaseRequest.Right.Holder(call.allocation().lease()),
                        "agent_ended"));
    }

    private void restart(Allocated call) {
        String pod = call.allocation().pod();
        String ordinal = pod.substring(pod.lastIndexOf('-') + 1);
        store.manager()
                .observe(new PodFacts(
                        pod,
                        Incarnation.of(pod, "uid-" + ordinal, "containerd://2"),
                        "8",
                        PodFacts.Readiness.READY,
                        call.allocation().address(),
                        true,
                        null,
                        null));
    }

    private void flush() {
        store.flush();
        store.setTime(FLUSHED);
        store.pool().settlement().settle();
    }

    private static String podOf(AllocationOutcome outcome) {
        return ((Allocated) outcome).allocation().pod();
    }
}
