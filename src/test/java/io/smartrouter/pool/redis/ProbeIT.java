package io.smartrouter.pool.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.smartrouter.pool.AllocationOutcome;
import io.smartrouter.pool.AllocationOutcome.Allocated;
import io.smartrouter.pool.AllocationOutcome.Exhausted;
import io.smartrouter.pool.AllocationRequest;
import io.smartrouter.pool.CallId;
import io.smartrouter.pool.Incarnation;
import io.smartrouter.pool.PodFacts;
import io.smartrouter.pool.PodState;
import io.smartrouter.pool.ReleaseRequest;
import io.smartrouter.pool.StoreUnavailableException;
import io.smartrouter.testing.TestRedis;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The lock and the probe: what may happen between taking a pod and answering. */
class ProbeIT {
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
    void sixPods() {
        fixture = new StoreFixture(
                redis,
                Map.of(
                        "router.settle.quarantine", "0s",
                        "router.probe", "tcp",
                        "router.lock-life", "300ms"));
        fixture.flush();
        fixture.cluster(Cluster.ready(6));
        fixture.pool().settlement().settle();
    }

    @AfterEach
    void invariantsHoldAndNoLockIsLeft() {
        RedisDump dump = RedisDump.of(fixture.template(), "voice");
        assertThat(Invariants.violations(dump, "voice")).isEmpty();
        assertThat(dump.names(dump.strings(), "voice:lock:call:", "")).isEmpty();
        fixture.close();
    }

    @Test
    void anAnsweringPodIsHandedOut() {
        assertThat(podOf(allocate())).isEqualTo("voice-agent-0");
    }

    @Test
    void aPodThatDoesNotAnswerIsPassedOverAndSuspect() {
        String dead = fixture.manager().pod("voice-agent-0").orElseThrow().address();
        fixture.pool().probeAnswers(address -> !address.equals(dead));
        assertThat(podOf(allocate())).isEqualTo("voice-agent-1");
        assertThat(fixture.manager().pod("voice-agent-0").orElseThrow().state()).isEqualTo(PodState.SUSPECT);
        assertThat(fixture.manager().pod("voice-agent-0").orElseThrow().calls()).isZero();
    }

    @Test
    void atMostThreePodsAreTriedAndTheCallLeavesNothing() {
        List<String> asked = Collections.synchronizedList(new ArrayList<>());
        fixture.pool().probeAnswers(address -> {
            asked.add(address);
            return false;
        });
        assertThat(allocate()).isInstanceOf(Exhausted.class);
        assertThat(asked).hasSize(3).doesNotHaveDuplicates();
        assertThat(fixture.manager().call(CALL)).isEmpty();
        assertThat(fixture.manager().liveCalls()).isZero();
    }

    @Test
    void neverMoreThanHalfOfAPoolIsSuspect() {
        fixture.pool().probeAnswers(address -> false);
        for (int i = 0; i < 5; i++) {
            assertThat(fixture.manager().allocate(new AllocationRequest(new CallId("call-" + i), null, null, null)))
                    .isInstanceOf(Exhausted.class);
        }
        assertThat(fixture.manager().pods())
                .filteredOn(pod -> pod.state() == PodState.SUSPECT)
                .hasSize(3);
    }

    @Test
    void aSuspectPodComesBackAfterItsBackOffAndItsFailuresAreForgottenWhenItAnswers() {
        String dead = fixture.manager().pod("voice-agent-0").orElseThrow().address();
        fixture.pool().probeAnswers(address -> !address.equals(dead));
        allocate();
        fixture.template().opsForHash().put("voice:pod:voice-agent-0", "probe_failed_until", "1");
        fixture.template().opsForZSet().add("voice:pods:due", "voice-agent-0", 1);
        fixture.manager().expire();
        assertThat(fixture.manager().pod("voice-agent-0").orElseThrow().state()).isEqualTo(PodState.READY);
    }

    @Test
    void whoAsksMeanwhileWaitsForTheProbersAnswer() throws Exception {
        CountDownLatch probing = new CountDownLatch(1);
        CountDownLatch answer = new CountDownLatch(1);
        fixture.pool().probeAnswers(address -> {
            probing.countDown();
            await(answer);
            return true;
        });
        CompletableFuture<AllocationOutcome> first = CompletableFuture.supplyAsync(this::allocate);
        assertThat(probing.await(5, TimeUnit.SECONDS)).isTrue();
        CompletableFuture<AllocationOutcome> second = CompletableFuture.supplyAsync(this::allocate);
        assertThat(second).isNotDone();
        answer.countDown();
        assertThat(podOf(second.get(5, TimeUnit.SECONDS))).isEqualTo(podOf(first.get(5, TimeUnit.SECONDS)));
    }

    @Test
    void lockExpiresWhileTheProbeHangs() throws Exception {
        CountDownLatch probing = new CountDownLatch(1);
        CountDownLatch answer = new CountDownLatch(1);
        fixture.pool().probeAnswers(address -> {
            probing.countDown();
            await(answer);
            return false; // at last, and much too late: it must move nothing
        });
        CompletableFuture<AllocationOutcome> hanging = CompletableFuture.supplyAsync(this::allocate);
        assertThat(probing.await(5, TimeUnit.SECONDS)).isTrue();
        Awaitility.await().until(() -> !fixture.template().hasKey("voice:lock:call:call-1"));

        // Another request comes: the lock is gone, the lease stands, and it is told of it.
        Allocated told = (Allocated) allocate();
        answer.countDown();
        Allocated late = (Allocated) hanging.get(5, TimeUnit.SECONDS);
        assertThat(late.allocation().lease()).isEqualTo(told.allocation().lease());
        assertThat(late.allocation().pod()).isEqualTo(told.allocation().pod());
        assertThat(fixture.manager().call(CALL).orElseThrow().lease())
                .isEqualTo(told.allocation().lease());
    }

    @Test
    void podVanishesWhileItIsProbed() {
        PodFacts first = Cluster.pod(0);
        fixture.pool().probeAnswers(address -> {
            fixture.manager()
                    .gone(first.pod(), new Incarnation(first.incarnation().object(), ""), Optional.of("200"));
            return true; // the old address still answers
        });
        Allocated allocated = (Allocated) allocate();
        assertThat(allocated.allocation().pod()).isNotEqualTo("voice-agent-0");
        assertThat(fixture.manager().call(CALL).orElseThrow().pod())
                .isEqualTo(allocated.allocation().pod());
    }

    @Test
    void callEndsWhileItsPodIsProbed() {
        fixture.pool().probeAnswers(address -> {
            fixture.manager()
                    .release(new ReleaseRequest(CALL, new ReleaseRequest.Right.Owner("plivo", null), "hangup"));
            return true;
        });
        assertThat(allocate()).isInstanceOf(AllocationOutcome.CallEnded.class);
        assertThat(fixture.manager().liveCalls()).isZero();
    }

    @Test
    void aLockThatIsNeverGivenBackHoldsOthersUpForABoundedTimeOnly() {
        allocate();
        fixture.template().opsForValue().set("voice:lock:call:call-1", "somebody");
        assertThatThrownBy(this::allocate).isInstanceOf(StoreUnavailableException.class);
        fixture.template().delete("voice:lock:call:call-1");
    }

    private AllocationOutcome allocate() {
        return fixture.manager().allocate(new AllocationRequest(CALL, "plivo", null, null));
    }

    private static String podOf(AllocationOutcome outcome) {
        return ((Allocated) outcome).allocation().pod();
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(10, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
