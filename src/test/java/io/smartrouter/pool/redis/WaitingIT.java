package io.smartrouter.pool.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.smartrouter.pool.AllocationOutcome;
import io.smartrouter.pool.AllocationOutcome.Allocated;
import io.smartrouter.pool.AllocationOutcome.Exhausted;
import io.smartrouter.pool.AllocationOutcome.Waiting;
import io.smartrouter.pool.AllocationRequest;
import io.smartrouter.pool.CallId;
import io.smartrouter.pool.Hold;
import io.smartrouter.pool.ReleaseRequest;
import io.smartrouter.testing.TestRedis;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Calls that wait for a pod, at two routers on one Redis whose clock the test holds. */
class WaitingIT {
    private static final int PODS = 20;
    private static final Hold HOLD = new Hold(Duration.ofMinutes(5), Duration.ofSeconds(10));
    private static final Hold LONG_HOLD = new Hold(Duration.ofHours(1), HOLD.poll());

    private static TestRedis redis;
    private StoreFixture here;
    private StoreFixture there;
    private long now = 1_800_000_000_000L;

    @BeforeAll
    static void startRedis() {
        redis = TestRedis.start();
    }

    @AfterAll
    static void stopRedis() {
        redis.close();
    }

    @BeforeEach
    void twoRoutersAndAFullHouse() {
        here = router();
        there = router();
        here.flush();
        here.setTime(now);
        here.cluster(CorePods.pods(PODS));
        here.pool().settlement().settle();
        for (int i = 0; i < PODS; i++) {
            CorePods.allocated(here, "talking-" + i);
        }
    }

    private static StoreFixture router() {
        return new StoreFixture(
                redis,
                Map.of("router.settle.quarantine", "0s", "router.redis.command-timeout", "5s"),
                StoreFixture.heldClock());
    }

    @AfterEach
    void invariantsHold() {
        assertThat(Invariants.violations(RedisDump.of(here.template(), "voice"), "voice"))
                .isEmpty();
        here.close();
        there.close();
    }

