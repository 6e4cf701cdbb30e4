package io.smartrouter.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import io.smartrouter.pool.Allocation;
import io.smartrouter.pool.AllocationOutcome;
import io.smartrouter.pool.AllocationOutcome.Allocated;
import io.smartrouter.pool.AllocationRequest;
import io.smartrouter.pool.CallId;
import io.smartrouter.pool.Hold;
import io.smartrouter.pool.Incarnation;
import io.smartrouter.pool.LeaseClaim;
import io.smartrouter.pool.MerchantPolicy;
import io.smartrouter.pool.PodFacts;
import io.smartrouter.pool.PodWord;
import io.smartrouter.pool.ReconcileStore.Outcome;
import io.smartrouter.pool.ReleaseRequest;
import io.smartrouter.pool.Repair;
import io.smartrouter.pool.redis.DataSet;
import io.smartrouter.pool.redis.StoreFixture;
import io.smartrouter.testing.TestRedis;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.data.redis.core.StringRedisTemplate;

/** Damaged data sets on a real Redis, judged by the tests' own oracle, which shares no code with the reconciler. */
@SuppressWarnings("NullAway.Init") // fields are set before each test
class ReconcilerIT {
    private static final Pattern SUBJECT = Pattern.compile("(?:gone pod|call|pod) (\\S+)");
    private static final int PODS = 8;
    private static final int ROUNDS = 80;
    private static TestRedis redis;
    private static DataSet data;
    private StoreFixture store;
    private ReconcilerFixture reconciling;
    private StringRedisTemplate template;

    @BeforeAll
    static void startRedis() {
        redis = TestRedis.start();
        data = new DataSet(redis.port());
    }

    @AfterAll
    static void stopRedis() {
        data.close();
        redis.close();
    }

    @BeforeEach
    void start() {
        store = new StoreFixture(
                redis,
                Map.of(
                        "router.redis.command-timeout",
                        "5s", // a loaded machine is no fault of Redis
                        "router.settle.quarantine",
                        "0s",
                        "router.config.tiers",
                        "{\"tiers\":{\"gold\":{\"type\":\"exclusive\",\"target\":4},\"basic\":{\"type\":\"shared\","
                                + "\"target\":4,\"max_concurrent\":2}},\"default_chain\":[\"gold\",\"basic\"]}"));
        template = store.template();
        reconciling = new ReconcilerFixture(store);
        store.kubernetesSays(pod -> clusterPods().stream()
                .filter(facts -> facts.pod().equals(pod))
                .<PodWord>map(PodWord.Present::new)
                .findFirst()
                .orElseGet(PodWord.Absent::new));
        fresh();
    }

    @AfterEach
    void stop() {
        store.close();
    }

    private static PodFacts pod(int ordinal, String uid) {
        String name = "voice-agent-" + ordinal;
        return new PodFacts(
                name,
                Incarnation.of(name, uid, "containerd://1"),
                "7",
                PodFacts.Readiness.READY,
                "127.0.0.1:" + (9_000 + ordinal),
                true,
                null,
                null);
    }

    private static List<PodFacts> clusterPods() {
        return IntStream.range(0, PODS).mapToObj(i -> pod(i, "uid-" + i)).toList();
    }

    /** Twelve slots, seven live calls, an ended one, and none that waits. */
    private void fresh() {
        store.flush();
        store.cluster(clusterPods());
        store.pool().settlement().settle();
        store.pool().configurations().poll();
        store.pool()
                .configurations()
                .putMerchant("m1", new MerchantPolicy("gold", null, List.of("basic"), null, null, null));
        for (int i = 0; i < 7; i++) {
            allocate("call-" + i, i % 3 == 0 ? "m1" : i % 3 == 1 ? "m2" : null);
        }
        allocate("ended", "m1");
        store.manager()
                .release(new ReleaseRequest(new CallId("ended"), new ReleaseRequest.Right.Operator(null), "released"));
        assertThat(data.violations()).isEmpty();
    }

