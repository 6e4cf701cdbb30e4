package io.smartrouter.pool.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.smartrouter.pool.Admission;
import io.smartrouter.pool.AllocationOutcome.Allocated;
import io.smartrouter.pool.AllocationOutcome.CallEnded;
import io.smartrouter.pool.AllocationOutcome.Exhausted;
import io.smartrouter.pool.HeartbeatOutcome;
import io.smartrouter.pool.SettlementStore.Beginning;
import io.smartrouter.pool.StoreUnavailableException;
import io.smartrouter.pool.TierPolicy;
import io.smartrouter.pool.UnsettledException;
import io.smartrouter.testing.RedisLink;
import io.smartrouter.testing.TestRedis;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** What shuts the gate and what must not, shown by real servers that replicate, die and are promoted. */
class FailoverIT {
    private static final Duration LONG = Duration.ofSeconds(30);
    private static final Map<String, String> QUARANTINE = Map.of("router.settle.quarantine", "5m");
    private static final int PODS_OF_A_SPLIT = 4;

    /** A primary takes a new replication id by itself, and nothing is lost by it. */
    @Test
    void replicasThatComeAndGoDisturbNobodyUnderLoad() throws Exception {
        try (TestRedis primary = TestRedis.start("--repl-backlog-ttl", "1", "--repl-diskless-sync-delay", "0");
                TestRedis replica = TestRedis.start();
                StoreFixture store = new StoreFixture(primary, QUARANTINE);
                var load = Executors.newFixedThreadPool(2)) {
            opened(store, 4);
            String epoch = epoch(store, "id");
            AtomicBoolean stop = new AtomicBoolean();
            AtomicInteger served = new AtomicInteger();
            ConcurrentLinkedQueue<Object> refused = new ConcurrentLinkedQueue<>();
            List<Future<?>> loops = List.of(
                    load.submit(calls(store, "a", stop, served, refused)),
                    load.submit(calls(store, "b", stop, served, refused)));

            int changes = 0;
            try {
                for (int i = 0; i < 2; i++) {
                    String before = primary.info("master_replid");
                    replica.command("REPLICAOF 127.0.0.1 " + primary.port());
                    Awaitility.await()
                            .atMost(LONG)
                            .until(() -> replica.info("master_link_status").equals("up"));
                    changes += before.equals(primary.info("master_replid")) ? 0 : 1;
                    String attached = primary.info("master_replid");
                    replica.command("REPLICAOF NO ONE");
                    Awaitility.await().atMost(LONG).until(() -> !attached.equals(primary.info("master_replid")));
                    changes++;
                }
                int before = served.get();
                Awaitility.await().atMost(LONG).until(() -> served.get() > before + 20);
            } finally {
                stop.set(true);
            }
            for (Future<?> loop : loops) {
                loop.get(30, TimeUnit.SECONDS);
            }
            System.out.printf(
                    "FailoverIT replication ids changed=%d calls=%d refused=%d settlements=%d%n",
                    changes,
                    served.get(),
                    refused.size(),
                    store.pool().settlement().opened());
            assertThat(changes).isEqualTo(4);
            assertThat(refused).isEmpty();
            assertThat(epoch(store, "id")).isEqualTo(epoch);
            assertThat(epoch(store, "replid")).isEqualTo(primary.info("master_replid"));
            assertThat(store.pool().settlement().opened()).isEqualTo(1);
        }
    }

    private static Runnable calls(
            StoreFixture store,
            String name,
            AtomicBoolean stop,
            AtomicInteger served,
            ConcurrentLinkedQueue<Object> refused) {
        return () -> {
            for (int i = 0; !stop.get(); i++) {
                try {
                    if (CorePods.allocate(store, name + i, null) instanceof Allocated) {
                        CorePods.release(store, name + i);
                        served.incrementAndGet();
                    } else {
                        refused.add("exhausted");
                    }
                } catch (StoreUnavailableException e) {
                    refused.add(e);
                }
            }
        };
    }

