package io.smartrouter.pool.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.smartrouter.pool.AllocationOutcome.Allocated;
import io.smartrouter.pool.AllocationOutcome.Exhausted;
import io.smartrouter.pool.HeartbeatOutcome;
import io.smartrouter.pool.Incarnation;
import io.smartrouter.pool.PodFacts;
import io.smartrouter.pool.PodState;
import io.smartrouter.pool.SettlementStore.Beginning;
import io.smartrouter.pool.UnsettledException;
import io.smartrouter.testing.TestRedis;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Redis' clock is held, so that a quarantine ends when a test says so. */
class SettlementIT {
    private static final long START = 1_800_000_000_000L;
    private static final long QUARANTINE = 30_000;
    private static final String TIERS = """
        {"tiers": {"gold": {"type": "exclusive", "target": 20},
                   "shared": {"type": "shared", "max_concurrent": 3, "target": 35},
                   "default": {"type": "exclusive", "target": 10}},
         "default_chain": ["gold", "shared", "default"]}
        """;
    private static final List<String> WANTED = List.of("", "", "gold", "shared", "merchant:acme", "unknown");
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
    void empty() {
        store = fixture(redis);
        flush(START);
        store.cluster(CorePods.pods(2));
    }

    @AfterEach
    void holdsInvariants() {
        assertThat(Invariants.violations(RedisDump.of(store.template(), "voice"), "voice"))
                .isEmpty();
        store.close();
    }

    @Test
    void theFirstStartOpensWithThePodsOfTheWatchInQuarantine() {
        assertThat(CorePods.allocate(store, "a", null)).isInstanceOf(Exhausted.class);
        assertThat(store.manager().pods())
                .hasSize(2)
                .allSatisfy(pod -> assertThat(pod.state()).isEqualTo(PodState.SUSPECT));
        assertThat(epoch("state")).isEqualTo("open");

        store.setTime(START + QUARANTINE + 1);
        assertThat(CorePods.allocate(store, "a", null)).isInstanceOf(Allocated.class);
    }

    @Test
    void whereManyPodsLeaveTheirQuarantineTheFirstCallerDoesNotWaitForAllOfThem() {
        flush(START);
        store.cluster(CorePods.pods(100));
        assertThat(CorePods.allocate(store, "a", null)).isInstanceOf(Exhausted.class);
        store.setTime(START + QUARANTINE + 1);
        assertThat(CorePods.allocate(store, "a", null)).isInstanceOf(Allocated.class);
        assertThat(store.manager().pods())
                .as("pods that the timer lets go")
                .filteredOn(pod -> pod.state() == PodState.SUSPECT)
                .hasSizeGreaterThan(50);
    }

    @Test
    void afterAFlushTheFirstRequestSettlesAndNoPodInACallIsOffered() {
        Allocated lost = twoPodsReadyAndOneInACall();
        long flushed = START + 100_000;
        flush(flushed);

        assertThat(CorePods.allocate(store, "b", null)).isInstanceOf(Exhausted.class);
        assertThat(store.manager().heartbeat(CorePods.claim(lost))).isEqualTo(HeartbeatOutcome.RESTORED);
        assertThat(store.manager().call(lost.allocation().call()))
                .hasValueSatisfying(call ->
                        assertThat(call.lease()).isEqualTo(lost.allocation().lease()));
        store.setTime(flushed + QUARANTINE + 1);
        store.manager().expire();
        assertThat(CorePods.allocate(store, "b", null))
                .isInstanceOfSatisfying(
                        Allocated.class,
                        other -> assertThat(other.allocation().pod())
                                .isNotEqualTo(lost.allocation().pod()));
        assertThat(CorePods.allocate(store, "c", null)).isInstanceOf(Exhausted.class);
        assertThat(CorePods.allocated(store, "a").allocation()).isEqualTo(lost.allocation());
    }

    @Test
    void anAgentThatSaysFreeEndsItsPodsQuarantine() {
        assertThat(CorePods.allocate(store, "a", null)).isInstanceOf(Exhausted.class);
        store.pool().agentSaysFree(address -> address.endsWith(":9001"));
        store.setTime(START + 10_000); // no stream is on its way any more
        store.manager().askQuarantined();

        assertThat(CorePods.allocated(store, "a").allocation().pod()).isEqualTo("voice-agent-1");
        assertThat(CorePods.allocate(store, "b", null)).isInstanceOf(Exhausted.class);
    }

    @Test
    void anotherReplicationIdShutsTheGateAndKeepsTheCalls() {
        Allocated call = twoPodsReadyAndOneInACall();
        String id = epoch("id");
        store.failOver();

        assertThat(CorePods.allocated(store, "a").allocation()).isEqualTo(call.allocation());
        assertThat(epoch("id")).isNotEqualTo(id);
        assertThat(CorePods.allocate(store, "b", null)).isInstanceOf(Exhausted.class);
    }

