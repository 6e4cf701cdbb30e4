package io.smartrouter.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.smartrouter.deploy.RedisSetups;
import io.smartrouter.faults.History.Allocate;
import io.smartrouter.faults.History.Answer;
import io.smartrouter.faults.History.Fault;
import io.smartrouter.faults.History.Freed;
import io.smartrouter.faults.History.Given;
import io.smartrouter.testing.RouterProcess;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The faults that an operator can meet, each alone, and at the end as they come. */
@Timeout(900)
class FaultSuite extends FaultRows {
    private static final Duration CHAOS = Duration.ofMinutes(SHORT ? 2 : 10);
    private static final Duration CLOCK_TOLERANCE = Duration.ofSeconds(60);
    /** Calls whose allocation the replica never hears of. */
    private static final int LOST = 5;

    @Test
    @Tag("loss")
    void flush() throws Exception {
        row("FLUSHALL", rig(), rig -> {
            for (int i = 0; i < times(10); i++) {
                Faults.flush(rig);
                rig.served(60);
            }
        });
    }

    @Test
    @Tag("loss")
    void flushDuringSettling() throws Exception {
        row("FLUSHALL again during settling", rig(), rig -> {
            for (int i = 0; i < times(5); i++) {
                Faults.flushDuringSettling(rig);
                rig.served(60);
            }
        });
    }

    @Test
    @Tag("loss")
    void flushWithOneRouterPaused() throws Exception {
        row("FLUSHALL with one router paused", rig(), rig -> {
            for (int i = 0; i < times(10); i++) {
                Faults.flushBesideAPausedRouter(rig, i % 2, i % 2 * 30);
                rig.served(60);
            }
        });
    }

    @Test
    @Tag("loss")
    void primaryRestartedEmpty() throws Exception {
        row("primary killed, restarted empty", rig(), rig -> {
            for (int i = 0; i < times(5); i++) {
                Faults.primaryRestartedEmpty(rig);
                rig.served(60);
            }
        });
    }

    @Test
    @Tag("loss")
    void redisHangs() throws Exception {
        row("Redis hangs 5 s, 12 s", rig(), rig -> {
            for (int seconds : SHORT ? new int[] {5} : new int[] {5, 12}) {
                Faults.redisHangs(rig, seconds);
                rig.served(60);
            }
        });
    }

    @Test
    void redisRefuses() throws Exception {
        row("Redis full, read-only, without its scripts", rig(), rig -> {
            Faults.redisFull(rig);
            rig.served(40);
            Faults.redisReadOnly(rig);
            rig.served(40);
            Faults.redisWithoutItsScripts(rig);
        });
    }

    @Test
    void redisAsksForAPasswordOrHoldsNonsense() throws Exception {
        row("Redis asks for a password, a wrong type at a key", rig(), rig -> {
            for (int i = 0; i < times(5); i++) {
                Faults.redisAsksForAPassword(rig);
                rig.served(20);
                String sid = "extra-" + i;
                rig.fault("wrong type at a new call", () -> wrongTypeAtANewCall(rig, sid));
                rig.fault("wrong type at a live call", () -> wrongTypeAtALiveCall(rig, sid));
                rig.fault("wrong type at a pod's calls", () -> wrongTypeAtTheCallsOfItsPod(rig, sid));
                rig.served(20);
                rig.fault("wrong type, then nothing, at a pod's calls", () -> callsOfAPodLost(rig));
                rig.served(20);
            }
        });
    }

    private static void wrongTypeAtANewCall(FaultRig rig, String sid) throws Exception {
        rig.redis.command("SET voice:call:" + sid + " nonsense");
        assertThat(ask(rig, 0, sid)).isEqualTo(Faults.UNAVAILABLE);
        assertThat(ask(rig, 1, sid)).isEqualTo(Faults.UNAVAILABLE);
        rig.served(20);
        assertThat(rig.redis.command("GET voice:call:" + sid)).contains("nonsense");
        assertThat(rig.redis.command("ZSCORE voice:calls " + sid))
                .as("half a call")
                .startsWith("$-1");
        rig.redis.command("DEL voice:call:" + sid);
        assertThat(ask(rig, 0, sid)).isInstanceOf(Given.class);
    }

    private static void wrongTypeAtALiveCall(FaultRig rig, String sid) throws Exception {
        Answer given = ask(rig, 1, sid);
        String key = "voice:call:" + sid;
        rig.redis.command("MULTI\r\nRENAME %s aside\r\nSET %s nonsense\r\nEXEC".formatted(key, key));
        assertThat(ask(rig, 0, sid)).isEqualTo(Faults.UNAVAILABLE);
        assertThat(ask(rig, 1, sid)).isEqualTo(Faults.UNAVAILABLE);
        TimeUnit.MILLISECONDS.sleep(1_500); // longer than from one reconciling to the next
        rig.redis.command("RENAME aside " + key);
        assertThat(ask(rig, 1, sid)).isEqualTo(given);
    }