    @Test
    void aReplicaThatIsPromotedAfterItsPrimaryWasKilledIsSettled() {
        try (TestRedis primary = TestRedis.start("--repl-diskless-sync-delay", "0");
                TestRedis replica = primary.replica();
                RedisLink link = RedisLink.to(primary);
                StoreFixture store = new StoreFixture(link, QUARANTINE)) {
            opened(store, 2);
            Allocated call = CorePods.allocated(store, "a");
            String id = epoch(store, "id");
            synced(primary, replica);
            primary.kill();
            replica.command("REPLICAOF NO ONE");
            link.leadTo(replica);

            assertThat(eventually(store, "a").allocation()).isEqualTo(call.allocation());
            assertThat(CorePods.allocate(store, "b", null))
                    .as("the last writes may be lost")
                    .isInstanceOf(Exhausted.class);
            assertThat(epoch(store, "id")).isNotEqualTo(id);
            assertThat(epoch(store, "replid")).isEqualTo(replica.info("master_replid"));
            assertThat(epoch(store, "run_id")).isEqualTo(replica.info("run_id"));
        }
    }

    /**
     * A hangup is told once, and its router was still served by the old primary: where the other side gave the call its pod,
     * or heard of it since, a higher seq stands against the end.
     */
    @Test
    void endsThatTheOldSideOfASplitAnsweredEndTheirCallsWhenItHeals() {
        try (TestRedis old = TestRedis.start("--repl-diskless-sync-delay", "0");
                TestRedis promoted = old.replica();
                RedisLink link = RedisLink.to(old);
                RedisLink otherLink = RedisLink.to(old);
                StoreFixture away = new StoreFixture(link, QUARANTINE);
                StoreFixture there = new StoreFixture(otherLink, QUARANTINE);
                StoreFixture died = new StoreFixture(old, QUARANTINE)) {
            opened(away, 4);
            there.cluster(CorePods.pods(4));
            away.mirroring().begin();
            there.mirroring().begin();
            Allocated before = CorePods.allocated(away, "before");
            Awaitility.await().atMost(LONG).until(() -> there.mirroring().live() == 1);
            synced(old, promoted);
            promoted.command("REPLICAOF NO ONE");
            otherLink.leadTo(promoted);

            eventually(there, "during");
            assertThat(there.manager().connected(CorePods.claim(before))).isEqualTo(HeartbeatOutcome.LIVE);
            CorePods.release(away, "before");
            CorePods.release(away, "during");
            eventually(there, "twice");
            CorePods.release(died, "twice");
            CorePods.release(away, "twice"); // which finds that it has ended
            link.leadTo(promoted);

            Awaitility.await().atMost(LONG).untilAsserted(() -> {
                away.manager().retryReleases();
                assertThat(there.manager().liveCalls()).isZero();
            });
            assertThat(CorePods.allocate(there, "before", null)).isInstanceOf(CallEnded.class);
            assertThat(CorePods.allocate(there, "during", null)).isInstanceOf(CallEnded.class);
            assertThat(CorePods.allocate(there, "twice", null)).isInstanceOf(CallEnded.class);
        }
    }

    /** An agent speaks to whichever router it reaches, and is told to close the stream of a call that is unknown there. */
    @Test
    void aCallThatTheOldSideOfASplitGaveLivesOnWhereItsAgentSpeaksToTheNewSide() {
        try (TestRedis old = TestRedis.start("--repl-diskless-sync-delay", "0");
                TestRedis promoted = old.replica();
                RedisLink link = RedisLink.to(old);
                StoreFixture away = new StoreFixture(old, QUARANTINE);
                StoreFixture there = new StoreFixture(link, QUARANTINE)) {
            split(away, there, old, promoted, link);
            Allocated alone = CorePods.allocated(away, "alone");

            assertThat(there.manager().heartbeat(CorePods.claim(alone))).isEqualTo(HeartbeatOutcome.RESTORED);
            assertThat(there.manager().heartbeat(CorePods.claim(alone))).isEqualTo(HeartbeatOutcome.LIVE);
            assertThat(CorePods.allocated(there, "alone").allocation()).isEqualTo(alone.allocation());
            assertThat(CorePods.allocated(there, "other").allocation().pod())
                    .isNotEqualTo(alone.allocation().pod());
            Allocated theirs = CorePods.allocated(there, "theirs");
            assertThat(away.manager().heartbeat(CorePods.claim(theirs)))
                    .as("the same the other way round")
                    .isEqualTo(HeartbeatOutcome.RESTORED);
        }
    }