    private AllocationOutcome allocate(String sid, String merchant) {
        return store.manager().allocate(new AllocationRequest(new CallId(sid), "plivo", null, merchant));
    }

    private Allocation allocated(String sid) {
        return ((Allocated) allocate(sid, null)).allocation();
    }

    private void fillAndWait() {
        for (int i = 0; i < 5; i++) {
            allocate("fill-" + i, null);
        }
        for (int i = 0; i < 3; i++) {
            assertThat(store.manager()
                            .allocate(new AllocationRequest(
                                    new CallId("waits-" + i),
                                    "plivo",
                                    null,
                                    "m1",
                                    new Hold(Duration.ofMinutes(5), Duration.ofSeconds(10)),
                                    null)))
                    .isInstanceOf(AllocationOutcome.Waiting.class);
        }
        assertThat(data.violations()).isEmpty();
    }

    @Test
    void damagedAtRandomIsMendedInOneRunAndASecondRunDoesNothing() {
        long seed = Long.getLong("test.seed", System.nanoTime());
        RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
        int damaged = 0;
        Map<Repair.Kind, Integer> kinds = new HashMap<>();
        for (int round = 0; round < ROUNDS; round++) {
            fresh();
            if (random.nextBoolean()) {
                fillAndWait();
            }
            Damage damage = new Damage(template, random);
            int count = 1 + random.nextInt(5);
            for (int i = 0; i < count; i++) {
                damage.one();
            }
            String what = "seed %d round %d: %s".formatted(seed, round, damage.done());
            bothJudgesAgree(what);
            damaged += data.violations().isEmpty() ? 0 : 1;

            reconciling.mended.clear();
            reconciling.run();
            reconciling.mended.forEach(repair -> kinds.merge(repair.kind(), 1, Integer::sum));
            assertThat(data.violations()).as(what).isEmpty();
            assertThat(damage.spared())
                    .as("ended without a reason, %s", what)
                    .allSatisfy(sid -> assertThat(data.call(sid).get("state")).isIn("allocated", "connected"));

            ReconcileOutcome.Planned plan = (ReconcileOutcome.Planned) reconciling.reconciler.plan();
            assertThat(plan.plan().isEmpty()).as("%s: %s", what, plan.plan()).isTrue();
            assertThat(reconciling.run().done()).as(what).isEmpty();
        }
        System.out.printf(
                "reconcile: seed %d, %d data sets, %d broke an invariant, repairs %s, second runs 0%n",
                seed, ROUNDS, damaged, kinds);
        assertThat(damaged).isGreaterThan(ROUNDS / 2);
        assertThat(kinds.keySet())
                .contains(Repair.Kind.CALL_INDEXES, Repair.Kind.CALL_LOST, Repair.Kind.POD_INDEXES, Repair.Kind.WAITER);
    }

    /** The oracle reads every key, the inspection what indexes reach: it names whatever the oracle names. */
    private void bothJudgesAgree(String what) {
        List<String> oracle = data.violations();
        InvariantReport report = reconciling.inspection.report();
        List<Finding> found = report.violations().stream()
                .filter(finding -> finding.invariant() != Invariant.CLUSTER)
                .toList();
        assertThat(found.isEmpty())
                .as("%s: oracle %s, found %s", what, oracle, found)
                .isEqualTo(oracle.isEmpty());
        Set<String> named = new TreeSet<>();
        for (String sentence : oracle) {
            var subject = SUBJECT.matcher(sentence);
            if (subject.find()) {
                named.add(subject.group(1));
            }
        }
        named.remove("that"); // "holds a pod that is not registered"
        Set<String> foundNames = new TreeSet<>();
        found.forEach(finding -> foundNames.add(finding.name()));
        assertThat(foundNames)
                .as("%s: oracle %s, found %s", what, oracle, found)
                .containsAll(named);
    }

