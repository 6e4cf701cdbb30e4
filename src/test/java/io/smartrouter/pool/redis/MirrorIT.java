package io.smartrouter.pool.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.smartrouter.pool.Allocation;
import io.smartrouter.pool.AllocationOutcome;
import io.smartrouter.pool.AllocationOutcome.Allocated;
import io.smartrouter.pool.AllocationOutcome.CallEnded;
import io.smartrouter.pool.AllocationOutcome.Exhausted;
import io.smartrouter.pool.AllocationOutcome.Waiting;
import io.smartrouter.pool.AllocationRequest;
import io.smartrouter.pool.CallId;
import io.smartrouter.pool.CallState;
import io.smartrouter.pool.ContinueOutcome;
import io.smartrouter.pool.ContinueRequest;
import io.smartrouter.pool.Copy;
import io.smartrouter.pool.DeferredReleases;
import io.smartrouter.pool.HeartbeatOutcome;
import io.smartrouter.pool.Hold;
import io.smartrouter.pool.MirrorChannel;
import io.smartrouter.pool.MirrorFixture;
import io.smartrouter.pool.MirrorStore;
import io.smartrouter.pool.MirrorStore.Next.Followed;
import io.smartrouter.pool.MirrorStore.Next.Gap;
import io.smartrouter.pool.Pod;
import io.smartrouter.pool.PodState;
import io.smartrouter.pool.StoreUnavailableException;
import io.smartrouter.pool.Tokens;
import io.smartrouter.testing.RedisLink;
import io.smartrouter.testing.TcpProxy;
import io.smartrouter.testing.TestRedis;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.data.domain.Range;
import org.springframework.data.redis.connection.stream.MapRecord;

/** Redis loses all or some of it, and the routers' mirrors give it back: nobody notices but by a moment's wait. */
@Timeout(120)
class MirrorIT {
    private static final Duration LONG = Duration.ofSeconds(30);
    private static final Map<String, String> QUARANTINE = Map.of("router.settle.quarantine", "5m");

    /** Who was told that he holds which pod, until he says that he ends. */
    private static final class Told {
        private final Map<String, AtomicInteger> onPod = new ConcurrentHashMap<>();
        private final int capacity;
        private final AtomicInteger doubled = new AtomicInteger();

        Told(int capacity) {
            this.capacity = capacity;
        }

        void holds(Allocated allocated) {
            if (on(allocated).incrementAndGet() > capacity) {
                doubled.incrementAndGet();
            }
        }

        void ends(Allocated allocated) {
            on(allocated).decrementAndGet();
        }

        private AtomicInteger on(Allocated allocated) {
            return onPod.computeIfAbsent(allocated.allocation().pod(), pod -> new AtomicInteger());
        }
    }

    private record Asked(long begun, long ended) {}

