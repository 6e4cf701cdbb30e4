package io.smartrouter.api;

import io.smartrouter.pool.Pod;
import io.smartrouter.pool.PodState;
import io.smartrouter.pool.PoolManager;
import io.smartrouter.pool.RoutingConfiguration;
import io.smartrouter.pool.RoutingConfigurations;
import io.smartrouter.pool.TierPolicy;
import io.smartrouter.web.JsonBody;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Predicate;
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
            int overbooked) {}

    @GetMapping("/status")
    ResponseEntity<?> status() {
        Instant takenAt = Clock.systemUTC().instant();
        RoutingConfiguration configuration = configurations.current();
        List<PoolView> pools = count(configuration, pool.pods());
        return ResponseEntity.ok(
                new Answer(takenAt, pool.liveCalls(), configurations.problem().orElse(null), pools));
    }

    static List<PoolView> count(RoutingConfiguration configuration, Collection<Pod> pods) {
        Map<String, List<Pod>> byPool = new LinkedHashMap<>();
        configuration.defaultChain().forEach(name -> byPool.put(name, new ArrayList<>()));
        var others = new TreeSet<>(configuration.tiers().keySet());
        pods.forEach(pod -> others.add(pod.pool()));
        others.forEach(name -> byPool.putIfAbsent(name, new ArrayList<>()));
        pods.forEach(pod ->
                byPool.computeIfAbsent(pod.pool(), name -> new ArrayList<>()).add(pod));
        return byPool.entrySet().stream()
                .map(entry -> view(entry.getKey(), configuration.policyOf(entry.getKey()), entry.getValue()))
                .toList();
    }

    private static PoolView view(String name, @Nullable TierPolicy policy, List<Pod> pods) {
        return new PoolView(
                name,
                policy == null ? 0 : policy.targetOrZero(),
                pods.size(),
                count(pods, pod -> pod.state() == PodState.READY),
                count(pods, pod -> pod.state() == PodState.SUSPECT),
                count(pods, pod -> pod.state() == PodState.DRAINING),
                count(pods, StatusController::isAvailable),
                pods.stream().mapToInt(Pod::capacity).sum(),
                pods.stream().mapToInt(Pod::calls).sum(),
                count(pods, Pod::isOverbooked));
    }

    private static boolean isAvailable(Pod pod) {
        return pod.state() == PodState.READY && pod.movesTo() == null && pod.calls() < pod.capacity();
    }

    private static int count(List<Pod> pods, Predicate<Pod> which) {
        return Math.toIntExact(pods.stream().filter(which).count());
    }
}