    /** Two streams must not meet at one agent; but of two that are there already neither is cut off. */
    @Test
    void aStreamThatTheOldSideOfASplitSentIsNotLetThroughToAPodThatTheNewSideGave() {
        try (TestRedis old = TestRedis.start("--repl-diskless-sync-delay", "0");
                TestRedis promoted = old.replica();
                RedisLink link = RedisLink.to(old);
                StoreFixture away = new StoreFixture(old, QUARANTINE);
                StoreFixture there = new StoreFixture(link, QUARANTINE)) {
            split(away, there, old, promoted, link);
            for (int i = 0; i < PODS_OF_A_SPLIT; i++) {
                CorePods.allocate(there, "new" + i, null);
            }
            Allocated alone = CorePods.allocated(away, "alone");

            assertThat(there.manager().admit(CorePods.claim(alone)))
                    .isEqualTo(new Admission.Refused(HeartbeatOutcome.STALE_LEASE));
            assertThat(there.manager().heartbeat(CorePods.claim(alone))).isEqualTo(HeartbeatOutcome.RESTORED);
            assertThat(there.manager()
                            .pod(alone.allocation().pod())
                            .orElseThrow()
                            .calls())
                    .isEqualTo(2);
            assertThat(there.manager().admit(CorePods.claim(alone)))
                    .as("its stream broke and comes back")
                    .isInstanceOf(Admission.Admitted.class);
        }
    }

    /**
     * The old side's calls have a lower seq than all that happened since at the new side, whose whole mirror lacks them. One
     * that joins them before that mirror is compared with the data set must not have brought them to their end.
     */
    @Test
    void liveCallsOfTheOldSideOfASplitThatReturnsWhileTheNewSideSettlesAreNotEnded() {
        try (TestRedis old = TestRedis.start("--repl-diskless-sync-delay", "0");
                TestRedis promoted = old.replica();
                RedisLink awayLink = RedisLink.to(old);
                RedisLink link = RedisLink.to(old);
                StoreFixture away = new StoreFixture(awayLink, QUARANTINE);
                StoreFixture there = new StoreFixture(link, QUARANTINE)) {
            split(away, there, old, promoted, link);
            away.mirroring().begin();
            Allocated alone = CorePods.allocated(away, "alone");
            Allocated theirs = CorePods.allocated(there, "theirs");
            Awaitility.await().atMost(LONG).until(() -> away.mirroring().wholeUpTo() > 0);
            Awaitility.await().atMost(LONG).until(() -> there.mirroring().wholeUpTo() > 0);
            assertThat(there.mirroring().wholeUpTo())
                    .isGreaterThan(away.mirroring().wholeUpTo());
            there.mirroring().hold(true);

            String token = "of-the-settlement";
            there.failOver();
            assertThat(there.settling().begin(token)).isEqualTo(Beginning.BEGUN_WITH_RECORDS);
            there.settling().observe(token, CorePods.pods(PODS_OF_A_SPLIT));
            there.mirroring().store().beginJoining(token);
            awayLink.leadTo(promoted);
            Awaitility.await()
                    .atMost(LONG)
                    .until(() -> Objects.equals(
                            "allocated", there.template().opsForHash().get("voice:call:alone", "state")));
            there.mirroring().gather(token);
            there.settling().settlePods(token, there.settling().podNames());
            there.settling().open(token);
            there.mirroring().hold(false);

            assertThat(there.manager().heartbeat(CorePods.claim(alone))).isEqualTo(HeartbeatOutcome.LIVE);
            assertThat(there.manager().heartbeat(CorePods.claim(theirs))).isEqualTo(HeartbeatOutcome.LIVE);
            assertThat(there.template().hasKey("voice:calls:joined")).isFalse();
        }
    }

    /** `away` stays with the old primary, `there` opens the promoted one. */
    private static void split(
            StoreFixture away, StoreFixture there, TestRedis old, TestRedis promoted, RedisLink toPromoted) {
        opened(away, PODS_OF_A_SPLIT);
        there.cluster(CorePods.pods(PODS_OF_A_SPLIT));
        there.mirroring().begin();
        CorePods.allocated(away, "before");
        Awaitility.await().atMost(LONG).until(() -> there.mirroring().live() == 1);
        synced(old, promoted);
        promoted.command("REPLICAOF NO ONE");
        toPromoted.leadTo(promoted);
        eventually(there, "before");
        CorePods.release(there, "before");
    }