    @ParameterizedTest(name = "{0} calls, {1} routers")
    @CsvSource({"50, 3, 1", "5000, 2, 20"})
    void aFlushWithLiveCallsWhileCallsBeginAndEnd(int calls, int routers, int capacity) throws Exception {
        int pods = calls / capacity + 40;
        Map<String, String> settings =
                Map.of("router.settle.quarantine", "5m", "router.config.tiers", shared(capacity));
        List<StoreFixture> stores = new ArrayList<>();
        try (TestRedis redis = TestRedis.start();
                ExecutorService load = Executors.newFixedThreadPool(6)) {
            for (int i = 0; i < routers; i++) {
                stores.add(new StoreFixture(redis, settings));
            }
            opened(stores, pods);
            Told told = new Told(capacity);
            Map<String, Allocated> live = new TreeMap<>();
            for (int i = 0; i < calls; i++) {
                Allocated allocated = CorePods.allocated(stores.get(i % routers), "long-" + i);
                told.holds(allocated);
                live.put("long-" + i, allocated);
            }
            inStep(stores);
            AtomicBoolean stop = new AtomicBoolean();
            AtomicInteger exhausted = new AtomicInteger();
            ConcurrentHashMap<String, Asked> asked = new ConcurrentHashMap<>();
            List<Future<?>> loops = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                int thread = i;
                loops.add(load.submit(() -> {
                    for (int n = 0; !stop.get(); n++) {
                        StoreFixture store = stores.get(n % routers);
                        String sid = "short-" + thread + "-" + n;
                        long begun = System.nanoTime();
                        AllocationOutcome outcome = patiently(() -> CorePods.allocate(store, sid, null));
                        asked.put(sid, new Asked(begun, System.nanoTime()));
                        if (outcome instanceof Allocated allocated) {
                            told.holds(allocated);
                            told.ends(allocated);
                            patiently(() -> {
                                CorePods.release(store, sid);
                                return true;
                            });
                        } else {
                            exhausted.incrementAndGet();
                        }
                    }
                }));
            }
            Awaitility.await().atMost(LONG).until(() -> asked.size() > 200);
            long flushing = System.nanoTime();
            redis.command("FLUSHALL");
            long flushed = System.nanoTime();
            Awaitility.await()
                    .atMost(LONG)
                    .until(() -> asked.values().stream()
                                    .filter(one -> one.begun() > flushed)
                                    .count()
                            > 500);
            stop.set(true);
            for (Future<?> loop : loops) {
                loop.get();
            }
            // Those that were asked while it happened, and the first after it: they waited for the settlement.
            long first = asked.values().stream()
                    .mapToLong(Asked::begun)
                    .filter(begun -> begun > flushed)
                    .min()
                    .orElseThrow();
            long[] gap = asked.values().stream()
                    .filter(one -> one.ended() > flushing && one.begun() <= first)
                    .mapToLong(one -> (one.ended() - one.begun()) / 1_000_000)
                    .sorted()
                    .toArray();
            long p99 = gap[(int) Math.ceil(gap.length * 0.99) - 1];
            long quarantined = stores.getFirst().manager().pods().stream()
                    .filter(pod -> pod.quarantinedUntil() != null)
                    .count();
            System.out.printf(
                    "MirrorIT flush calls=%d routers=%d doubled=%d quarantined=%d exhausted=%d gap_p99_ms=%d"
                            + " gap_max_ms=%d in_flight=%d%n",
                    calls,
                    routers,
                    told.doubled.get(),
                    quarantined,
                    exhausted.get(),
                    p99,
                    gap[gap.length - 1],
                    gap.length);
            for (Map.Entry<String, Allocated> call : live.entrySet()) {
                assertThat(CorePods.allocated(stores.getFirst(), call.getKey()).allocation())
                        .isEqualTo(call.getValue().allocation());
            }
            assertThat(told.doubled).hasValue(0);
            assertThat(quarantined).isZero();
            assertThat(exhausted).hasValue(0);
            assertThat(p99).isLessThan(1_000);
            assertThat(stores.getFirst().manager().liveCalls()).isEqualTo(calls);
            consistent(stores.getFirst());
        } finally {
            stores.forEach(StoreFixture::close);
        }
    }

    @Test
    void aFlushDuringTheSettlementOfAFlush() {
        try (TestRedis redis = TestRedis.start();
                StoreFixture one = new StoreFixture(redis, QUARANTINE);
                StoreFixture two = new StoreFixture(redis, QUARANTINE)) {
            opened(List.of(one, two), 4);
            Allocated a = CorePods.allocated(one, "a");
            Allocated b = CorePods.allocated(two, "b");
            AtomicInteger again = new AtomicInteger(2);
            for (StoreFixture store : List.of(one, two)) {
                store.whenPodsAreAsked(() -> {
                    if (again.getAndDecrement() > 0) {
                        redis.command("FLUSHALL");
                    }
                });
            }
            redis.command("FLUSHALL");
            assertThat(patiently(() -> CorePods.allocated(two, "a")).allocation())
                    .isEqualTo(a.allocation());
            assertThat(CorePods.allocated(one, "b").allocation()).isEqualTo(b.allocation());
            assertThat(again.get()).isNegative();
            assertThat(CorePods.allocate(one, "c", null)).isInstanceOf(Allocated.class);
            consistent(one);
        }
    }

    @Test
    void aQuestionThatIsTheFirstAfterAFlushIsAnsweredAfterTheSettlement() {
        try (TestRedis redis = TestRedis.start();
                StoreFixture one = new StoreFixture(redis, QUARANTINE);
                StoreFixture two = new StoreFixture(redis, QUARANTINE)) {
            opened(List.of(one, two), 2);
            Allocated live = CorePods.allocated(one, "live");
            inStep(List.of(one, two));
            redis.command("FLUSHALL");
            assertThat(two.manager().call(new CallId("live")))
                    .hasValueSatisfying(call ->
                            assertThat(call.lease()).isEqualTo(live.allocation().lease()));
            inStep(List.of(one, two));
            redis.command("FLUSHALL");
            assertThat(one.manager().pod(live.allocation().pod()))
                    .hasValueSatisfying(pod -> assertThat(pod.calls()).isPositive());
            assertThat(one.manager().call(new CallId("never-was"))).isEmpty();
            consistent(one);
        }
    }

    @Test
    void whatARouterDrainedWhatEndedAndWhatIsGoneSurviveARestartThatLeftNothing() throws Exception {
        try (TestRedis first = TestRedis.start();
                RedisLink link = RedisLink.to(first);
                StoreFixture one = new StoreFixture(link, QUARANTINE);
                StoreFixture two = new StoreFixture(link, QUARANTINE)) {
            opened(List.of(one, two), 5);
            Allocated live = (Allocated) one.manager()
                    .allocate(new AllocationRequest(new CallId("live"), "plivo", "acc", "acme", null, "our-id"));
            CorePods.allocated(one, "ended");
            CorePods.release(two, "ended");
            one.manager().heartbeat(CorePods.claim(live));
            two.manager().drain("voice-agent-3");
            one.manager().drain("voice-agent-4");
            one.manager().undrain("voice-agent-4");
            one.manager().gone("voice-agent-2", CorePods.pod(2).incarnation(), java.util.Optional.of("9"));
            inStep(List.of(one, two));
            first.kill();
            try (TestRedis second = TestRedis.start()) {
                link.leadTo(second);
                assertThat(patiently(() -> CorePods.allocate(two, "ended", null)))
                        .isInstanceOf(CallEnded.class);
                assertThat(one.manager().call(new CallId("our-id"))).hasValueSatisfying(call -> {
                    assertThat(call.id()).isEqualTo(new CallId("live"));
                    assertThat(call.lease()).isEqualTo(live.allocation().lease());
                    assertThat(call.state()).isEqualTo(CallState.CONNECTED);
                    assertThat(call.account()).isEqualTo("acc");
                });
                assertThat(one.manager().liveCalls("acme")).isEqualTo(1);
                assertThat(one.manager().heartbeat(CorePods.claim(live))).isEqualTo(HeartbeatOutcome.LIVE);
                assertThat(states(one))
                        .containsEntry("voice-agent-3", PodState.DRAINING)
                        .containsEntry("voice-agent-4", PodState.READY)
                        .doesNotContainKey("voice-agent-2");
                consistent(one);
            }
        }
    }

    @Test
    void aRestartFromAnOldFileEndsWhatEndedAndOnlyThat(@TempDir Path old) throws IOException {
        Map<String, String> settings = Map.of("router.settle.quarantine", "5m", "router.call.connect-timeout", "2m");
        Path data = Files.createDirectory(old.resolve("data"));
        try (TestRedis first = TestRedis.start("--dir", data.toString());
                RedisLink link = RedisLink.to(first);
                StoreFixture one = new StoreFixture(link, settings);
                StoreFixture two = new StoreFixture(link, settings)) {
            opened(List.of(one, two), 6);
            Allocated live = CorePods.allocated(one, "live");
            Allocated connects = CorePods.allocated(two, "connects");
            CorePods.allocated(one, "ends");
            CorePods.allocated(two, "ends-unnoticed");
            assertThat(first.command("SAVE")).startsWith("+OK");
            Files.createDirectory(old.resolve("copy"));
            Files.copy(data.resolve("dump.rdb"), old.resolve("copy/dump.rdb"));

            CorePods.release(two, "ends");
            one.manager().connected(CorePods.claim(connects));
            CorePods.release(one, "ends-unnoticed");
            Allocated later = CorePods.allocated(one, "later");
            inStep(List.of(one, two));
            first.kill();
            try (TestRedis second = TestRedis.start("--dir", old.resolve("copy").toString())) {
                link.leadTo(second);
                assertThat(patiently(() -> CorePods.allocated(two, "live")).allocation())
                        .isEqualTo(live.allocation());
                assertThat(CorePods.allocated(two, "later").allocation()).isEqualTo(later.allocation());
                assertThat(one.manager()
                                .call(new CallId("connects"))
                                .orElseThrow()
                                .state())
                        .isEqualTo(CallState.CONNECTED);
                assertThat(CorePods.allocate(one, "ends", null)).isInstanceOf(CallEnded.class);
                assertThat(one.manager().liveCalls()).isEqualTo(3);
                assertThat(states(one).values()).containsOnly(PodState.READY);
                consistent(one);
            }
        }
    }

    /** A router that began after the end knows only that the call is not live: that is enough. */
    @Test
    void aWholeMirrorThatNeverKnewACallEndsIt(@TempDir Path old) throws IOException {
        Path data = Files.createDirectory(old.resolve("data"));
        try (TestRedis first = TestRedis.start("--dir", data.toString());
                RedisLink link = RedisLink.to(first);
                StoreFixture gone = new StoreFixture(link, QUARANTINE);
                StoreFixture one = new StoreFixture(link, QUARANTINE)) {
            one.cluster(CorePods.pods(2));
            gone.cluster(CorePods.pods(2));
            gone.pool().settlement().settle();
            outOfQuarantine(gone, 2);
            CorePods.allocated(gone, "ended");
            first.command("SAVE");
            Files.createDirectory(old.resolve("copy"));
            Files.copy(data.resolve("dump.rdb"), old.resolve("copy/dump.rdb"));
            CorePods.release(gone, "ended");
            one.mirroring().begin();
            inStep(List.of(one));
            first.kill();
            try (TestRedis second = TestRedis.start("--dir", old.resolve("copy").toString())) {
                link.leadTo(second);
                assertThat(patiently(() -> CorePods.allocate(one, "ended", null)))
                        .isInstanceOfSatisfying(
                                CallEnded.class,
                                ended -> assertThat(ended.reason()).isEqualTo("ended_before_loss"));
                assertThat(one.manager().liveCalls()).isZero();
                consistent(one);
            }
        }
    }

    @Test
    void aFailoverThatLostTheLastTwentyWrites() {
        try (TestRedis primary = TestRedis.start("--repl-diskless-sync-delay", "0");
                TestRedis replica = TestRedis.start();
                RedisLink link = RedisLink.to(primary);
                StoreFixture one = new StoreFixture(link, QUARANTINE);
                StoreFixture two = new StoreFixture(link, QUARANTINE);
                StoreFixture three = new StoreFixture(link, QUARANTINE)) {
            List<StoreFixture> stores = List.of(one, two, three);
            opened(stores, 24);
            for (int i = 0; i < 10; i++) {
                CorePods.allocated(stores.get(i % 3), "old-" + i);
            }
            inStep(stores);
            replica.command("REPLICAOF 127.0.0.1 " + primary.port());
            Awaitility.await()
                    .atMost(LONG)
                    .until(() -> replica.info("master_link_status").equals("up")
                            && primary.info("master_repl_offset").equals(replica.info("slave_repl_offset")));
            CorePods.allocated(one, "replicated"); // the attached replica gave the primary another name
            Awaitility.await()
                    .atMost(LONG)
                    .until(() -> primary.info("master_repl_offset").equals(replica.info("slave_repl_offset")));
            replica.signal("STOP");
            primary.command("CLIENT KILL TYPE replica");
            Map<String, Allocated> fresh = new TreeMap<>();
            for (int i = 0; i < 10; i++) {
                CorePods.release(stores.get(i % 3), "old-" + i);
                fresh.put("new-" + i, CorePods.allocated(stores.get((i + 1) % 3), "new-" + i));
            }
            primary.kill(); // at once: what the mirrors know of it is what each router answered
            replica.signal("CONT");
            replica.command("REPLICAOF NO ONE");
            link.leadTo(replica);

            Told told = new Told(1);
            fresh.forEach((sid, allocated) -> {
                told.holds(allocated);
                assertThat(patiently(() -> CorePods.allocated(one, sid)).allocation())
                        .isEqualTo(allocated.allocation());
            });
            told.holds(CorePods.allocated(two, "replicated"));
            Awaitility.await().atMost(LONG).until(() -> one.manager().liveCalls() == 11);
            for (int i = 0; i < 13; i++) {
                told.holds(CorePods.allocated(stores.get(i % 3), "next-" + i));
            }
            System.out.printf("MirrorIT failover lost_writes=20 doubled=%d%n", told.doubled.get());
            assertThat(told.doubled).hasValue(0);
            assertThat(CorePods.allocate(one, "one-too-many", null)).isInstanceOf(Exhausted.class);
            for (int i = 0; i < 10; i++) {
                assertThat(CorePods.allocate(two, "old-" + i, null)).isInstanceOf(CallEnded.class);
            }
            consistent(one);
        }
    }

    /** The newcomer opens the data set, and has not heard of the other one, which needs a moment. */
    @Test
    void aRouterThatHasJustComeWaitsForTheMirrorsOfThoseThatListen() {
        try (TestRedis redis = TestRedis.start();
                TcpProxy network = TcpProxy.to(redis.port());
                StoreFixture one =
                        new StoreFixture("127.0.0.1", network.port(), QUARANTINE, UnaryOperator.identity())) {
            opened(List.of(one), 3);
            for (int i = 0; i < 3; i++) {
                CallId live = new CallId("live-" + i);
                Allocated given = CorePods.allocated(one, live.value());
                inStep(List.of(one));
                network.delay(Duration.ofMillis(20));
                try (StoreFixture newcomer = new StoreFixture(redis, QUARANTINE)) {
                    newcomer.cluster(CorePods.pods(3));
                    newcomer.mirroring().hold(true); // it follows nobody yet, and has said that it is there
                    newcomer.mirroring().begin();
                    redis.command("FLUSHALL");
                    assertThat(newcomer.manager().call(live))
                            .hasValueSatisfying(call -> assertThat(call.lease())
                                    .isEqualTo(given.allocation().lease()));
                    assertThat(newcomer.pool().settlement().opened()).isOne();
                    newcomer.mirroring().hold(false);
                }
                network.delay(Duration.ZERO);
                inStep(List.of(one));
            }
        }
    }

    @Test
    void aRouterThatComesTooLateJoinsAfterTheOpening() {
        try (TestRedis redis = TestRedis.start();
                StoreFixture one = new StoreFixture(redis, QUARANTINE);
                StoreFixture late = new StoreFixture(redis, QUARANTINE)) {
            opened(List.of(one), 2);
            late.cluster(CorePods.pods(2));
            one.mirroring().hold(true);
            Allocated known = CorePods.allocated(late, "known-to-the-late-one");
            redis.command("FLUSHALL");
            Allocated other = patiently(() -> CorePods.allocated(one, "other"));
            assertThat(one.manager().liveCalls()).isEqualTo(1);
            one.mirroring().hold(false);

            late.mirroring().begin();
            Awaitility.await().atMost(LONG).until(() -> one.manager().liveCalls() == 2);
            assertThat(CorePods.allocated(one, "known-to-the-late-one").allocation())
                    .isEqualTo(known.allocation());
            assertThat(CorePods.allocated(late, "other").allocation())
                    .as("both stand, also on one pod")
                    .isEqualTo(other.allocation());
            Awaitility.await().atMost(LONG).until(() -> one.mirroring().live() == 2);
            consistent(one);
        }
    }

    @Test
    void aMirrorThatIsOutOfStepForTenMinutesContributesNothing() {
        try (TestRedis redis = TestRedis.start();
                StoreFixture one = new StoreFixture(redis, QUARANTINE)) {
            opened(List.of(one), 2);
            CorePods.allocated(one, "a");
            inStep(List.of(one));
            one.mirroring().hold(true);
            one.mirroring().pass(Duration.ofMinutes(11));
            redis.command("FLUSHALL");

            assertThat(patiently(() -> CorePods.allocate(one, "b", null))).isInstanceOf(Exhausted.class);
            assertThat(one.manager().liveCalls()).isZero();
            assertThat(states(one).values()).containsOnly(PodState.SUSPECT);
            one.mirroring().hold(false);
            inStep(List.of(one));
        }
    }

    /** The answer is in the router's hands, the mirror is handed over, and only then it would be told. */
    @Test
    void anAllocationInFlightAtTheHandingOverIsAskedAgain() throws Exception {
        try (TestRedis redis = TestRedis.start();
                StoreFixture one = new StoreFixture(redis, QUARANTINE);
                StoreFixture two = new StoreFixture(redis, QUARANTINE);
                ExecutorService caller = Executors.newSingleThreadExecutor()) {
            opened(List.of(one, two), 2);
            one.mirroring().hold(true);
            two.mirroring().hold(true);
            CountDownLatch answered = new CountDownLatch(1);
            CountDownLatch goOn = new CountDownLatch(1);
            two.mirroring().beforeTaking(() -> {
                answered.countDown();
                try {
                    goOn.await();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            });
            Future<Allocated> told = caller.submit(() -> CorePods.allocated(two, "in-flight"));
            answered.await();
            String lost = lease(one, "in-flight");
            redis.command("FLUSHALL");
            assertThat(one.pool().settlement().settle()).isTrue();
            Awaitility.await().atMost(LONG).until(() -> two.mirroring().handedOver());
            assertThat(lease(one, "in-flight")).isEqualTo("null");
            goOn.countDown();

            String lease = told.get().allocation().lease().value();
            assertThat(lease).isNotEqualTo(lost).isEqualTo(lease(one, "in-flight"));
            consistent(one);
        }
    }

    private static String lease(StoreFixture store, String sid) {
        return String.valueOf(store.template().opsForHash().get("voice:call:" + sid, "lease"));
    }

    private static Map<String, PodState> states(StoreFixture store) {
        Map<String, PodState> states = new TreeMap<>();
        for (Pod pod : store.manager().pods()) {
            states.put(pod.name(), pod.state());
        }
        return states;
    }

    /** A step that shows all of them at once would keep callers out for as long as it takes, and each router takes it. */
    @Test
    void manyPodsThatAreLostWithTheirCallsAreFollowedInShortSteps() {
        int pods = 30;
        int capacity = 100;
        Map<String, String> settings =
                Map.of("router.settle.quarantine", "0s", "router.config.tiers", shared(capacity));
        try (TestRedis redis = TestRedis.start();
                StoreFixture router = new StoreFixture(redis, settings)) {
            router.cluster(CorePods.pods(pods));
            assertThat(router.pool().settlement().settle()).isTrue();
            router.pool().configurations().poll();
            Set<String> calls = new HashSet<>();
            for (int i = 0; i < pods * capacity; i++) {
                CorePods.allocated(router, "c" + i);
                calls.add("c" + i);
            }
            MirrorStore store = router.mirroring().store();
            MirrorStore.Page before = store.calls("");
            CorePods.pods(pods).forEach(pod -> router.store().gone(pod.pod(), pod.incarnation(), Optional.empty()));

            List<Integer> steps = new ArrayList<>();
            Set<String> lost = new HashSet<>();
            long upTo = before.seq();
            for (boolean isAll = false; !isAll; ) {
                Followed next = (Followed) next(router, before.dataSet(), upTo);
                assertThat(next.upTo()).isGreaterThan(upTo);
                upTo = next.upTo();
                isAll = next.upTo() == next.newest();
                steps.add(next.copies().size());
                next.copies().stream()
                        .filter(copy -> "lost".equals(copy.fields().get("state")))
                        .forEach(copy -> lost.add(copy.name()));
            }
            assertThat(lost).isEqualTo(calls);
            assertThat(steps).as("records in each step").allMatch(records -> records < 200 + capacity + 1);
            assertThat(upTo).isEqualTo(before.seq() + pods);
        }
    }

    /** With each page calls begin and end, in all more than the store keeps events of; also one that a page has shown. */
    @Test
    void aRouterThatBeginsWhileMuchHappensFollowsAllTheSame() {
        int live = 1_500;
        int endWithEachPage = 40;
        Map<String, String> settings = Map.of("router.settle.quarantine", "0s", "router.config.tiers", shared(1_000));
        AtomicInteger fewer = new AtomicInteger();
        UnaryOperator<String> fewEvents = script -> {
            String changed = script.replace("EVENTS_KEPT = 100000", "EVENTS_KEPT = 100");
            fewer.addAndGet(changed.equals(script) ? 0 : 1);
            return changed;
        };
        try (TestRedis redis = TestRedis.start();
                StoreFixture router = new StoreFixture(redis, settings, fewEvents)) {
            assertThat(fewer.get()).as("scripts that keep fewer events").isPositive();
            router.cluster(CorePods.pods(4));
            assertThat(router.pool().settlement().settle()).isTrue();
            router.pool().configurations().poll();
            for (int i = 0; i < live; i++) {
                CorePods.allocated(router, "long-" + i);
            }
            AtomicInteger pages = new AtomicInteger();
            MirrorStore store = beforeEachPage(router.mirroring().store(), () -> {
                int page = pages.getAndIncrement();
                patiently(() -> {
                    for (int i = 0; i < endWithEachPage; i++) {
                        CorePods.allocated(router, "short-" + page + "-" + i);
                        CorePods.release(router, "short-" + page + "-" + i);
                    }
                    CorePods.release(router, "long-" + page); // the oldest stand in the first page
                    return true;
                });
            });
            try (MirrorFixture mirror =
                    new MirrorFixture(Tokens.secure(), store, NOBODY, new DeferredReleases(), router.properties())) {
                mirror.begin();
                Awaitility.await().atMost(LONG).until(() -> mirror.wholeUpTo() > 0);
                assertThat(mirror.live()).isLessThan(live);
                assertThat((long) mirror.live()).isEqualTo(router.manager().liveCalls());
            }
        }
    }

    @Test
    void aPageThatRedisAnswersTooLateIsAskedForAgainAndNotTheWholeSnapshot() {
        int live = 500;
        AtomicInteger pages = new AtomicInteger();
        try (TestRedis redis = TestRedis.start();
                StoreFixture router = new StoreFixture(
                        redis, Map.of("router.settle.quarantine", "0s", "router.config.tiers", shared(1_000)))) {
            router.cluster(CorePods.pods(1));
            assertThat(router.pool().settlement().settle()).isTrue();
            router.pool().configurations().poll();
            for (int i = 0; i < live; i++) {
                CorePods.allocated(router, "c" + i);
            }
            MirrorStore store = beforeEachPage(router.mirroring().store(), () -> {
                if (pages.incrementAndGet() == 4) {
                    throw new StoreUnavailableException("too late");
                }
            });
            try (MirrorFixture mirror =
                    new MirrorFixture(Tokens.secure(), store, NOBODY, new DeferredReleases(), router.properties())) {
                mirror.begin();
                Awaitility.await().atMost(LONG).until(() -> mirror.wholeUpTo() > 0);
                assertThat(mirror.live()).isEqualTo(live);
            }
            assertThat(pages.get())
                    .as("the first page before and after its join, one twice, and one that is empty")
                    .isEqualTo(1 + 3 + 1 + 1);
        }
    }

    /** An answer says less: not by which request a call began, nor of an end whose call another router gave. */
    @Test
    void whatARouterKnowsByItsAnswersIsTheWholeRecordOnceItHasFollowed() {
        try (TestRedis redis = TestRedis.start();
                StoreFixture one = new StoreFixture(redis, QUARANTINE);
                StoreFixture two = new StoreFixture(redis, QUARANTINE)) {
            opened(List.of(one, two), 10);
            two.mirroring().hold(true);
            Map<String, Allocation> given = new HashMap<>();
            for (String sid : List.of("asked-twice", "moved", "ended", "moved-and-ended", "asked-and-ended")) {
                AllocationRequest request =
                        new AllocationRequest(new CallId(sid), "plivo", "MA1", "acme", null, "REQ-" + sid);
                given.put(sid, ((Allocated) one.manager().allocate(request)).allocation());
            }
            AllocationRequest again = new AllocationRequest(new CallId("asked-twice"), "plivo", "MA1", "acme");
            assertThat(((Allocated) two.manager().allocate(again)).existing()).isTrue();
            Allocation moved = Objects.requireNonNull(given.get("moved"));
            two.pool().agentRefuses(address -> address.equals(moved.address()));
            assertThat(two.manager().continueCall(new ContinueRequest(moved.call(), "plivo", "MA1", moved.lease())))
                    .isInstanceOf(ContinueOutcome.Continues.class);
            CorePods.release(two, "ended");
            assertThat(copy(two, "ended").fields()).doesNotContainKey("pod");
            Allocation other = Objects.requireNonNull(given.get("moved-and-ended"));
            for (String sid : List.of("moved-and-ended", "asked-and-ended")) {
                AllocationRequest held = new AllocationRequest(new CallId(sid), "plivo", "MA1", "acme");
                assertThat(((Allocated) two.manager().allocate(held)).existing())
                        .isTrue();
            }
            one.pool().agentRefuses(address -> address.equals(other.address()));
            assertThat(one.manager().continueCall(new ContinueRequest(other.call(), "plivo", "MA1", other.lease())))
                    .isInstanceOf(ContinueOutcome.Continues.class);
            CorePods.release(two, "moved-and-ended");
            CorePods.release(two, "asked-and-ended");
            two.mirroring().hold(false);
            inStep(List.of(one, two));

            RedisDump dump = RedisDump.of(one.template(), "voice");
            for (StoreFixture router : List.of(one, two)) {
                for (String sid : given.keySet()) {
                    Copy record = dump.call("voice", sid);
                    assertThat(record.fields()).containsKeys("request", "pod");
                    assertThat(copy(router, sid)).isEqualTo(record);
                }
            }
        }
    }

    private static Copy copy(StoreFixture router, String sid) {
        return router.mirroring().mirror().call(sid).orElseThrow();
    }

    /** A store with which something happens before each page. */
    private static MirrorStore beforeEachPage(MirrorStore store, Runnable what) {
        return (MirrorStore) Proxy.newProxyInstance(
                MirrorStore.class.getClassLoader(), new Class<?>[] {MirrorStore.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("calls")) {
                        what.run();
                    }
                    try {
                        return method.invoke(store, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    /** What is read is of this data set and without a hole; else a mirror would call itself whole. */
    @Test
    void eventsThatAreMissingOrOfAnotherDataSetAreAGap() {
        String stream = "voice:events";
        try (TestRedis redis = TestRedis.start();
                StoreFixture router = new StoreFixture(redis, Map.of("router.settle.quarantine", "0s"))) {
            router.cluster(CorePods.pods(5));
            assertThat(router.pool().settlement().settle()).isTrue();
            router.pool().configurations().poll();
            MirrorStore.Page before = router.mirroring().store().calls("");
            List.of("a", "b", "c").forEach(call -> CorePods.allocated(router, call));
            long newest = before.seq() + 3;
            assertThat(next(router, before.dataSet(), before.seq())).isInstanceOf(Followed.class);
            assertThat(next(router, before.dataSet(), newest)).isEqualTo(new Followed(newest, newest, List.of()));
            assertThat(next(router, "another", before.seq())).isEqualTo(new Gap());

            router.template().opsForStream().delete(stream, newest - 1 + "-0");
            assertThat(next(router, before.dataSet(), before.seq()))
                    .as("a hole")
                    .isEqualTo(new Gap());
            assertThat(next(router, before.dataSet(), newest - 1)).isInstanceOf(Followed.class);
            router.template().opsForStream().trim(stream, 0);
            assertThat(next(router, before.dataSet(), newest - 1))
                    .as("none left")
                    .isEqualTo(new Gap());
            assertThat(next(router, before.dataSet(), newest))
                    .as("none left, and none that the mirror lacks")
                    .isEqualTo(new Followed(newest, newest, List.of()));
        }
    }

    /** A connection that breaks between two commands may have led to another primary, and back. */
    @Test
    void eventsOfAPrimaryThatTookAnotherWayAreAGap() {
        String stream = "voice:events";
        UnaryOperator<String> ledBack = script -> script.replace(
                "local event = redis.call('XRANGE', events_key",
                "redis.call('RENAME', 'ours', events_key) local event = redis.call('XRANGE', events_key");
        try (TestRedis redis = TestRedis.start();
                StoreFixture router = new StoreFixture(redis, Map.of("router.settle.quarantine", "0s"), ledBack)) {
            router.cluster(CorePods.pods(5));
            assertThat(router.pool().settlement().settle()).isTrue();
            router.pool().configurations().poll();
            MirrorStore.Page before = router.mirroring().store().calls("");
            List.of("a", "b").forEach(call -> CorePods.allocated(router, call));
            for (String lease : List.of("", "of-another-primary")) {
                List<MapRecord<String, Object, Object>> events =
                        router.template().opsForStream().range(stream, Range.unbounded());
                router.template().rename(stream, "ours");
                for (MapRecord<String, Object, Object> event : events) {
                    Map<Object, Object> fields = new LinkedHashMap<>(event.getValue());
                    fields.computeIfPresent("lease", (field, ours) -> lease.isEmpty() ? ours : lease);
                    router.template()
                            .opsForStream()
                            .add(MapRecord.create(stream, fields).withId(event.getId()));
                }
                assertThat(next(router, before.dataSet(), before.seq()))
                        .as("lease \"%s\"", lease)
                        .isInstanceOf(lease.isEmpty() ? Followed.class : Gap.class);
            }
        }
    }

    private static MirrorStore.Next next(StoreFixture router, String dataSet, long seq) {
        return router.mirroring().store().next(dataSet, seq, sid -> Optional.empty(), Duration.ZERO);
    }

    @Test
    void aCallThatWaitsIsNotShownAsOneThatWasWithdrawn() {
        try (TestRedis redis = TestRedis.start();
                StoreFixture router = new StoreFixture(redis, Map.of("router.settle.quarantine", "0s"))) {
            router.cluster(CorePods.pods(1));
            assertThat(router.pool().settlement().settle()).isTrue();
            router.pool().configurations().poll();
            CorePods.allocated(router, "first");
            MirrorStore store = router.mirroring().store();
            MirrorStore.Page before = store.calls("");
            AllocationRequest request = new AllocationRequest(new CallId("waits"), "plivo", "MA1", null)
                    .waiting(new Hold(Duration.ofMinutes(5), Duration.ofSeconds(10)));
            assertThat(router.manager().allocate(request)).isInstanceOf(Waiting.class);
            Followed next = (Followed) next(router, before.dataSet(), before.seq());
            assertThat(next.upTo()).isGreaterThan(before.seq());
            assertThat(next.copies()).isEmpty();
        }
    }

    /** The channel of a router that is alone. */
    private static final MirrorChannel NOBODY = new MirrorChannel() {
        @Override
        public OptionalInt say(String message) {
            return OptionalInt.of(0);
        }

        @Override
        public void listen(Consumer<String> to) {
            // nobody speaks
        }
    };

    /** One tier, whose pods hold so many calls. */
    private static String shared(int capacity) {
        return "{\"tiers\":{\"basic\":{\"type\":\"shared\",\"target\":0,\"max_concurrent\":" + capacity + "}}}";
    }

    private static void consistent(StoreFixture store) {
        assertThat(Invariants.violations(RedisDump.of(store.template(), "voice"), "voice"))
                .isEmpty();
    }

    /** As a caller that tries again when Redis gave no answer in time. */
    private static <T> T patiently(Supplier<T> question) {
        long end = System.nanoTime() + LONG.toNanos();
        while (true) {
            try {
                return question.get();
            } catch (StoreUnavailableException e) {
                if (System.nanoTime() > end) {
                    throw e;
                }
                Thread.onSpinWait();
            }
        }
    }

    /** Opened, with all pods out of their quarantine, and the mirrors in step. */
    private static void opened(List<StoreFixture> stores, int pods) {
        stores.forEach(store -> store.cluster(CorePods.pods(pods)));
        assertThat(stores.getFirst().pool().settlement().settle()).isTrue();
        outOfQuarantine(stores.getFirst(), pods);
        stores.forEach(store -> {
            store.pool().configurations().poll();
            store.mirroring().begin();
        });
        stores.forEach(store -> store.mirroring().hello()); // now all listen
        inStep(stores);
    }

    private static void outOfQuarantine(StoreFixture store, int pods) {
        CorePods.pods(pods).forEach(pod -> {
            store.template().opsForHash().put("voice:pod:" + pod.pod(), "quarantined_until", "1");
            store.template().opsForZSet().add("voice:pods:due", pod.pod(), 1);
        });
        store.manager().expire();
    }

    private static void inStep(List<StoreFixture> stores) {
        for (StoreFixture store : stores) {
            Awaitility.await().atMost(LONG).until(() -> {
                String seq = String.valueOf(
                        Objects.requireNonNull(store.template().opsForHash().get("voice:epoch", "seq")));
                return seq.equals(Long.toString(store.mirroring().wholeUpTo()));
            });
        }
    }
}
