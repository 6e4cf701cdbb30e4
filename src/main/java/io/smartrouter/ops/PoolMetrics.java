package io.smartrouter.ops;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.smartrouter.pool.AllocationOutcome;
import io.smartrouter.pool.AllocationRequest;
import io.smartrouter.pool.ContinueOutcome;
import io.smartrouter.pool.ContinueRequest;
import io.smartrouter.pool.DeferredReleases;
import io.smartrouter.pool.Expired;
import io.smartrouter.pool.PodChange;
import io.smartrouter.pool.PoolListener;
import io.smartrouter.pool.ProviderAbilities;
import io.smartrouter.pool.ReleaseOutcome;
import io.smartrouter.pool.ReleaseRequest;
import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
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
    private final Set<String> providers;
    private final Counter lost;
    private final Counter damaged;

    PoolMetrics(MeterRegistry registry, DeferredReleases deferred, ProviderAbilities providers) {
        this.providers = Set.copyOf(providers.whenExhausted().keySet());
        this.registry = registry;
        this.lost = Counter.builder("smart_router.calls.lost")
                .description("Live calls whose incarnation was found gone")
                .register(registry);
        this.damaged = Counter.builder("smart_router.due.put_off")
                .description("Things due by time that a damaged record holds up")
                .register(registry);
        Gauge.builder("smart_router.releases.deferred", deferred, DeferredReleases::size)
                .description("Ends of calls that Redis could not take yet")
                .register(registry);
        FunctionCounter.builder("smart_router.releases.refused", deferred, DeferredReleases::refused)
                .description("Ends of calls given up because too many are kept")
                .register(registry);
        begin();
    }

    /** A rate needs a zero to begin with: the first caller without a pod must be seen, and not only the second. */
    private void begin() {
        Set<String> all = new TreeSet<>(providers);
        all.add(Labels.NONE);
        for (String provider : all) {
            Labels.WITHOUT_POD.forEach(outcome -> allocations(outcome, provider, Labels.NONE));
            Labels.CONTINUES.forEach(outcome -> continues(outcome, provider));
        }
        Labels.RELEASES.forEach(this::releases);
        Labels.EXPIRED.forEach(this::expired);
        probes(true);
        probes(false);
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
        String provider = Labels.provider(request.provider(), providers);
        allocations(outcome, provider, pool).increment();
        Timer.builder("smart_router.allocation")
                .description("From the question to the decision, probes and settling included")
                .tag("outcome", outcome)
                .tag("provider", provider)
                .serviceLevelObjectives(BOUNDS)
                .register(registry)
                .record(took);
    }

    private Counter allocations(String outcome, String provider, String pool) {
        return Counter.builder("smart_router.allocations")
                .description("Decided requests for a pod")
                .tag("outcome", outcome)
                .tag("provider", provider)
                .tag("pool", pool)
                .register(registry);
    }

    @Override
    public void continued(ContinueRequest request, ContinueOutcome outcome, Duration took) {
        String word = Labels.outcome(outcome);
        continues(word, Labels.provider(request.provider(), providers)).increment();
        Timer.builder("smart_router.continue")
                .description("From the question to the decision, asking Kubernetes included")
                .tag("outcome", word)
                .serviceLevelObjectives(BOUNDS)
                .register(registry)
                .record(took);
    }

    private Counter continues(String outcome, String provider) {
        return Counter.builder("smart_router.continues")
                .description("Questions what comes next for a call whose stream is over")
                .tag("outcome", outcome)
                .tag("provider", provider)
                .register(registry);
    }

    @Override
    public void released(ReleaseRequest request, ReleaseOutcome outcome) {
        releases(Labels.outcome(outcome)).increment();
    }

    private Counter releases(String outcome) {
        return Counter.builder("smart_router.releases")
                .description("Requests to end a call")
                .tag("outcome", outcome)
                .register(registry);
    }

    @Override
    public void probed(String pod, boolean answered) {
        probes(answered).increment();
    }

    private Counter probes(boolean answered) {
        return Counter.builder("smart_router.probes")
                .description("Pods asked before they were handed out")
                .tag("result", answered ? "answered" : "failed")
                .register(registry);
    }

    @Override
    public void changed(String pod, PodChange change) {
        lost.increment(change.lostCalls().size());
    }

    @Override
    public void expired(Expired expired) {
        if (expired instanceof Expired.PutOff) {
            damaged.increment();
        }
        if (expired instanceof Expired.CallEnded ended) {
            expired(ended.reason()).increment();
        }
    }

    private Counter expired(String reason) {
        return Counter.builder("smart_router.calls.expired")
                .description("Calls ended by a deadline")
                .tag("reason", reason)
                .register(registry);
    }
}
