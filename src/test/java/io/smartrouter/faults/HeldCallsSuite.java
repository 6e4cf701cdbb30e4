package io.smartrouter.faults;

import io.smartrouter.faults.History.Away;
import io.smartrouter.faults.History.Span;
import io.smartrouter.testing.TestRedis;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Everything is lost while many calls are live, and again while they are brought back; one router hears of it later. */
@Timeout(900)
class HeldCallsSuite extends FaultRows {
    private static final Pattern TOOK_MS = Pattern.compile("took_ms=([0-9]+)");

    @Test
    @Tag("loss")
    void flushWithFiftyLiveCalls() throws Exception {
        flushWithLiveCalls("FLUSHALL with 50 live calls, one router paused", 50, 20);
    }

    @Test
    void flushWithFiveThousandLiveCalls() throws Exception {
        flushWithLiveCalls("FLUSHALL with 5,000 live calls, one router paused", 5_000, 300);
    }

    /** Those that end while a router is paused are live by its mirror, and must not come back with it. */
    private void flushWithLiveCalls(String name, int calls, int endedMeanwhile) throws Exception {
        Map<String, String> settings = Map.of("router.reconcile.interval", "5s"); // a look at each pod and call
        row(name, new FaultRig(SEED, 2, PODS + calls, settings), rig -> {
            try (HeldCalls held = new HeldCalls(rig.client, rig.history, calls)) {
                int first = settledMs(rig, 0).size(); // the first opening, of an empty Redis, is another matter
                int second = settledMs(rig, 1).size();
                for (int i = 0; i < times(10); i++) {
                    int router = i % 2;
                    rig.fault("FLUSHALL beside SIGSTOP", () -> {
                        Span paused = rig.paused(router, () -> {
                            held.end(endedMeanwhile);
                            rig.breaksOff();
                            flushAgainDuringSettling(rig.redis);
                            rig.served(30);
                        });
                        rig.history.add(new Away(rig.router(router).port(), paused));
                    });
                    rig.served(60);
                    held.refill();
                }
                held.end();
                System.out.printf(
                        "%s: settled in %s ms%n",
                        name,
                        Stream.concat(
                                        settledMs(rig, 0).stream().skip(first),
                                        settledMs(rig, 1).stream().skip(second))
                                .toList());
            }
        });
    }

    private static void flushAgainDuringSettling(TestRedis redis) {
        redis.command("FLUSHALL");
        Awaitility.await()
                .atMost(FaultRig.PATIENCE)
                .pollInterval(Duration.ofMillis(1)) // it lasts for hundreds, for the paused router is waited for
                .until(() -> redis.command("HGET voice:epoch state").contains("settling"));
        redis.command("FLUSHALL");
    }

    /** How long each settlement took by which this router opened a data set. */
    private static List<Long> settledMs(FaultRig rig, int router) {
        return TOOK_MS.matcher(rig.router(router).log())
                .results()
                .map(found -> Long.parseLong(found.group(1)))
                .toList();
    }
}
