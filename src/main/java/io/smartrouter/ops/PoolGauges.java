package io.smartrouter.ops;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import io.smartrouter.pool.PoolManager;
import io.smartrouter.pool.PoolSnapshot;
import io.smartrouter.pool.PoolSnapshot.PoolCount;
import io.smartrouter.pool.RoutingConfigurations;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.stereotype.Component;

/**
 * Pools as gauges, from one snapshot per interval, however often somebody scrapes. While Redis is away they stay as
 * they were, and {@code smart_router_snapshot_age_seconds} says how old that is.
 */
@Component
class PoolGauges {
    private final PoolManager manager;
    private final RoutingConfigurations configurations;
    private final Clock clock;
    private final MultiGauge pods;
    private final MultiGauge available;
    private final MultiGauge capacity;
    private final MultiGauge calls;
    private final MultiGauge overbooked;
    private final MultiGauge target;
    private volatile @Nullable PoolSnapshot last;

    @Autowired
    PoolGauges(PoolManager manager, RoutingConfigurations configurations, MeterRegistry registry) {
        this(manager, configurations, registry, Clock.systemUTC());
    }

    PoolGauges(PoolManager manager, RoutingConfigurations configurations, MeterRegistry registry, Clock clock) {
        this.manager = manager;
        this.configurations = configurations;
        this.clock = clock;
        this.pods = gauge(registry, "smart_router.pods", "Pods by pool and state");
        this.available = gauge(registry, "smart_router.pods.available", "Ready pods with a free slot");
        this.capacity = gauge(registry, "smart_router.pool.capacity", "Slots of all pods of the pool");
        this.calls = gauge(registry, "smart_router.pool.calls", "Live calls on the pods of the pool");
        this.overbooked = gauge(registry, "smart_router.pods.overbooked", "Pods with more calls than slots");
        this.target = gauge(registry, "smart_router.pool.target", "Pods that the pool should have");
        Gauge.builder("smart_router.calls.live", this, gauges -> gauges.liveCalls())
                .description("Calls that hold a pod")
                .register(registry);
        Gauge.builder("smart_router.snapshot.age", this, PoolGauges::ageSeconds)
                .description("Age of the numbers by pool")
                .baseUnit("seconds")
                .register(registry);
    }

    private static MultiGauge gauge(MeterRegistry registry, String name, String description) {
        return MultiGauge.builder(name).description(description).register(registry);
    }

    /** Counts anew. */
    void refresh() {
        PoolSnapshot snapshot =
                PoolSnapshot.of(clock.instant(), manager.liveCalls(), configurations.current(), manager.pods());
        last = snapshot;
        Map<String, PoolCount> pools = snapshot.pools().stream()
                .collect(Collectors.toMap(pool -> Labels.pool(pool.pool()), pool -> pool, PoolGauges::sum));
        List<MultiGauge.Row<?>> states = new ArrayList<>();
        pools.forEach((pool, count) -> {
            states.add(row(Tags.of("pool", pool, "state", "ready"), count.ready()));
            states.add(row(Tags.of("pool", pool, "state", "suspect"), count.suspect()));
            states.add(row(Tags.of("pool", pool, "state", "draining"), count.draining()));
        });
        pods.register(states, true);
        available.register(rows(pools, PoolCount::available), true);
        capacity.register(rows(pools, PoolCount::capacity), true);
        calls.register(rows(pools, PoolCount::calls), true);
        overbooked.register(rows(pools, PoolCount::overbooked), true);
        target.register(rows(pools, PoolCount::target), true);
    }

    private static PoolCount sum(PoolCount a, PoolCount b) {
        return new PoolCount(
                a.pool(),
                a.target() + b.target(),
                a.ready() + b.ready(),
                a.suspect() + b.suspect(),
                a.draining() + b.draining(),
                a.available() + b.available(),
                a.capacity() + b.capacity(),
                a.calls() + b.calls(),
                a.overbooked() + b.overbooked());
    }

    private interface Count {
        int of(PoolCount pool);
    }

    private static List<MultiGauge.Row<?>> rows(Map<String, PoolCount> pools, Count count) {
        List<MultiGauge.Row<?>> rows = new ArrayList<>();
        pools.forEach((pool, counts) -> rows.add(row(Tags.of("pool", pool), count.of(counts))));
        return rows;
    }

    private static MultiGauge.Row<Number> row(Tags tags, int value) {
        return MultiGauge.Row.of(tags, value);
    }

    private double liveCalls() {
        PoolSnapshot seen = last;
        return seen == null ? Double.NaN : seen.liveCalls();
    }

    private double ageSeconds() {
        PoolSnapshot seen = last;
        Instant taken = seen == null ? null : seen.takenAt();
        return taken == null
                ? Double.NaN
                : Duration.between(taken, clock.instant()).toMillis() / 1000.0;
    }
}
