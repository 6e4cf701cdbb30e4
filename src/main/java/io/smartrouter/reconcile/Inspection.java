package io.smartrouter.reconcile;

import io.smartrouter.pool.PodFacts;
import io.smartrouter.pool.PodSource;
import io.smartrouter.pool.PoolProperties;
import io.smartrouter.pool.ReconcileStore;
import io.smartrouter.pool.StoreView;
import io.smartrouter.pool.StoreView.PodLine;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import org.springframework.stereotype.Component;

/**
 * Looks at the data set and judges it. What one look finds wrong may have changed while it read; so where it finds
 * anything it looks once more, and only what is there again on the same evidence counts: see {@link StoreView}.
 */
@Component
public class Inspection {
    private final ReconcileStore store;
    private final PodSource pods;
    private final Limits limits;

    Inspection(ReconcileStore store, PodSource pods, PoolProperties pool, ReconcileProperties properties) {
        this.store = store;
        this.pods = pods;
        this.limits = Limits.of(pool, properties);
    }

    /**
     * How the data set was found.
     *
     * @param view the last look
     * @param plan what both looks found
     */
    record Inspected(StoreView view, ReconcilePlan plan) {
        InvariantReport report() {
            return new InvariantReport(
                    Instant.ofEpochMilli(view.nowMs()),
                    view.open(),
                    Math.toIntExact(view.calls().values().stream()
                            .filter(StoreView.CallLine::isLive)
                            .count()),
                    Math.toIntExact(view.pods().values().stream()
                            .filter(PodLine::isThere)
                            .count()),
                    Math.toIntExact(view.pods().values().stream()
                            .filter(PodLine::isThere)
                            .filter(pod -> view.podCalls()
                                            .getOrDefault(pod.name(), java.util.Set.of())
                                            .size()
                                    > pod.capacity())
                            .count()),
                    plan.findings().stream()
                            .filter(finding -> finding.invariant() != null)
                            .sorted(Comparator.comparing(InvariantReport::key))
                            .toList());
        }
    }

    Inspected inspect() {
        List<PodFacts> firstSeen = pods.pods();
        StoreView first = store.look(firstSeen.stream().map(PodFacts::pod).toList());
        ReconcilePlan plan = ReconcilePlan.of(firstSeen, first, limits);
        if (plan.isEmpty() && plan.findings().isEmpty()) {
            return new Inspected(first, plan);
        }
        List<PodFacts> thenSeen = pods.pods();
        StoreView second = store.look(thenSeen.stream().map(PodFacts::pod).toList());
        if (!second.epoch().equals(first.epoch())) {
            plan = ReconcilePlan.NOTHING; // another data set: the two looks prove nothing together
        } else {
            plan = plan.confirmedBy(ReconcilePlan.of(thenSeen, second, limits));
        }
        return new Inspected(second, plan);
    }

    /**
     * What breaks an invariant now. A violation of the cluster's may be news on its way.
     *
     * @throws io.smartrouter.pool.StoreUnavailableException if the store cannot answer
     */
    public InvariantReport report() {
        return inspect().report();
    }

    /** Whether the watch has seen the whole cluster. */
    boolean clusterSeen() {
        return pods.isComplete();
    }
}