    @Test
    void aPromotedReplicaIsSettledBeforeItGivesAPod() {
        Allocated call = twoPodsReadyAndOneInACall();
        long seq = Long.parseLong(epoch("seq"));
        try (TestRedis replica = TestRedis.start();
                StoreFixture promoted = fixture(replica)) {
            promoted.cluster(CorePods.pods(2));
            replica.command("REPLICAOF 127.0.0.1 " + redis.port());
            Awaitility.await()
                    .until(() -> Objects.equals(
                            promoted.template().opsForHash().get("voice:call:a", "lease"),
                            call.allocation().lease().toString()));
            replica.command("REPLICAOF NO ONE");

            assertThat(CorePods.allocated(promoted, "a").allocation()).isEqualTo(call.allocation());
            assertThat(CorePods.allocate(promoted, "b", null)).isInstanceOf(Exhausted.class);
            assertThat(Long.parseLong((String) Objects.requireNonNull(
                            promoted.template().opsForHash().get("voice:epoch", "seq"))))
                    .isGreaterThan(seq);
            assertThat(promoted.template().opsForHash().get("voice:epoch", "replid"))
                    .isNotEqualTo(epoch("replid"));
        }
    }

    @Test
    void aSettlementThatDiedIsTakenOverAndItsLateWritesAreRefused() {
        assertThat(store.settling().begin("dead")).isEqualTo(Beginning.BEGUN_EMPTY);
        assertThat(store.pool().settlement().settle()).isFalse();
        assertThat(store.template().getExpire("voice:lock:task:settle", java.util.concurrent.TimeUnit.MILLISECONDS))
                .isBetween(1L, 5_000L);
        store.template().expire("voice:lock:task:settle", Duration.ofMillis(1));
        Awaitility.await().until(() -> !store.template().hasKey("voice:lock:task:settle"));

        assertThat(store.settling().begin("next")).isEqualTo(Beginning.BEGUN_WITH_RECORDS);
        for (Runnable late : List.<Runnable>of(
                () -> store.settling().open("dead"),
                () -> store.settling().observe("dead", CorePods.pods(1)),
                () -> store.settling().settlePods("dead", List.of("voice-agent-0")),
                () -> store.settling().deferDeadlines("dead"),
                () -> store.settling()
                        .configure("dead", "0", "1", new io.smartrouter.pool.ConfigurationEdit.None(), Map.of()))) {
            assertThatExceptionOfType(UnsettledException.class).isThrownBy(late::run);
        }
        assertThat(epoch("state")).isEqualTo("settling");
        assertThat(epoch("token")).isEqualTo("next");
    }

    @Test
    void ofTwoRoutersThatSettleAtOnceOneDoes() throws Exception {
        try (StoreFixture other = fixture(redis);
                var threads = Executors.newFixedThreadPool(2)) {
            other.cluster(CorePods.pods(2));
            for (int round = 0; round < 20; round++) {
                flush(START + round);
                CountDownLatch start = new CountDownLatch(1);
                var outcomes = List.of(store, other).stream()
                        .map(router -> threads.submit(() -> {
                            start.await();
                            return CorePods.allocate(router, "a", null);
                        }))
                        .toList();
                start.countDown();
                for (var outcome : outcomes) {
                    assertThat(outcome.get()).isInstanceOf(Exhausted.class);
                }
                long openings = Objects.requireNonNull(store.template()
                                .opsForStream()
                                .range("voice:events", org.springframework.data.domain.Range.unbounded()))
                        .stream()
                        .filter(event -> "opened".equals(event.getValue().get("type")))
                        .count();
                assertThat(openings).as("round %s", round).isEqualTo(1);
            }
        }
    }

    /** However long the settlement takes, and whoever does it: a caller hears within its patience. */
    @Test
    void manyRequestsDuringASettlementWaitNoLongerThanTheirPatienceAndShareIt() throws Exception {
        CountDownLatch slow = new CountDownLatch(1);
        AtomicInteger settlements = new AtomicInteger();
        store.whenPodsAreAsked(() -> {
            settlements.incrementAndGet();
            Awaitility.await().atMost(Duration.ofMinutes(1)).until(() -> slow.getCount() == 0);
        });
        try (var callers = Executors.newFixedThreadPool(20)) {
            List<Future<?>> waiting = IntStream.range(0, 20)
                    .<Future<?>>mapToObj(i -> callers.submit(() -> CorePods.allocate(store, "a", null)))
                    .toList();
            for (Future<?> caller : waiting) {
                assertThatExceptionOfType(ExecutionException.class)
                        .isThrownBy(() -> caller.get(20, TimeUnit.SECONDS))
                        .withCauseInstanceOf(UnsettledException.class);
            }
            assertThat(settlements).hasValue(1);
        } finally {
            slow.countDown();
        }
        assertThat(store.pool().settlement().settle()).isTrue();
        assertThat(store.pool().settlement().opened()).isEqualTo(1);
        assertThat(CorePods.allocate(store, "a", null)).isInstanceOf(Exhausted.class);
    }

    /** What a settlement finds done already writes nothing, and yet it goes on. */
    @Test
    void aSettlementThatWritesNothingKeepsItsLock() {
        twoPodsReadyAndOneInACall();
        store.failOver();
        assertThat(store.settling().begin("slow")).isEqualTo(Beginning.BEGUN_WITH_RECORDS);
        store.template().expire("voice:lock:task:settle", Duration.ofMillis(500));
        observe("slow", CorePods.pod(0));
        assertThat(store.template().getExpire("voice:lock:task:settle", TimeUnit.MILLISECONDS))
                .isGreaterThan(1_000);
        store.settling().open("slow");
    }