    /** Its release is told that it is not stored, and is stored when it can be. */
    private static void wrongTypeAtTheCallsOfItsPod(FaultRig rig, String sid) throws Exception {
        String key = "voice:pod:%s:calls".formatted(((Given) ask(rig, 0, sid)).pod());
        rig.redis.command("RENAME %s aside\r\nSET %s nonsense".formatted(key, key));
        assertThat(rig.client.release(0, sid)).isEqualTo(Faults.UNAVAILABLE);
        assertThat(rig.redis.command("HGET voice:call:%s state".formatted(sid)))
                .as("half a release")
                .contains("allocated");
        rig.served(20);
        rig.redis.command("RENAME aside " + key);
        Awaitility.await()
                .atMost(FaultRig.PATIENCE)
                .until(() -> rig.redis
                        .command("HGET voice:call:%s state".formatted(sid))
                        .contains("ended"));
        assertThat(rig.client.release(1, sid)).isInstanceOf(Freed.class);
    }

    /** The pod of a call that lives on is offered to nobody, and reconciling puts the call back where it stood. */
    private static void callsOfAPodLost(FaultRig rig) throws Exception {
        String sid = rig.history.all(Allocate.class).stream()
                .map(Allocate::sid)
                .filter(one -> one.startsWith("long-"))
                .findFirst()
                .orElseThrow();
        String key = "voice:pod:%s:calls".formatted(((Given) ask(rig, 0, sid)).pod());
        rig.redis.command("SET " + key + " nonsense");
        rig.served(20);
        rig.redis.command("DEL " + key);
        Awaitility.await()
                .atMost(FaultRig.PATIENCE)
                .until(() ->
                        rig.redis.command("SISMEMBER %s %s".formatted(key, sid)).startsWith(":1"));
        rig.served(20);
    }

    @Test
    @Tag("loss")
    void routerKilled() throws Exception {
        row("router killed in mid-request, another started", rig(), rig -> {
            for (int i = 0; i < times(3); i++) {
                Faults.routerKilled(rig, 1);
                rig.served(40);
            }
        });
    }

    @Test
    void routerStartsDuringSettlement() throws Exception {
        row("router starts in the middle of a settlement", rig(), rig -> {
            for (int i = 0; i < times(3); i++) {
                Faults.routerStartsDuringSettlement(rig);
                rig.served(60);
            }
        });
    }

    @Test
    void podsReplaced() throws Exception {
        row("pods replaced under their calls", rig(), rig -> {
            Random random = new Random(SEED);
            for (int i = 0; i < times(60); i++) {
                Faults.podReplaced(rig, random);
            }
            Faults.allPodsReplaced(rig);
        });
    }

    @Test
    @Tag("loss")
    void networkToRedis() throws Exception {
        row("network to Redis: delay, cut, replies lost", rig(), rig -> {
            for (int i = 0; i < times(5); i++) {
                Faults.networkSlow(rig, 0);
                Faults.networkCut(rig);
                Faults.repliesLost(rig, 1);
                rig.served(20);
            }
        });
    }

    @Test
    void routerPaused() throws Exception {
        row("router paused past its locks", rig(), rig -> {
            for (int i = 0; i < times(4); i++) {
                Faults.routerPaused(rig, 0);
                rig.served(60);
            }
        });
    }

    @Test
    @Tag("loss")
    void primaryRestartedFromAnOldFile() throws Exception {
        row("primary killed, restarted from an old file", rig(), rig -> {
            for (int i = 0; i < times(5); i++) {
                Faults.primaryRestartedFromAnOldFile(rig, 150);
                rig.served(60);
            }
        });
    }

    @Test
    @Tag("loss")
    void failoverThatLostWrites() throws Exception {
        row("failover that lost the last writes", rig(), rig -> {
            for (int i = 0; i < times(5); i++) {
                Faults.failoverThatLostWrites(rig);
                rig.served(60);
            }
        });
    }

