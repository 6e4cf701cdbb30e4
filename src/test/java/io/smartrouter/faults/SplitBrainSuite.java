package io.smartrouter.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.smartrouter.faults.History.Allocate;
import io.smartrouter.faults.History.Answer;
import io.smartrouter.faults.History.Away;
import io.smartrouter.faults.History.Freed;
import io.smartrouter.faults.History.Given;
import io.smartrouter.faults.History.Refused;
import io.smartrouter.faults.History.Span;
import io.smartrouter.testing.TcpProxy;
import io.smartrouter.testing.TestRedis;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Two primaries at once: the network parts an old primary and router 0 from its promoted replica and router 1, and the
 * load goes on at both. When it heals, the promoted one's data set stands, and router 0 joins what it alone knew.
 */
@Timeout(900)
class SplitBrainSuite extends FaultRows {
    private static final int OLD_SIDE = 0;
    private static final int NEW_SIDE = 1;
    /** Calls that ask on both sides. */
    private static final int ON_BOTH = 4;
    /** Each side takes calls for live that the other has ended, so more pods are held than there are calls. */
    private static final int ENOUGH_PODS = 80;

    private static final Answer OVER = new Refused("call_ended");

    private static FaultRig roomy() {
        return new FaultRig(SEED, 2, ENOUGH_PODS, Map.of());
    }

    @Test
    @Tag("loss")
    void splitBrain() throws Exception {
        row("split brain: the old primary still serves one router", roomy(), rig -> {
            for (int i = 0; i < times(5); i++) {
                String suffix = "-" + i;
                TestRedis old = rig.redis;
                try (TcpProxy between = TcpProxy.to(old.port())) {
                    TestRedis promoted = old.replicaBy(between.port());
                    splitAndHealed(rig, between, promoted, suffix);
                }
                old.close();
                rig.served(60);
            }
        });
    }

    private static void splitAndHealed(FaultRig rig, TcpProxy between, TestRedis promoted, String suffix)
            throws Exception {
        TestRedis old = rig.redis;
        String known = "known" + suffix;
        String alone = "alone" + suffix;
        Given before = given(rig, OLD_SIDE, known);
        awaitState(promoted, known, "allocated");
        Map<String, Given> ofNewSide = new HashMap<>();
        rig.fault("split brain", () -> {
            long cut = parted(rig, between, promoted);
            String first = "first" + suffix;
            ofNewSide.put(first, given(rig, NEW_SIDE, first));
            assertThat(rig.client.release(NEW_SIDE, known)).isInstanceOf(Freed.class);
            assertThat(rig.client
                            .agent(OLD_SIDE, known, before.token(), "connected")
                            .code())
                    .isEmpty();
            assertThat(rig.client
                            .agent(OLD_SIDE, known, before.token(), "heartbeat")
                            .code())
                    .isEmpty();
            awaitState(old, known, "connected");
            for (int n = 0; n < ON_BOTH; n++) {
                String both = "both-" + n + suffix;
                boolean oldFirst = n % 2 == 0;
                Given one = given(rig, oldFirst ? OLD_SIDE : NEW_SIDE, both);
                Given other = given(rig, oldFirst ? NEW_SIDE : OLD_SIDE, both);
                assertThat(one.token()).as(both).isNotEqualTo(other.token());
                ofNewSide.put(both, oldFirst ? other : one);
            }
            ofNewSide.put(alone, given(rig, OLD_SIDE, alone)); // it has no rival
            rig.served(60);
            healed(rig, cut, promoted, alone);
            old.command("REPLICAOF 127.0.0.1 " + promoted.port());
        });
        assertThat(ask(rig, OLD_SIDE, known)).isEqualTo(OVER);
        assertThat(ask(rig, NEW_SIDE, known)).isEqualTo(OVER);
        awaitState(promoted, known, "ended");
        for (Map.Entry<String, Given> call : ofNewSide.entrySet()) {
            assertThat(ask(rig, OLD_SIDE, call.getKey())).as(call.getKey()).isEqualTo(call.getValue());
            assertThat(ask(rig, NEW_SIDE, call.getKey())).as(call.getKey()).isEqualTo(call.getValue());
            hangUp(rig, call.getKey());
        }
    }

