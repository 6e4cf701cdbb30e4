package io.smartrouter.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.smartrouter.faults.History.Allocate;
import io.smartrouter.faults.History.Answer;
import io.smartrouter.faults.History.Away;
import io.smartrouter.faults.History.Refused;
import io.smartrouter.faults.History.Release;
import io.smartrouter.faults.History.Span;
import io.smartrouter.testing.RouterProcess;
import io.smartrouter.testing.TestRedis;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/** Single faults, each injected once and over when its method returns, for the suite's rows and for its chaos. */
final class Faults {
    static final Answer UNAVAILABLE = new Refused("store_unavailable");

    /** A fault that takes some of its course from chance. */
    interface Any {
        void inject(FaultRig rig, Random random) throws Exception;
    }

    /** All of them, in an order that a seed counts on. */
    static final List<Any> ALL = List.of(
            (rig, random) -> flush(rig),
            (rig, random) -> flushDuringSettling(rig),
            (rig, random) -> flushBesideAPausedRouter(rig, random.nextInt(2), random.nextInt(30)),
            (rig, random) -> primaryRestartedEmpty(rig),
            (rig, random) -> primaryRestartedFromAnOldFile(rig, 20 + random.nextInt(100)),
            (rig, random) -> failoverThatLostWrites(rig),
            (rig, random) -> redisHangs(rig, 1 + random.nextInt(5)),
            (rig, random) -> redisFull(rig),
            (rig, random) -> redisReadOnly(rig),
            (rig, random) -> redisWithoutItsScripts(rig),
            (rig, random) -> redisAsksForAPassword(rig),
            (rig, random) -> routerKilled(rig, random.nextInt(2)),
            (rig, random) -> {
                routerStartsDuringSettlement(rig);
                rig.killRouter(rig.running().getFirst()); // two go on
            },
            (rig, random) -> allRoutersKilledWithThePrimary(rig),
            (rig, random) -> routerPaused(rig, random.nextInt(2)),
            (rig, random) -> podReplaced(rig, random),
            (rig, random) -> allPodsReplaced(rig),
            (rig, random) -> networkSlow(rig, random.nextInt(2)),
            (rig, random) -> networkCut(rig),
            (rig, random) -> repliesLost(rig, random.nextInt(2)),
            (rig, random) -> apiServerHangs(rig, 1 + random.nextInt(5)),
            (rig, random) -> podsReplacedUnseen(rig));

    private Faults() {}

    static void flush(FaultRig rig) throws Exception {
        rig.fault("FLUSHALL", () -> {
            rig.breaksOff();
            rig.redis.command("FLUSHALL");
            rig.served(10);
        });
    }

    static void flushDuringSettling(FaultRig rig) throws Exception {
        rig.fault("FLUSHALL again", () -> {
            for (int again = 0; again < 5; again++) {
                rig.redis.command("FLUSHALL");
                TimeUnit.MILLISECONDS.sleep(again * 3L);
            }
            rig.served(10);
        });
    }

    /** The calls that are served before the flush end meanwhile: the paused router takes some for live. */
    static void flushBesideAPausedRouter(FaultRig rig, int turn, int servedBefore) throws Exception {
        int router = rig.running().get(turn);
        rig.fault("FLUSHALL beside SIGSTOP", () -> {
            Span paused = rig.paused(router, () -> {
                rig.served(servedBefore);
                rig.breaksOff();
                rig.redis.command("FLUSHALL");
                rig.served(30);
            });
            rig.history.add(new Away(rig.router(router).port(), paused));
        });
    }

    static void primaryRestartedEmpty(FaultRig rig) throws Exception {
        rig.fault("primary killed", () -> {
            rig.redis.kill();
            TimeUnit.MILLISECONDS.sleep(300); // and is away for a while
            rig.restartRedis();
            rig.breaksOff();
            rig.served(10);
        });
    }

    /** What the file holds has ended since, and what lives now it does not know. */
    static void primaryRestartedFromAnOldFile(FaultRig rig, int servedSince) throws Exception {
        String old = rig.redis.saved().toString();
        rig.served(servedSince);
        rig.fault("primary killed, old file", () -> {
            rig.restartRedis("--dir", old);
            rig.breaksOff();
            rig.served(10);
        });
    }

    static void failoverThatLostWrites(FaultRig rig) throws Exception {
        TestRedis replica = rig.replica();
        TestRedis primary = rig.redis;
        rig.fault("failover", () -> {
            replica.signal("STOP");
            primary.command("CLIENT KILL TYPE replica");
            rig.served(30); // answered from writes that the replica never hears of
            primary.kill();
            replica.signal("CONT");
            replica.command("REPLICAOF NO ONE");
            rig.leadTo(replica);
            rig.breaksOff();
            rig.served(10);
        });
        primary.close();
    }

    static void redisHangs(FaultRig rig, int seconds) throws Exception {
        rig.fault("Redis hangs " + seconds + " s", () -> {
            rig.redis.signal("STOP");
            TimeUnit.SECONDS.sleep(seconds);
            rig.redis.signal("CONT");
        });
    }

    static void redisFull(FaultRig rig) throws Exception {
        rig.fault("full", () -> {
            rig.redis.command("CONFIG SET maxmemory 1");
            TimeUnit.MILLISECONDS.sleep(1_500);
            rig.redis.command("CONFIG SET maxmemory 0");
        });
    }