    /** It is the same process as at the opening, but between it followed another one, which may never have had the last writes. */
    @Test
    void aPrimaryThatWasAReplicaForAWhileIsSettled() {
        try (TestRedis primary = TestRedis.start("--repl-diskless-sync-delay", "0");
                TestRedis other = primary.replica();
                StoreFixture store = new StoreFixture(primary, QUARANTINE)) {
            opened(store, 2);
            String id = epoch(store, "id");
            synced(primary, other);
            other.command("REPLICAOF NO ONE");
            primary.command("REPLICAOF 127.0.0.1 " + other.port());
            Awaitility.await()
                    .atMost(LONG)
                    .until(() -> primary.info("master_link_status").equals("up"));
            primary.command("REPLICAOF NO ONE");

            assertThat(CorePods.allocate(store, "b", null)).isInstanceOf(Exhausted.class);
            assertThat(epoch(store, "id")).isNotEqualTo(id);
        }
    }

    @Test
    void aRestartFromAFileIsSettled() throws Exception {
        try (TestRedis first = TestRedis.start();
                RedisLink link = RedisLink.to(first);
                StoreFixture store = new StoreFixture(link, QUARANTINE)) {
            opened(store, 2);
            CorePods.allocated(store, "a");
            String id = epoch(store, "id");
            try (TestRedis restarted = first.restartedFromItsFile()) {
                link.leadTo(restarted);
                eventually(store, "a");
                assertThat(CorePods.allocate(store, "b", null)).isInstanceOf(Exhausted.class);
                assertThat(epoch(store, "id")).isNotEqualTo(id);
            }
        }
    }

    /** A failover may take what the settlement itself wrote: it begins anew, at once. */
    @Test
    void aSettlementDoesNotGoOnAcrossAFailover() {
        try (TestRedis primary = TestRedis.start("--repl-diskless-sync-delay", "0");
                TestRedis replica = primary.replica();
                StoreFixture before = new StoreFixture(primary, QUARANTINE);
                StoreFixture after = new StoreFixture(replica, QUARANTINE)) {
            assertThat(before.settling().begin("first")).isEqualTo(Beginning.BEGUN_EMPTY);
            synced(primary, replica);
            primary.kill();
            replica.command("REPLICAOF NO ONE");

            assertThat(after.settling().begin("second")).isEqualTo(Beginning.BEGUN_WITH_RECORDS);
            assertThatExceptionOfType(UnsettledException.class)
                    .isThrownBy(() -> after.settling().open("first"));
            after.settling().open("second");
        }
    }

    /** The newest configuration comes back, and with it what pods it gives their capacity. */
    @Test
    void aPodsCapacityIsThatOfTheRestoredConfigurationAfterAFailoverThatLostIt() {
        Map<String, String> settings = Map.of(
                "router.settle.quarantine", "0s",
                "router.config.tiers",
                        "{\"tiers\":{\"gold\":{\"type\":\"shared\",\"target\":1,\"max_concurrent\":3}}}");
        try (TestRedis primary = TestRedis.start("--repl-diskless-sync-delay", "0");
                TestRedis replica = primary.replica();
                RedisLink link = RedisLink.to(primary);
                StoreFixture store = new StoreFixture(link, settings)) {
            opened(store, 1);
            var configurations = store.pool().configurations();
            configurations.poll();
            lose(primary, replica, link, () -> {
                configurations.putTier("gold", new TierPolicy("exclusive", 1, null, null));
                assertThat(store.manager().pod("voice-agent-0").orElseThrow().capacity())
                        .isEqualTo(1);
            });

            Allocated first = eventually(store, "a");
            assertThat(first.allocation().pool()).isEqualTo("gold");
            assertThat(CorePods.allocate(store, "b", null))
                    .as("an exclusive tier")
                    .isInstanceOf(Exhausted.class);
            configurations.poll();
            assertThat(store.manager().pod("voice-agent-0").orElseThrow().capacity())
                    .isEqualTo(1);
        }
    }

    /** Also moves that were lost are made again, though this router made them once. */
    @Test
    void podsThatAFailoverPutBackAreMovedAgain() {
        Map<String, String> settings = Map.of(
                "router.settle.quarantine", "0s",
                "router.config.tiers",
                        "{\"tiers\":{\"gold\":{\"type\":\"exclusive\",\"target\":1},\"basic\":{\"type\":\"exclusive\",\"target\":0}}}");
        try (TestRedis primary = TestRedis.start("--repl-diskless-sync-delay", "0");
                TestRedis replica = primary.replica();
                RedisLink link = RedisLink.to(primary);
                StoreFixture store = new StoreFixture(link, settings)) {
            opened(store, 1);
            var configurations = store.pool().configurations();
            configurations.poll();
            assertThat(store.manager().pod("voice-agent-0").orElseThrow().pool())
                    .isEqualTo("gold");
            lose(primary, replica, link, () -> {
                configurations.putTiers(
                        "{\"tiers\":{\"gold\":{\"type\":\"exclusive\",\"target\":0},\"basic\":{\"type\":\"exclusive\",\"target\":1}}}");
                assertThat(store.manager().pod("voice-agent-0").orElseThrow().pool())
                        .isEqualTo("basic");
            });
            eventually(store, "a");
            CorePods.release(store, "a");
            configurations.poll();
            assertThat(store.manager().pod("voice-agent-0").orElseThrow().pool())
                    .isEqualTo("basic");
        }
    }