    @Test
    void sentinelFailoverThatLostWrites() throws Exception {
        for (int i = 0; i < times(3); i++) {
            try (RedisSetups setups = new RedisSetups()) {
                RedisSetups.Watched redis = setups.sentinel();
                FaultRig watched = new FaultRig(SEED, 2, PODS, redis.settings(), redis.primary());
                row("failover by Sentinel that lost the last writes", watched, rig -> {
                    AtomicLong written = new AtomicLong();
                    List<Answer> given = new ArrayList<>();
                    rig.fault("failover", () -> {
                        given.add(ask(rig, 0, "stored-everywhere"));
                        redis.replica().signal("STOP");
                        redis.primary().command("CLIENT KILL TYPE replica");
                        for (int call = 0; call < LOST; call++) {
                            given.add(ask(rig, 0, "lost-" + call));
                        }
                        rig.served(30); // answered from writes that the replica never hears of
                        written.set(Long.parseLong(redis.primary().info("master_repl_offset")));
                        redis.primary().kill();
                        rig.breaksOff();
                        redis.replica().signal("CONT");
                        rig.served(10);
                    });
                    rig.leadTo(redis.replica()); // where the routers already are, and the judgement has to look
                    assertThat(redis.replica().info("role")).isEqualTo("master");
                    assertThat(Long.parseLong(redis.replica().info("second_repl_offset")))
                            .as("where the replica's own history begins, before what the primary had written")
                            .isPositive()
                            .isLessThan(written.get());
                    assertThat(given).hasSize(LOST + 1).allMatch(Given.class::isInstance);
                    List<Answer> after = new ArrayList<>(List.of(ask(rig, 0, "stored-everywhere")));
                    for (int call = 0; call < LOST; call++) {
                        after.add(ask(rig, 0, "lost-" + call));
                    }
                    assertThat(after).as("what was answered before").isEqualTo(given);
                    hangUp(rig, "stored-everywhere");
                    for (int call = 0; call < LOST; call++) {
                        hangUp(rig, "lost-" + call);
                    }
                    rig.served(60);
                });
            }
        }
    }

    @Test
    @Tag("loss")
    void allRoutersKilledWithThePrimary() throws Exception {
        row("all routers killed with the primary", rig(), rig -> {
            for (int i = 0; i < times(3); i++) {
                Faults.allRoutersKilledWithThePrimary(rig);
                rig.served(60);
            }
        });
    }

    @Test
    void clockAnHourAhead() throws Exception {
        clockOff("one router's clock an hour ahead", Duration.ofHours(1));
    }

    @Test
    void clockAnHourBehind() throws Exception {
        clockOff("one router's clock an hour behind", Duration.ofHours(-1));
    }

    /** What counts is Redis' time: leases, tokens and deadlines are the same whichever router gives them. */
    private void clockOff(String name, Duration off) throws Exception {
        String library = System.getProperty("test.faketime", "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1");
        assertThat(Path.of(library))
                .as("libfaketime (Debian: apt install libfaketime; elsewhere -Dtest.faketime=…/libfaketimeMT.so.1)")
                .exists();
        Map<String, String> environment = Map.ofEntries(
                Map.entry("LD_PRELOAD", library),
                Map.entry("FAKETIME", "%+ds".formatted(off.toSeconds())),
                Map.entry("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
                Map.entry("FAKETIME_FORCE_MONOTONIC_FIX", "0")); // which has the JVM's timed waits return at once
        row(name, new FaultRig(SEED, 1, PODS, Map.of()), rig -> {
            RouterProcess router = rig.startRouter(environment).awaitReady();
            rig.served(60);
            assertThat(router.clockAhead()).isCloseTo(off, CLOCK_TOLERANCE);
            assertThat(rig.router(0).clockAhead()).isCloseTo(Duration.ZERO, CLOCK_TOLERANCE);
            List<Answer> given = List.of(ask(rig, 0, "of-right"), ask(rig, 1, "of-wrong"));
            Faults.flush(rig);
            rig.served(60);
            assertThat(List.of(ask(rig, 1, "of-right"), ask(rig, 0, "of-wrong")))
                    .as("the same leases from the other router")
                    .isEqualTo(given);
            assertThat(Math.abs(deadline(rig, "of-right") - deadline(rig, "of-wrong")))
                    .as("between the deadlines of calls that began one after the other")
                    .isLessThan(CLOCK_TOLERANCE.toMillis());
            hangUp(rig, "of-right");
            hangUp(rig, "of-wrong");
        });
    }

    private static long deadline(FaultRig rig, String sid) {
        return Long.parseLong(rig.redis
                .command("ZSCORE voice:calls " + sid)
                .lines()
                .skip(1)
                .findFirst()
                .orElseThrow());
    }

    @Test
    void apiServerAway() throws Exception {
        row("API server away, then pods replaced unseen", rig(), rig -> {
            Faults.apiServerHangs(rig, SHORT ? 5 : 60);
            rig.served(60);
            Faults.podsReplacedUnseen(rig);
        });
    }

    /** Faults as they come, one after the other; the seed says which. */
    @Test
    @Tag("loss")
    void chaos() throws Exception {
        row("chaos", rig(), rig -> {
            Random random = new Random(SEED);
            long until = System.nanoTime() + CHAOS.toNanos();
            try {
                while (System.nanoTime() < until) {
                    Faults.Any drawn = Faults.ALL.get(random.nextInt(Faults.ALL.size()));
                    int after = 10 + random.nextInt(40);
                    drawn.inject(rig, new Random(random.nextLong()));
                    rig.served(after);
                }
            } finally {
                System.out.printf("chaos, seed %d: %s%n", SEED, String.join(" · ", faults(rig)));
            }
            assertThat(faults(rig).stream().distinct()).as("kinds of faults").hasSizeGreaterThan(5);
        });
    }

    private static List<String> faults(FaultRig rig) {
        return rig.history.all(Fault.class).stream().map(Fault::name).toList();
    }
}
