package io.smartrouter.ops;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.smartrouter.pool.AllocationOutcome;
import io.smartrouter.pool.AllocationRequest;
import io.smartrouter.pool.DeferredReleases;
import io.smartrouter.pool.Expired;
import io.smartrouter.pool.PodChange;
import io.smartrouter.pool.PoolListener;
import io.smartrouter.pool.ReleaseOutcome;
import io.smartrouter.pool.ReleaseRequest;
import java.time.Duration;
import org.springframework.stereotype.Component;

/** Counts what this router decided, and releases that it still holds. */
@Component
class PoolMetrics implements PoolListener {
    private static final Duration[] BOUNDS = {
        Duration.ofMillis(2),
        Duration.ofMillis(5),
        Duration.ofMillis(10),
        Duration.ofMillis(25),
        Duration.ofMillis(50),
        Duration.ofMillis(100),
        Duration.ofMillis(250),
        Duration.ofMillis(500),
        Duration.ofSeconds(1),
        Duration.ofSeconds(3)
    };

    private final MeterRegistry registry;
    private final Counter lost;

    PoolMetrics(MeterRegistry registry, DeferredReleases deferred) {
        this.registry = registry;
        this.lost = Counter.builder("smart_router.calls.lost")
                .description("Live calls whose incarnation was found gone")
                .register(registry);
        Gauge.builder("smart_router.releases.deferred", deferred, DeferredReleases::size)
                .description("Ends of calls that Redis could not take yet")
                .register(registry);
        FunctionCounter.builder("smart_router.releases.refused", deferred, DeferredReleases::refused)
                .description("Ends of calls given up because too many are kept")
                .register(registry);
    }

    @Override
    public void allocated(AllocationRequest request, AllocationOutcome outcome, Duration took) {
        count(request, Labels.outcome(outcome), Labels.pool(outcome), took);
    }

    @Override
    public void allocationFailed(AllocationRequest request, Duration took) {
        count(request, Labels.UNAVAILABLE, Labels.NONE, took);
    }

    private void count(AllocationRequest request, String outcome, String pool, Duration took) {
        Counter.builder("smart_router.allocations")
                .description("Decided requests for a pod")
                .tag("outcome", outcome)
                .tag("provider", Labels.provider(request.provider()))
                .tag("pool", pool)
                .register(registry)
                .increment();
        Timer.builder("smart_router.allocation")
                .description("From the question to the decision, probes and settling included")
                .tag("outcome", outcome)
                .serviceLevelObjectives(BOUNDS)
                .register(registry)
                .record(took);
    }

    @Override
    public void released(ReleaseRequest request, ReleaseOutcome outcome) {
        Counter.builder("smart_router.releases")
                .description("Requests to end a call")
                .tag("outcome", Labels.outcome(outcome))
                .register(registry)
                .increment();
    }

    @Override
    public void probed(String pod, boolean answered) {
        Counter.builder("smart_router.probes")
                .description("Pods asked before they were handed out")
                .tag("result", answered ? "answered" : "failed")
                .register(registry)
                .increment();
    }

    @Override
    public void changed(String pod, PodChange change) {
        lost.increment(change.lostCalls().size());
    }

    @Override
    public void expired(Expired expired) {
        if (expired instanceof Expired.CallEnded ended) {
            Counter.builder("smart_router.calls.expired")
                    .description("Calls ended by a deadline")
                    .tag("reason", ended.reason())
                    .register(registry)
                    .increment();
        }
    }
}