    /** More pods than the settlement's lock would last for, one by one. */
    @Test
    void fourThousandPodsOverASlowConnectionAreSettledOnce() throws Exception {
        int pods = 4_000;
        try (TestRedis redis = TestRedis.start();
                RedisLink link = RedisLink.to(redis);
                StoreFixture one = new StoreFixture(link, QUARANTINE);
                StoreFixture two = new StoreFixture(link, QUARANTINE);
                var callers = Executors.newFixedThreadPool(4)) {
            one.cluster(CorePods.pods(pods));
            two.cluster(CorePods.pods(pods));
            assertThat(one.pool().settlement().settle()).isTrue();
            String id = epoch(one, "id");
            link.delay(Duration.ofMillis(2));
            one.failOver();
            long begun = System.nanoTime();
            CountDownLatch open = new CountDownLatch(1);
            AtomicInteger answered = new AtomicInteger();
            List<Future<?>> loops = List.of(one, two, one, two).stream()
                    .<Future<?>>map(router -> callers.submit(() -> {
                        while (open.getCount() > 0) {
                            try {
                                CorePods.allocate(router, "a", null);
                                answered.incrementAndGet();
                                open.countDown();
                            } catch (UnsettledException e) {
                                // bounded patience: it asks again
                            }
                        }
                    }))
                    .toList();
            try {
                for (Future<?> loop : loops) {
                    loop.get(30, TimeUnit.SECONDS);
                }
            } finally {
                open.countDown();
            }
            System.out.printf(
                    "FailoverIT pods=%d delay_ms=2 settled_after_ms=%d settlements=%d%n",
                    pods,
                    (System.nanoTime() - begun) / 1_000_000,
                    one.pool().settlement().opened() + two.pool().settlement().opened() - 1);
            assertThat(answered).hasPositiveValue();
            assertThat(epoch(one, "id")).isNotEqualTo(id);
            assertThat(one.pool().settlement().opened()
                            + two.pool().settlement().opened())
                    .isEqualTo(2);
            assertThat(one.template().opsForSet().size("voice:pods")).isEqualTo(pods);
        }
    }

    /** Writes that the replica never hears of, and then nobody else: the primary dies. */
    private static void lose(TestRedis primary, TestRedis replica, RedisLink link, Runnable writes) {
        synced(primary, replica);
        replica.signal("STOP");
        primary.command("CLIENT KILL TYPE replica");
        writes.run();
        primary.kill();
        replica.signal("CONT");
        replica.command("REPLICAOF NO ONE");
        link.leadTo(replica);
    }

    private static void synced(TestRedis primary, TestRedis replica) {
        Awaitility.await()
                .atMost(LONG)
                .until(() -> primary.info("master_repl_offset").equals(replica.info("slave_repl_offset")));
    }

    /** The first connection after a failover may still be on its way. */
    private static Allocated eventually(StoreFixture store, String sid) {
        return (Allocated) Awaitility.await()
                .atMost(LONG)
                .ignoreExceptionsInstanceOf(StoreUnavailableException.class)
                .until(() -> CorePods.allocate(store, sid, null), Allocated.class::isInstance);
    }

    /** Opened, with all pods out of their quarantine. */
    private static void opened(StoreFixture store, int pods) {
        store.cluster(CorePods.pods(pods));
        assertThat(store.pool().settlement().settle()).isTrue();
        // As if its time had passed: an agent's word would count only once no stream can be on its way any more.
        CorePods.pods(pods).forEach(pod -> {
            store.template().opsForHash().put("voice:pod:" + pod.pod(), "quarantined_until", "1");
            store.template().opsForZSet().add("voice:pods:due", pod.pod(), 1);
        });
        store.manager().expire();
    }

    private static String epoch(StoreFixture store, String field) {
        return String.valueOf(
                Objects.requireNonNullElse(store.template().opsForHash().get("voice:epoch", field), ""));
    }
}