    /** The replica becomes a primary, and router 1 goes to it; since when nothing passes between the two sides. */
    private static long parted(FaultRig rig, TcpProxy between, TestRedis promoted) {
        long cut = System.nanoTime();
        between.hang();
        promoted.command("REPLICAOF NO ONE");
        rig.leadTo(promoted, NEW_SIDE);
        rig.breaksOff();
        return cut;
    }

    /** Router 0 goes to the new primary as well, and takes a call there that it alone knew. */
    private static void healed(FaultRig rig, long cut, TestRedis promoted, String alone) {
        rig.leadTo(promoted, OLD_SIDE);
        Span away = new Span(cut, System.nanoTime());
        rig.redis = promoted;
        awaitState(promoted, alone, "allocated");
        rig.history.add(new Away(rig.router(OLD_SIDE).port(), away, System.nanoTime()));
    }

    private static Given given(FaultRig rig, int router, String sid) {
        return (Given) Awaitility.await()
                .atMost(FaultRig.PATIENCE)
                .until(() -> ask(rig, router, sid), Given.class::isInstance);
    }

    private static void awaitState(TestRedis redis, String sid, String state) {
        Awaitility.await()
                .atMost(FaultRig.PATIENCE)
                .until(() ->
                        redis.command("HGET voice:call:%s state".formatted(sid)).contains(state));
    }

    /**
     * The way that is recommended: a primary that no replica follows refuses writes. All servers have the same setting, as
     * a failover may make each of them the primary; so the promoted one needs a replica of its own to write, and has it.
     */
    @Test
    void splitBrainWithMinReplicasToWrite() throws Exception {
        row("split brain, min-replicas-to-write", roomy(), rig -> {
            for (int i = 0; i < times(5); i++) {
                TestRedis old = rig.redis;
                try (TcpProxy between = TcpProxy.to(old.port())) {
                    TestRedis promoted = old.replicaBy(between.port());
                    try (TestRedis third = promoted.replica()) {
                        for (TestRedis one : List.of(old, promoted, third)) {
                            one.command("CONFIG SET min-replicas-max-lag 1\r\nCONFIG SET min-replicas-to-write 1");
                        }
                        refusedAndHealed(rig, between, promoted, i);
                        rig.served(60);
                        promoted.command("CONFIG SET min-replicas-to-write 0"); // its replica goes now
                    }
                }
                old.close();
            }
        });
    }

    private static void refusedAndHealed(FaultRig rig, TcpProxy between, TestRedis promoted, int turn)
            throws Exception {
        TestRedis old = rig.redis;
        String alone = "alone-" + turn;
        rig.fault("split brain", () -> {
            long cut = parted(rig, between, promoted);
            given(rig, OLD_SIDE, alone);
            Awaitility.await()
                    .atMost(FaultRig.PATIENCE)
                    .until(() -> old.command("DEL nothing").startsWith("-NOREPLICAS"));
            long refuses = System.nanoTime();
            for (int n = 0; n < 10; n++) {
                assertThat(ask(rig, OLD_SIDE, "refused-%d-%d".formatted(turn, n)))
                        .isEqualTo(Faults.UNAVAILABLE);
            }
            rig.served(60);
            assertThat(firstGiven(rig, new Span(refuses, System.nanoTime())))
                    .as("allocations of the old side since it refuses")
                    .isEmpty();
            System.out.printf(
                    "split brain, min-replicas-to-write: refused after %d ms, %d allocations of the old side before%n",
                    (refuses - cut) / 1_000_000,
                    firstGiven(rig, new Span(cut, refuses)).size());
            healed(rig, cut, promoted, alone);
        });
        hangUp(rig, alone);
    }

    /** Leases that the old side gave within that time, and nobody before. */
    private static Set<String> firstGiven(FaultRig rig, Span during) {
        Set<String> tokens = new HashSet<>();
        Set<String> earlier = new HashSet<>();
        for (Allocate one : rig.history.all(Allocate.class)) {
            if (one.answer() instanceof Given given) {
                if (one.span().begun() < during.begun()) {
                    earlier.add(given.token());
                } else if (one.router() == rig.router(OLD_SIDE).port()
                        && one.span().isWithin(during)) {
                    tokens.add(given.token());
                }
            }
        }
        tokens.removeAll(earlier);
        return tokens;
    }
}