    private void observe(String token, PodFacts pod) {
        store.settling().observe(token, List.of(pod));
    }

    /** A settlement registers many pods in one transition; they must stand as events would have put them, one by one. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void podsThatASettlementRegistersStandAsIfEachHadBeenSeenAlone(long seed) {
        try (StoreFixture router =
                new StoreFixture(redis, Map.of("router.settle.quarantine", "0s"), StoreFixture.heldClock())) {
            router.pool().settlement().settle();
            router.pool().configurations().putTiers(TIERS);
            Random random = new Random(seed);
            List<PodFacts> seen = IntStream.range(0, 130) // in one part, for in which order parts come is left open
                    .mapToObj(ordinal -> anyPod(ordinal, random))
                    .toList();

            router.cluster(seen);
            flush(START);
            router.pool().settlement().settle();
            Map<String, Object> together = podsAsTheyStand(router);

            router.cluster(List.of());
            flush(START);
            router.pool().settlement().settle();
            seen.forEach(pod -> router.store().observe(pod));
            assertThat(together).isEqualTo(podsAsTheyStand(router));
            assertThat(together).containsKeys("voice:pool:gold:pods", "voice:pool:merchant:acme:available");
        }
    }

    private static PodFacts anyPod(int ordinal, Random random) {
        PodFacts.Readiness[] readiness = PodFacts.Readiness.values();
        String wanted = WANTED.get(random.nextInt(WANTED.size()));
        return new PodFacts(
                "voice-agent-" + ordinal,
                Incarnation.of("voice-agent-" + ordinal, "uid-" + ordinal, "containerd://1"),
                Integer.toString(random.nextInt(1, 1_000)),
                readiness[random.nextInt(readiness.length)],
                "10.0.0.1:" + ordinal,
                random.nextInt(10) > 0,
                "revision-" + random.nextInt(3),
                wanted.isEmpty() ? null : wanted);
    }

    /** All that is written of pods, but for the numbers of the transitions. */
    private static Map<String, Object> podsAsTheyStand(StoreFixture router) {
        RedisDump dump = RedisDump.of(router.template(), "voice");
        Map<String, Object> pods = new TreeMap<>();
        dump.hashes().forEach((key, fields) -> {
            if (key.startsWith("voice:pod:")) {
                fields.keySet().removeAll(Set.of("seq", "used"));
                pods.put(key, fields);
            }
        });
        dump.sets().forEach((key, names) -> pods.put(key, names));
        dump.scores().forEach((key, names) -> pods.put(key, names.keySet()));
        return pods;
    }

    @Test
    void anEpochThatIsDeletedAloneIsSettled() {
        Allocated call = twoPodsReadyAndOneInACall();
        store.template().delete("voice:epoch");

        assertThat(CorePods.allocated(store, "a").allocation()).isEqualTo(call.allocation());
        assertThat(epoch("state")).isEqualTo("open");
    }

    @Test
    void noDeadlineLiesBeforeTheOpeningPlusTheQuarantine() {
        twoPodsReadyAndOneInACall();
        long failover = START + Duration.ofHours(4).toMillis(); // the call's end is 30 s away
        store.setTime(failover);
        store.failOver();
        assertThat(store.manager().call(new io.smartrouter.pool.CallId("a"))).isPresent();
        CorePods.allocate(store, "b", null);

        double until = Objects.requireNonNull(store.template().opsForZSet().score("voice:calls", "a"));
        assertThat(until).isGreaterThanOrEqualTo((double) (failover + QUARANTINE));
        assertThat(epoch("opened_at")).isEqualTo(Long.toString(failover));
    }

    @Test
    void aWatchThatHasNotSeenTheClusterSettlesNothingAndWaitsForWhoHas() {
        store.clusterComplete(false);
        assertThat(store.pool().settlement().settle()).isFalse();
        assertThat(store.template().hasKey("voice:epoch")).isFalse();
        assertThatExceptionOfType(UnsettledException.class).isThrownBy(() -> CorePods.allocate(store, "a", null));

        try (StoreFixture other = fixture(redis)) {
            other.cluster(CorePods.pods(2));
            assertThat(other.pool().settlement().settle()).isTrue();
        }
        assertThat(CorePods.allocate(store, "a", null)).isInstanceOf(Exhausted.class);
    }

    private Allocated twoPodsReadyAndOneInACall() {
        CorePods.allocate(store, "a", null);
        store.setTime(START + QUARANTINE + 1);
        return CorePods.allocated(store, "a");
    }

    private static StoreFixture fixture(TestRedis redis) {
        return new StoreFixture(redis, Map.of("router.settle.patience", "300ms"), StoreFixture.heldClock());
    }

    private void flush(long then) {
        store.flush();
        store.setTime(then);
    }

    private String epoch(String field) {
        return String.valueOf(store.template().opsForHash().get("voice:epoch", field));
    }
}