    @Test
    void aDataSetInOrderIsLeftAloneUnderLoad() throws Exception {
        AtomicBoolean stop = new AtomicBoolean();
        AtomicInteger calls = new AtomicInteger();
        List<Future<?>> clients = new ArrayList<>();
        try (ExecutorService load = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 4; i++) {
                int client = i;
                clients.add(load.submit(() -> {
                    for (int n = 0; !stop.get(); n++) {
                        String sid = "load-" + client + "-" + n;
                        allocate(sid, "m1");
                        store.manager()
                                .release(new ReleaseRequest(
                                        new CallId(sid), new ReleaseRequest.Right.Operator(null), "released"));
                        calls.incrementAndGet();
                    }
                }));
            }
            for (int round = 0; round < 40; round++) {
                ReconcileOutcome.Reconciled outcome = reconciling.run();
                assertThat(outcome.done()).isEmpty();
                assertThat(outcome.report().violations()).isEmpty();
            }
            stop.set(true);
            for (Future<?> client : clients) {
                client.get(20, TimeUnit.SECONDS);
            }
        }
        assertThat(calls.get()).as("the load overlapped").isGreaterThan(100);
        System.out.printf("reconcile: 40 rounds beside %d calls, no repair%n", calls.get());
    }

    @Test
    void aRepairWhoseRecordHasChangedSinceDoesNothing() {
        template.opsForZSet().remove("voice:calls", "call-0");
        Repair repair = planned(Repair.Kind.CALL_INDEXES);
        store.manager()
                .release(new ReleaseRequest(new CallId("call-0"), new ReleaseRequest.Right.Operator(null), "released"));
        store.store().lockTask("reconcile", "mine", Duration.ofMinutes(1));
        assertThat(store.reconciling().mend("mine", repair)).isEqualTo(Outcome.CHANGED);
        assertThat(data.violations()).isEmpty();
    }

    @Test
    void aMerchantThatOnlyTheMirrorNamesKeepsNoCallWithoutARecord() {
        allocate("only-one", "unheard-of");
        template.delete("voice:call:only-one");
        reconciling.run();
        assertThat(data.violations()).isEmpty();
    }

    @Test
    void whoLostTheLockCommitsNothing() {
        template.opsForZSet().remove("voice:calls", "call-0");
        Repair repair = planned(Repair.Kind.CALL_INDEXES);
        Map<String, String> before = data.call("call-0");
        assertThat(store.reconciling().mend("paused", repair)).isEqualTo(Outcome.NOT_OURS);
        store.store().lockTask("reconcile", "other", Duration.ofMinutes(1));
        assertThat(store.reconciling().mend("paused", repair)).isEqualTo(Outcome.NOT_OURS);
        assertThat(template.opsForZSet().score("voice:calls", "call-0")).isNull();
        assertThat(data.call("call-0")).isEqualTo(before);
        assertThat(reconciling.reconciler.reconcile()).isInstanceOf(ReconcileOutcome.Busy.class);
    }

    private Repair planned(Repair.Kind kind) {
        return ((ReconcileOutcome.Planned) reconciling.reconciler.plan())
                .plan().repairs().stream()
                        .filter(repair -> repair.kind() == kind)
                        .findFirst()
                        .orElseThrow();
    }

    @Test
    void whatCannotBeMendedKeepsNothingElseFromIt() {
        String pod = allocated("call-0").pod();
        template.opsForHash().put("voice:pod:" + pod, "capacity", "many");
        template.opsForSet().remove("voice:pods", pod, "voice-agent-7");
        ReconcileOutcome.Reconciled run = reconciling.run();
        assertThat(run.done())
                .anyMatch(done -> done.repair().name().equals(pod) && done.outcome() == Outcome.FAILED)
                .anyMatch(done -> done.repair().name().equals("voice-agent-7") && done.outcome() == Outcome.MENDED);
    }

    @Test
    void aDryRunChangesNothing() {
        template.opsForSet().remove("voice:pods", "voice-agent-3");
        String seq = (String) template.opsForHash().get("voice:epoch", "seq");
        assertThat(planned(Repair.Kind.POD_INDEXES).name()).isEqualTo("voice-agent-3");
        assertThat(template.opsForHash().get("voice:epoch", "seq")).isEqualTo(seq);
        assertThat(template.opsForSet().isMember("voice:pods", "voice-agent-3")).isFalse();
    }

    @Test
    void aWatchThatHasNotSeenTheClusterRepairsNothing() {
        template.opsForZSet().remove("voice:calls", "call-0");
        store.clusterComplete(false);
        assertThat(reconciling.reconciler.reconcile()).isInstanceOf(ReconcileOutcome.ClusterUnseen.class);
        assertThat(reconciling.reconciler.plan()).isInstanceOf(ReconcileOutcome.ClusterUnseen.class);
        reconciling.reconciler.round();
        assertThat(reconciling.mended).isEmpty();
    }

    @Test
    void oneRoundInAnIntervalOverAllRouters() {
        template.opsForZSet().remove("voice:calls", "call-0");
        template.opsForSet().remove("voice:pods", "voice-agent-3");
        ReconcilerFixture other = new ReconcilerFixture(store);
        reconciling.reconciler.round();
        template.opsForSet().remove("voice:pods", "voice-agent-4");
        other.reconciler.round();
        assertThat(reconciling.mended).hasSize(2);
        assertThat(other.mended).isEmpty();
    }

    @Test
    void aPodWhoseRecordWasLostComesBackWithItsCallsAndIsNotOffered() {
        Allocation call = allocated("call-0");
        template.delete("voice:pod:" + call.pod());
        template.opsForSet().remove("voice:pod:" + call.pod() + ":calls", "call-0");
        reconciling.run();
        assertThat(data.violations()).isEmpty();
        assertThat(data.callsByPod().get(call.pod())).contains("call-0");
        assertThat(allocated("call-0")).isEqualTo(call);
    }

    @Test
    void aCallOnAPodThatKubernetesDoesNotHaveIsLostOnlyByItsWord() {
        Allocation call = allocated("call-0");
        template.delete("voice:pod:" + call.pod());
        store.cluster(clusterPods().stream()
                .filter(facts -> !facts.pod().equals(call.pod()))
                .toList());
        store.kubernetesSays(pod -> new PodWord.Silent());
        reconciling.run();
        assertThat(data.call("call-0")).doesNotContainEntry("state", "lost");
        store.kubernetesSays(pod -> new PodWord.Absent());
        reconciling.run();
        assertThat(data.call("call-0")).containsEntry("state", "lost");
        assertThat(data.violations()).isEmpty();
    }

    @Test
    void aCallThatIsOverByItsStateAloneFreesItsPodAndBecomesATombstone() {
        String pod = allocated("call-0").pod();
        template.opsForHash().put("voice:call:call-0", "state", "ended");
        reconciling.run();
        assertThat(data.violations()).isEmpty();
        assertThat(data.call("call-0")).containsKey("ended_at");
        assertThat(template.getExpire("voice:call:call-0")).isPositive();
        assertThat(data.available()).contains(pod);
        assertThat(reconciling.run().done()).isEmpty();
    }

    @Test
    void aPodOfAPoolThatIsGoneMovesOnlyWhenTwoRoundsSawIt() {
        template.opsForHash().put("voice:pod:voice-agent-7", "pool", "silver");
        reconciling.run(); // its indexes follow its record
        assertThat(data.violations()).isEmpty();
        reconciling.run();
        reconciling.run();
        assertThat(store.manager().pod("voice-agent-7").orElseThrow().pool()).isIn("gold", "basic");
        assertThat(data.violations()).isEmpty();
        assertThat(reconciling.run().done()).isEmpty();
    }

    @Test
    void aDeadlineBeyondTheLongestCallIsTakenBackAndThenEndsIt() {
        template.opsForHash()
                .put("voice:call:call-0", "allocated_at", Long.toString(System.currentTimeMillis() - 5 * 3_600_000));
        template.opsForZSet().add("voice:calls", "call-0", 9e15);
        template.opsForHash().put("voice:epoch", "opened_at", "1");
        reconciling.run();
        assertThat(reconciling.mended).extracting(Repair::kind).containsExactly(Repair.Kind.CALL_DEADLINE);
        store.manager().expire();
        assertThat(data.call("call-0")).containsEntry("end_reason", "max_length");
        assertThat(data.violations()).isEmpty();
    }

    @Test
    void aSilentAgentIsAskedAboutAndItsCallStands() {
        Allocation call = allocated("call-1");
        store.manager().connected(claim(call));
        assertThat(data.call("call-1")).as("whoever says no more").doesNotContainKey("heartbeat_at");
        store.manager().heartbeat(claim(call));
        assertThat(Long.parseLong(data.call("call-1").get("heartbeat_at")))
                .isBetween(System.currentTimeMillis() - 60_000, System.currentTimeMillis() + 1_000);
        template.opsForHash()
                .put("voice:call:call-1", "heartbeat_at", Long.toString(System.currentTimeMillis() - 31_000));
        for (String sid : data.hashes("call:")) {
            old(sid);
        }
        AtomicInteger asked = new AtomicInteger();
        store.kubernetesSays(pod -> {
            asked.incrementAndGet();
            return new PodWord.Silent();
        });
        reconciling.run();
        assertThat(reconciling.silent).extracting(AgentQuestion::pod).containsExactly(call.pod());
        assertThat(asked).hasValue(1);
        assertThat(reconciling.mended).isEmpty();
        assertThat(data.call("call-1")).containsEntry("state", "connected");
    }

    @Test
    void aCallThatItsAgentDeniedTwiceIsEndedAndItsPodIsFree() {
        old("call-0");
        String pod = allocated("call-0").pod();
        reconciling.agentCalls = address -> OptionalInt.of(0);
        reconciling.run();
        assertThat(reconciling.mended).as("asked once").isEmpty();
        List<Repair> ends = new ArrayList<>();
        AgentQuestion question = AgentQuestion.of(store.reconciling().look(List.of()), limits()).stream()
                .filter(one -> one.pod().equals(pod))
                .findFirst()
                .orElseThrow();
        Denials denials = new Denials();
        denials.take(question, OptionalInt.of(0), 0);
        ends.addAll(denials.take(question, OptionalInt.of(0), Denials.PAUSE_MS));
        store.store().lockTask("reconcile", "mine", Duration.ofMinutes(1));
        assertThat(ends).hasSize(1);
        assertThat(store.reconciling().mend("mine", ends.getFirst())).isEqualTo(Outcome.MENDED);
        assertThat(store.reconciling().mend("mine", ends.getFirst()))
                .as("again")
                .isEqualTo(Outcome.CHANGED);
        assertThat(data.call("call-0")).containsEntry("state", "ended").containsEntry("end_reason", "agent_denied");
        assertThat(data.violations()).isEmpty();
        assertThat(data.available()).contains(pod);
    }

    private Limits limits() {
        return Limits.of(store.properties(), new ReconcileProperties(Duration.ofSeconds(30), Duration.ofSeconds(30)));
    }

    /** Old enough for its agent to be asked about it. */
    private void old(String sid) {
        template.opsForHash()
                .put("voice:call:" + sid, "allocated_at", Long.toString(System.currentTimeMillis() - 120_000));
        if (template.opsForZSet().score("voice:calls", sid) != null) {
            template.opsForZSet().incrementScore("voice:calls", sid, -120_000);
        }
    }

    private static LeaseClaim claim(Allocation call) {
        return new LeaseClaim(
                call.call(),
                call.pod(),
                call.incarnation(),
                call.pool(),
                call.lease(),
                call.allocatedAt(),
                call.connectBy(),
                call.provider(),
                call.account(),
                call.merchant(),
                call.continues());
    }
}
