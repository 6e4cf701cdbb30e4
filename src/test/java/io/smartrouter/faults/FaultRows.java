package io.smartrouter.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.smartrouter.faults.History.Allocate;
import io.smartrouter.faults.History.Answer;
import io.smartrouter.faults.History.Fault;
import io.smartrouter.faults.History.Freed;
import io.smartrouter.faults.History.Release;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;

/**
 * One row for each fault, in a table that is printed at the end of a class. Property {@code test.seed} repeats a run,
 * {@code faults.short} makes each row shorter. Tag {@code loss}: data or a process is lost, or an answer, or all as it
 * comes; these rows run in CI.
 */
abstract class FaultRows {
    static final long SEED = Long.getLong("test.seed", System.nanoTime() % 1_000_000);
    static final boolean SHORT = Boolean.getBoolean("faults.short");
    static final int PODS = 30;
    private static final int CALLERS = 8;
    /** Patience while a data set is settled (1 s), the command time-out (500 ms), and what a loaded machine adds. */
    private static final long BOUND_MS = 2_000;

    /** What a caller notices: counted, no fault. */
    private static final long NOTICED_MS = 1_000;

    private static final List<String> TABLE = Collections.synchronizedList(new ArrayList<>());

    @AfterAll
    static void table() {
        System.out.printf("%nfault suite, seed %d%n", SEED);
        System.out.println("| fault | operations | during faults | faults | slowest answer ms | answers over 1 s"
                + " | gap ms (median, worst) | limit 6 | findings |");
        System.out.println("|---|---|---|---|---|---|---|---|---|");
        TABLE.forEach(System.out::println);
        TABLE.clear();
    }

    interface Row {
        /** Injects the faults while the load runs. */
        void run(FaultRig rig) throws Exception;
    }

    void row(String name, FaultRig rig, Row row) throws Exception {
        try (rig) {
            rig.load.callers(CALLERS, Duration.ofMillis(400));
            rig.load.longCalls(5);
            rig.served(40);
            Exception broken = null;
            try {
                row.run(rig);
                rig.served(40);
            } catch (Exception e) {
                broken = e; // what was seen until then is judged all the same
            }
            List<String> findings = rig.finish(BOUND_MS);
            List<Long> gaps = rig.gapsMs();
            TABLE.add("| %s | %d | %d | %d | %d | %d | %s | %d | %d |"
                    .formatted(
                            name,
                            rig.history.all(Allocate.class).size()
                                    + rig.history.all(Release.class).size(),
                            HistoryChecker.overlapped(rig.history),
                            rig.history.all(Fault.class).size(),
                            HistoryChecker.answerMillis(rig.history).max().orElse(0),
                            HistoryChecker.answerMillis(rig.history)
                                    .filter(millis -> millis > NOTICED_MS)
                                    .count(),
                            gaps.isEmpty() ? "-" : gaps.get(gaps.size() / 2) + ", " + gaps.getLast(),
                            rig.atTheLimit.size(),
                            findings.size()));
            rig.atTheLimit.forEach(one -> System.out.printf("%s: %s%n", name, one));
            assertThat(findings).as("%s, seed %d", name, SEED).isEmpty();
            if (broken != null) {
                throw broken;
            }
        }
    }

    static FaultRig rig(String... redisArguments) {
        return new FaultRig(SEED, 2, PODS, Map.of(), redisArguments);
    }

    static int times(int full) {
        return SHORT ? Math.max(1, full / 5) : full;
    }

    /** What this router answers now to an allocate. */
    static Answer ask(FaultRig rig, int router, String sid) throws InterruptedException {
        rig.client.allocate(router, sid);
        return rig.history.all(Allocate.class).stream()
                .filter(one -> one.sid().equals(sid))
                .map(Allocate::answer)
                .reduce((before, last) -> last)
                .orElseThrow();
    }

    static void hangUp(FaultRig rig, String sid) throws InterruptedException {
        assertThat(rig.client.release(0, sid)).as(sid).isInstanceOf(Freed.class);
    }
}
