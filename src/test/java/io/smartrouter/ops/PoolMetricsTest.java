package io.smartrouter.ops;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.smartrouter.pool.Allocation;
import io.smartrouter.pool.AllocationOutcome;
import io.smartrouter.pool.AllocationRequest;
import io.smartrouter.pool.CallId;
import io.smartrouter.pool.DeferredReleases;
import io.smartrouter.pool.Incarnation;
import io.smartrouter.pool.Lease;
import io.smartrouter.pool.PodChange;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class PoolMetricsTest {
    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final PoolMetrics metrics =
            new PoolMetrics(registry, new DeferredReleases(), () -> java.util.Map.of("plivo", java.util.Set.of()));

    private static AllocationRequest request(@Nullable String provider) {
        return new AllocationRequest(new CallId("c1"), provider, null, null);
    }

    private static AllocationOutcome taken(String pool) {
        return new AllocationOutcome.Allocated(
                new Allocation(
                        new CallId("c1"),
                        "voice-agent-0",
                        Incarnation.of("voice-agent-0", "uid", "container"),
                        "127.0.0.1:8080",
                        pool,
                        new Lease("0123456789abcdef0123456789abcdef"),
                        Instant.EPOCH,
                        null,
                        null,
                        null,
                        null,
                        0),
                false);
    }

    @Test
    void whatIsAlarmedOnIsThereBeforeItHappens() {
        assertThat(registry.scrape())
                .contains("smart_router_allocations_total{outcome=\"exhausted\",pool=\"none\",provider=\"plivo\"} 0.0")
                .contains("smart_router_allocations_total{outcome=\"unavailable\",pool=\"none\",provider=\"none\"} 0.0")
                .contains("smart_router_calls_expired_total{reason=\"max_length\"} 0.0")
                .contains("smart_router_probes_total{result=\"failed\"} 0.0");
    }

    @Test
    void allocationsAreCountedByOutcomeProviderAndPool() {
        metrics.allocated(request("plivo"), taken("gold"), Duration.ofMillis(3));
        metrics.allocated(request(null), new AllocationOutcome.Exhausted(List.of("gold"), null), Duration.ofMillis(1));
        metrics.allocationFailed(request("plivo"), Duration.ofMillis(500));
        assertThat(registry.scrape())
                .contains("smart_router_allocations_total{outcome=\"allocated\",pool=\"gold\",provider=\"plivo\"} 1.0")
                .contains("smart_router_allocations_total{outcome=\"exhausted\",pool=\"none\",provider=\"none\"} 1.0")
                .contains(
                        "smart_router_allocations_total{outcome=\"unavailable\",pool=\"none\",provider=\"plivo\"} 1.0")
                .contains("smart_router_allocation_seconds_count{outcome=\"allocated\",provider=\"plivo\"} 1");
    }

    @Test
    void aCallerCannotChooseALabel() {
        int atStart = values(registry, "smart_router.allocations").size();
        for (int i = 0; i < 1_000; i++) {
            metrics.allocated(request("provider-" + i), taken("merchant:pool-" + i), Duration.ofMillis(1));
        }
        assertThat(values(registry, "smart_router.allocations"))
                .hasSize(atStart + 1)
                .contains("allocated merchant other");
        assertThat(values(registry, "smart_router.allocation")).containsExactly("allocated other");
    }

    @Test
    void lostCallsAreCountedOneByOne() {
        metrics.changed(
                "voice-agent-0", new PodChange(PodChange.Kind.REPLACED, List.of(new CallId("c1"), new CallId("c2"))));
        assertThat(registry.scrape()).contains("smart_router_calls_lost_total 2.0");
    }

    private static List<String> values(MeterRegistry registry, String name) {
        return registry.find(name).meters().stream()
                .map(meter ->
                        meter.getId().getTags().stream().map(Tag::getValue).collect(Collectors.joining(" ")))
                .toList();
    }
}