    @Test
    void fiveHundredAreServedInOrderOfArrival() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        List<Integer> waiting = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            assertThat(ask(i % 2 == 0 ? here : there, "waiting-" + i, LONG_HOLD))
                    .isInstanceOf(Waiting.class);
            waiting.add(i);
        }
        int talking = 0;
        int round = 0;
        List<String> onThePhone = new ArrayList<>(
                IntStream.range(0, PODS).mapToObj(i -> "talking-" + i).toList());
        while (!waiting.isEmpty()) {
            advance(Duration.ofSeconds(10));
            int free = 1 + random.nextInt(PODS);
            for (int i = 0; i < free; i++) {
                CorePods.release(random.nextBoolean() ? here : there, onThePhone.removeFirst());
            }
            // Somebody who calls only now is behind all of them, as long as they could take what is free.
            String late = "late-" + round++;
            boolean overtook = ask(here, late, LONG_HOLD) instanceof Allocated;
            assertThat(overtook).as("seed %d", seed).isEqualTo(waiting.size() < free);
            if (overtook) {
                onThePhone.add(late);
            } else {
                hangUp(here, late);
            }
            List<Integer> asking = new ArrayList<>(waiting);
            Collections.shuffle(asking, random);
            List<Integer> served = new ArrayList<>();
            for (int i : asking) {
                if (ask(random.nextBoolean() ? here : there, "waiting-" + i, LONG_HOLD) instanceof Allocated) {
                    served.add(i);
                }
            }
            // Who asked before those ahead of it were served asks once more; the order stands all the same.
            for (int i : waiting) {
                if (!served.contains(i) && served.size() < free - (overtook ? 1 : 0)) {
                    assertThat(ask(there, "waiting-" + i, LONG_HOLD)).isInstanceOf(Allocated.class);
                    served.add(i);
                }
            }
            Collections.sort(served);
            assertThat(served).as("seed %d", seed).isEqualTo(waiting.subList(0, served.size()));
            served.forEach(i -> onThePhone.add("waiting-" + i));
            waiting.removeAll(served);
            talking += served.size();
        }
        assertThat(talking).isEqualTo(500);
    }

    /** They may be hundreds, and each who asks meanwhile would read them all. */
    @Test
    void podsThatOthersWaitForAreNotReadWhereTheyTakeThemAll() {
        for (int i = 0; i < 2 * PODS; i++) {
            ask(here, "waiting-" + i);
        }
        for (int i = 0; i < PODS; i++) {
            CorePods.release(here, "talking-" + i);
        }
        redis.command("CONFIG RESETSTAT");
        assertThat(ask(here, "late")).isInstanceOf(Waiting.class);
        long reads = redis.command("INFO commandstats")
                .lines()
                .filter(line -> line.startsWith("cmdstat_scard:")) // one for each pod
                .mapToLong(line -> Long.parseLong(line.replaceAll("cmdstat_scard:calls=([0-9]+),.*", "$1")))
                .sum();
        assertThat(reads).isLessThan(PODS);
    }

    @Test
    void whoMissesTwoQuestionsIsOut() {
        ask(here, "gone-away");
        advance(Duration.ofSeconds(8));
        ask(here, "patient");
        advance(Duration.ofSeconds(10));
        ask(here, "patient");
        CorePods.release(here, "talking-0");
        assertThat(ask(there, "patient")).isInstanceOf(Waiting.class); // the first may still ask
        advance(Duration.ofSeconds(8));
        assertThat(ask(there, "patient")).isInstanceOf(Allocated.class);
        here.manager().expire();
        assertThat(here.template().opsForZSet().size("voice:waiting")).isZero();
    }

    @Test
    void whoWaitedTooLongIsToldSo() {
        AllocationOutcome outcome = ask(here, "long");
        assertThat(outcome).isInstanceOf(Waiting.class);
        for (int i = 0; i < 29; i++) {
            advance(Duration.ofSeconds(10));
            assertThat(ask(here, "long")).isEqualTo(outcome);
        }
        advance(Duration.ofSeconds(10));
        assertThat(ask(here, "long")).isInstanceOf(Exhausted.class);
        assertThat(here.template().hasKey("voice:waiting")).isFalse();
    }

    @Test
    void aRoundThatTakesTooLongDoesNotBeginTheWaitAnew() {
        ask(here, "music");
        for (int i = 0; i < 7; i++) { // longer than five minutes, in rounds of 45 s
            advance(Duration.ofSeconds(45));
            here.manager().expire();
            ask(there, "music");
        }
        assertThat(ask(here, "music")).isInstanceOf(Exhausted.class);
        assertThat(ask(there, "music")).isInstanceOf(Exhausted.class); // and asking again begins no new wait
    }

    @Test
    void whoIsToldThatItWaitedInVainMayStillTakeAPodThatIsFree() {
        ask(here, "unlucky");
        for (int i = 0; i < 30; i++) {
            advance(Duration.ofSeconds(10));
            ask(here, "unlucky");
        }
        assertThat(ask(here, "unlucky")).isInstanceOf(Exhausted.class);
        CorePods.release(here, "talking-0");
        assertThat(ask(there, "unlucky")).isInstanceOf(Allocated.class);
    }

    @Test
    void hangupOfAWaitingCallMakesRoom() {
        ask(here, "first");
        ask(here, "second");
        hangUp(there, "first");
        CorePods.release(here, "talking-0");
        assertThat(ask(there, "first")).isInstanceOf(AllocationOutcome.CallEnded.class);
        assertThat(ask(there, "second")).isInstanceOf(Allocated.class);
    }

    @Test
    void aCallOfAnotherAccountNeitherTakesNorEndsItsPlace() {
        ask(here, "mine");
        var foreign = new AllocationRequest(new CallId("mine"), "twilio", null, null, HOLD, null);
        assertThat(here.manager().allocate(foreign)).isInstanceOf(AllocationOutcome.NotOwner.class);
        here.manager()
                .release(new ReleaseRequest(
                        new CallId("mine"), new ReleaseRequest.Right.Owner("twilio", null), "hangup"));
        assertThat(here.template().opsForZSet().size("voice:waiting")).isEqualTo(1);
    }

    @Test
    void whoLostItsPodGoesBeforeAllThatWait() {
        ask(here, "first");
        var lost = here.manager().call(new CallId("talking-3")).orElseThrow();
        here.manager()
                .gone(
                        java.util.Objects.requireNonNull(lost.pod()),
                        java.util.Objects.requireNonNull(lost.incarnation()),
                        java.util.Optional.empty());
        assertThat(ask(there, "talking-3")).isInstanceOf(Waiting.class);
        CorePods.release(here, "talking-0");
        assertThat(ask(here, "first")).isInstanceOf(Waiting.class);
        assertThat(ask(there, "talking-3")).isInstanceOf(Allocated.class);
    }

    private void advance(Duration time) {
        now += time.toMillis();
        here.setTime(now);
    }

    private static AllocationOutcome ask(StoreFixture router, String sid) {
        return ask(router, sid, HOLD);
    }

    private static AllocationOutcome ask(StoreFixture router, String sid, Hold hold) {
        return router.manager().allocate(new AllocationRequest(new CallId(sid), "plivo", null, null, hold, null));
    }

    private static void hangUp(StoreFixture router, String sid) {
        router.manager()
                .release(new ReleaseRequest(new CallId(sid), new ReleaseRequest.Right.Owner("plivo", null), "hangup"));
    }
}
