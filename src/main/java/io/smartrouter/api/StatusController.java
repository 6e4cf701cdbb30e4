package io.smartrouter.api;

import io.smartrouter.pool.Pod;
import io.smartrouter.pool.PoolManager;
import io.smartrouter.pool.PoolSnapshot;
import io.smartrouter.pool.PoolSnapshot.PoolCount;
import io.smartrouter.pool.RoutingConfiguration;
import io.smartrouter.pool.RoutingConfigurations;
import io.smartrouter.web.JsonBody;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;

/** {@code GET /status}: one page on how the router stands. Its numbers are read one after another, so may not add up. */
@ApiController
class StatusController {
    private final PoolManager pool;
    private final RoutingConfigurations configurations;

    StatusController(PoolManager pool, RoutingConfigurations configurations) {
        this.pool = pool;
        this.configurations = configurations;
    }

    /**
     * How the router stands.
     *
     * @param takenAt when it began to read, by its own clock
     * @param liveCalls calls that hold a pod
     * @param configurationProblem why what stands in Redis as configuration is not in effect, or null
     * @param pools one entry per pool, in the order of the default chain, then by name
     */
    record Answer(Instant takenAt, long liveCalls, @Nullable String configurationProblem, List<PoolView> pools)
            implements JsonBody {}

    record PoolView(
            String pool,
            int target,
            int pods,
            int ready,
            int suspect,
            int draining,
            int available,
            int capacity,
            int calls,
            int overbooked) {
        static PoolView of(PoolCount count) {
            return new PoolView(
                    count.pool(),
                    count.target(),
                    count.pods(),
                    count.ready(),
                    count.suspect(),
                    count.draining(),
                    count.available(),
                    count.capacity(),
                    count.calls(),
                    count.overbooked());
        }
    }

    @GetMapping("/status")
    ResponseEntity<?> status() {
        Instant takenAt = Clock.systemUTC().instant();
        RoutingConfiguration configuration = configurations.current();
        List<Pod> pods = pool.pods();
        PoolSnapshot snapshot = PoolSnapshot.of(takenAt, pool.liveCalls(), configuration, pods);
        return ResponseEntity.ok(new Answer(
                takenAt,
                snapshot.liveCalls(),
                configurations.problem().orElse(null),
                snapshot.pools().stream().map(PoolView::of).toList()));
    }
}