    static void redisReadOnly(FaultRig rig) throws Exception {
        rig.fault("read-only", () -> {
            rig.redis.command("CONFIG SET min-replicas-to-write 3");
            TimeUnit.MILLISECONDS.sleep(1_500);
            rig.redis.command("CONFIG SET min-replicas-to-write 0");
        });
    }

    static void redisWithoutItsScripts(FaultRig rig) throws Exception {
        rig.fault("NOSCRIPT", () -> {
            for (int i = 0; i < 20; i++) {
                rig.redis.command("SCRIPT FLUSH");
                TimeUnit.MILLISECONDS.sleep(20);
            }
        });
    }

    static void redisAsksForAPassword(FaultRig rig) throws Exception {
        rig.fault("NOAUTH", () -> {
            rig.redis.command("CONFIG SET requirepass nobody-knows-it\r\nCLIENT KILL TYPE normal");
            long from = System.nanoTime();
            TimeUnit.SECONDS.sleep(2);
            long until = System.nanoTime();
            assertThat(rig.redis.command("PING")).startsWith("-NOAUTH");
            rig.redis.command("AUTH nobody-knows-it\r\nCONFIG SET requirepass \"\"");
            assertThat(rig.redis.command("PING")).startsWith("+PONG");
            assertThat(answers(rig, new Span(from, until)))
                    .as("answers while Redis says nothing")
                    .isNotEmpty()
                    .containsOnly(UNAVAILABLE);
        });
    }

    /** What clients were answered to what they asked within that time. */
    private static List<Answer> answers(FaultRig rig, Span during) {
        List<Answer> answers = new ArrayList<>();
        rig.history.all(Allocate.class).stream()
                .filter(one -> one.span().isWithin(during))
                .forEach(one -> answers.add(one.answer()));
        rig.history.all(Release.class).stream()
                .filter(one -> one.span().isWithin(during))
                .forEach(one -> answers.add(one.answer()));
        return answers;
    }

    static void routerKilled(FaultRig rig, int turn) throws Exception {
        rig.fault("kill -9", () -> {
            rig.killRouter(rig.running().get(turn));
            rig.served(20);
        });
        rig.startRouter().awaitReady();
    }

    static void routerStartsDuringSettlement(FaultRig rig) throws Exception {
        RouterProcess late = rig.startRouter();
        rig.fault("FLUSHALL beside a start", () -> {
            while (late.health("readiness").status() != 200) {
                rig.redis.command("FLUSHALL");
                TimeUnit.MILLISECONDS.sleep(400);
            }
            rig.served(10);
        });
    }

    static void allRoutersKilledWithThePrimary(FaultRig rig) throws Exception {
        rig.fault("kill -9 of all", () -> {
            for (int router : rig.running()) {
                rig.killRouter(router);
            }
            rig.restartRedis();
            rig.startRouter();
            rig.startRouter().awaitReady();
            rig.served(10);
        });
    }

    static void routerPaused(FaultRig rig, int turn) throws Exception {
        int router = rig.running().get(turn);
        rig.fault("SIGSTOP", () -> {
            var _ = rig.paused(router, () -> TimeUnit.SECONDS.sleep(4));
        });
    }

    static void podReplaced(FaultRig rig, Random random) throws Exception {
        rig.fault("replaced", () -> {
            rig.replacePod("voice-agent-" + random.nextInt(rig.pods));
            rig.served(3);
        });
    }

    static void allPodsReplaced(FaultRig rig) throws Exception {
        rig.fault("all replaced at once", () -> {
            for (int pod = 0; pod < rig.pods; pod++) {
                rig.replacePod("voice-agent-" + pod);
            }
            rig.served(20);
        });
    }

    static void networkSlow(FaultRig rig, int turn) throws Exception {
        int router = rig.running().get(turn);
        rig.fault("delay", () -> {
            rig.network(router).delay(Duration.ofMillis(30));
            rig.served(20);
            rig.network(router).forward();
        });
    }

    static void networkCut(FaultRig rig) throws Exception {
        rig.fault("cut", () -> {
            rig.running().forEach(router -> rig.network(router).cut());
            rig.served(20);
        });
    }

    static void repliesLost(FaultRig rig, int turn) throws Exception {
        int router = rig.running().get(turn);
        rig.fault("replies lost", () -> {
            rig.network(router).swallowReplies();
            TimeUnit.MILLISECONDS.sleep(800);
            rig.network(router).cut();
            rig.network(router).forward();
        });
    }

    static void apiServerHangs(FaultRig rig, int seconds) throws Exception {
        rig.fault("API server hangs", () -> {
            rig.apiServer.hang();
            TimeUnit.SECONDS.sleep(seconds);
            rig.apiServer.forward();
        });
    }

    static void podsReplacedUnseen(FaultRig rig) throws Exception {
        rig.fault("API server refuses while pods are replaced", () -> {
            rig.apiServer.refuse();
            for (int pod = 0; pod < rig.pods; pod += 3) {
                rig.replacePod("voice-agent-" + pod);
            }
            TimeUnit.SECONDS.sleep(3);
            rig.apiServer.forward();
        });
    }
}
