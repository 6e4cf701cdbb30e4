package io.smartrouter.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.smartrouter.faults.History.Allocate;
import io.smartrouter.faults.History.Freed;
import io.smartrouter.faults.History.Given;
import io.smartrouter.faults.History.Release;
import io.smartrouter.testing.RouterProcess;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * Routers of an older version and of this one beside each other on one Redis under load: one pod more at a time, none
 * less, and back again. Run by {@code .ci/upgrade}, which makes the older jar.
 */
class RollingUpgrade {
    private static final long SEED = Long.getLong("test.seed", System.nanoTime() % 1_000_000);
    private static final int PODS = 30;
    private static final int STOPPED_BY_SIGNAL = 143;
    private static final long BOUND_MS = 2_500;

    @Test
    void oldAndNewServeBesideEachOtherAndBack() throws Exception {
        String jar = System.getProperty("test.old-jar", "");
        assertThat(jar).as("-Dtest.old-jar names the older version's jar").isNotEmpty();
        Path old = Path.of(jar);
        try (FaultRig rig = new FaultRig(SEED, 0, PODS, Map.of())) {
            RouterProcess first = rig.startBeside(old);
            RouterProcess second = rig.startBeside(old);
            rig.awaitPods();
            rig.load.callers(10, Duration.ofMillis(400));
            rig.load.longCalls(8);
            rig.served(100);
            RouterProcess third = rig.startBeside(null);
            rig.served(100);
            stops(rig, first);
            rig.startBeside(null);
            rig.served(100);
            stops(rig, second);
            rig.served(100);
            // Back: the chart's rollback does the same with the versions turned round.
            rig.startBeside(old);
            rig.served(100);
            stops(rig, third);
            rig.served(100);
            List<String> findings = rig.finish(BOUND_MS);

            List<Allocate> asked = rig.history.all(Allocate.class);
            List<Release> ended = rig.history.all(Release.class);
            System.out.printf(
                    "rolling upgrade and back, seed %d: %d allocations, %d releases, %d findings%n",
                    SEED, asked.size(), ended.size(), findings.size());
            assertThat(findings).as("seed %d", SEED).isEmpty();
            assertThat(asked).allSatisfy(one -> assertThat(one.answer()).isInstanceOf(Given.class));
            assertThat(ended).allSatisfy(one -> assertThat(one.answer()).isInstanceOf(Freed.class));
        }
    }

    private static void stops(FaultRig rig, RouterProcess router) throws Exception {
        assertThat(rig.stopRouter(router)).isIn(0, STOPPED_BY_SIGNAL);
    }
}
