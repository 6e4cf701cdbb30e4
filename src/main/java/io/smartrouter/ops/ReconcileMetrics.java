package io.smartrouter.ops;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.smartrouter.pool.Repair;
import io.smartrouter.reconcile.AgentQuestion;
import io.smartrouter.reconcile.Invariant;
import io.smartrouter.reconcile.InvariantReport;
import io.smartrouter.reconcile.ReconcileListener;
import io.smartrouter.reconcile.ReconcileProperties;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.stereotype.Component;

/**
 * Counts repairs by kind, in health zero, and shows what breaks an invariant. One router at a time does the rounds: what
 * this one saw counts while it is younger than three intervals, and is no number afterwards, so that a router whose
 * turn is over alarms nobody. Of the routers, the largest number counts.
 */
@Component
class ReconcileMetrics implements ReconcileListener {
    private static final int INTERVALS = 3;

    private final MeterRegistry registry;
    private final Clock clock;
    private final Duration life;
    private final Counter silent;
    private volatile @Nullable Seen last;

    private record Seen(InvariantReport report, Instant at) {}

    @Autowired
    ReconcileMetrics(MeterRegistry registry, ReconcileProperties properties) {
        this(registry, properties, Clock.systemUTC());
    }

    ReconcileMetrics(MeterRegistry registry, ReconcileProperties properties, Clock clock) {
        this.registry = registry;
        this.clock = clock;
        this.life = properties.interval().multipliedBy(INTERVALS);
        this.silent = Counter.builder("smart_router.agents.silent")
                .description("Pods asked about because heartbeats of a call stopped")
                .register(registry);
        for (Repair.Kind kind : Repair.Kind.values()) {
            counter(kind); // a rate needs a zero to begin with
        }
        for (Invariant invariant : Invariant.values()) {
            Gauge.builder("smart_router.invariant.violations", this, metrics -> metrics.violations(invariant))
                    .description("What breaks an invariant of the data set, as of the last round of this router")
                    .tags(Tags.of("invariant", invariant.word()))
                    .register(registry);
        }
    }

    @Override
    public void mended(Repair repair) {
        counter(repair.kind()).increment();
    }

    @Override
    public void silent(AgentQuestion pod) {
        silent.increment();
    }

    @Override
    public void reconciled(InvariantReport report, Duration took) {
        last = new Seen(report, clock.instant());
        Timer.builder("smart_router.reconcile")
                .description("Rounds of the reconciler on this router")
                .register(registry)
                .record(took);
    }

    private Counter counter(Repair.Kind kind) {
        return Counter.builder("smart_router.repairs")
                .description("What the reconciler found wrong and mended")
                .tag("kind", kind.word())
                .register(registry);
    }

    private double violations(Invariant invariant) {
        Seen seen = last;
        if (seen == null || seen.at().plus(life).isBefore(clock.instant())) {
            return Double.NaN;
        }
        return seen.report().counts().getOrDefault(invariant, 0L);
    }
}
