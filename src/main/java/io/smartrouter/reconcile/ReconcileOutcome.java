package io.smartrouter.reconcile;

import io.smartrouter.pool.ReconcileStore;
import io.smartrouter.pool.Repair;
import java.util.List;
import java.util.Set;

/** What came of reconciling. */
public sealed interface ReconcileOutcome {
    /**
     * The plan, of which nothing was done.
     *
     * @param report how the data set was found
     * @param plan what would be done
     */
    record Planned(InvariantReport report, ReconcilePlan plan) implements ReconcileOutcome {}

    /**
     * It was done.
     *
     * @param report how the data set was at the end
     * @param done each repair with its outcome, in order
     * @param told names of pods that the store is told of, or Kubernetes asked about
     */
    record Reconciled(InvariantReport report, List<Done> done, Set<String> told) implements ReconcileOutcome {
        /** Copies list and set. */
        public Reconciled {
            done = List.copyOf(done);
            told = Set.copyOf(told);
        }
    }

    /** Another router, or another request to this one, reconciles now. */
    record Busy() implements ReconcileOutcome {}

    /** The watch has not seen the cluster yet: who does not know the pods repairs nothing. */
    record ClusterUnseen() implements ReconcileOutcome {}

    /**
     * One repair.
     *
     * @param repair what was planned
     * @param outcome what came of it
     */
    record Done(Repair repair, ReconcileStore.Outcome outcome) {}
}
