package io.smartrouter.reconcile;

import io.smartrouter.podwatch.Comparison;
import io.smartrouter.podwatch.PodNews;
import io.smartrouter.pool.Incarnation;
import io.smartrouter.pool.InvalidInputException;
import io.smartrouter.pool.PodFacts;
import io.smartrouter.pool.Repair;
import io.smartrouter.pool.Repair.Evidence;
import io.smartrouter.pool.Repair.Kind;
import io.smartrouter.pool.StoreView;
import io.smartrouter.pool.StoreView.CallLine;
import io.smartrouter.pool.StoreView.PodLine;
import io.smartrouter.reconcile.Finding.Subject;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The difference between a data set and what it should be: pure, from what the watch sees of the cluster and one look
 * at the store. Nothing in it is proof of anything; each part carries what it was planned on.
 *
 * @param findings what is wrong
 * @param repairs what to mend in the store: waiters, then calls, then pods
 * @param pods what to tell the store of pods, or to ask Kubernetes first
 * @param unknown calls whose pod the store does not know: Kubernetes is asked whether their incarnation is gone
 * @param agents pods whose agents can be asked how many calls they serve
 */
public record ReconcilePlan(
        List<Finding> findings,
        List<Repair> repairs,
        List<PodNews> pods,
        List<LostQuestion> unknown,
        List<AgentQuestion> agents) {
    /** The plan of whoever must not touch anything. */
    static final ReconcilePlan NOTHING = new ReconcilePlan(List.of(), List.of(), List.of(), List.of(), List.of());

    private static final Set<Kind> OF_CALLS = EnumSet.of(Kind.CALL_INDEXES, Kind.CALL_DEADLINE, Kind.CALL_LOST);
    private static final Set<Kind> OF_PODS = EnumSet.of(Kind.POD_INDEXES, Kind.POD_STATE, Kind.POD_POOL);

    /** Copies the lists. */
    public ReconcilePlan {
        findings = List.copyOf(findings);
        repairs = List.copyOf(repairs);
        pods = List.copyOf(pods);
        unknown = List.copyOf(unknown);
        agents = List.copyOf(agents);
    }

    /**
     * Makes it.
     *
     * @param cluster all pods that a synced watch sees
     * @param store one look at the store
     * @param limits the times to judge by
     */
    static ReconcilePlan of(Collection<PodFacts> cluster, StoreView store, Limits limits) {
        if (!store.open()) {
            return NOTHING; // a settlement is at work, and knows better
        }
        Standing standing = new Standing(store);
        List<Finding> findings = new ArrayList<>(Findings.of(store, standing, limits));
        List<PodNews> pods = Comparison.of(cluster, stored(store));
        pods.forEach(news -> clusterFinding(store, news, findings));
        Planner planner = new Planner(cluster, store, standing);
        Map<String, List<Finding>> waiters = bySubject(Findings.of(findings, EnumSet.of(Kind.WAITER)));
        Map<String, List<Finding>> calls = bySubject(Findings.of(findings, OF_CALLS));
        Map<String, List<Finding>> ofPods = bySubject(Findings.of(findings, OF_PODS));
        List<Repair> repairs = new ArrayList<>();
        waiters.forEach((sid, found) -> repairs.add(planner.waiter(sid, found)));
        List<LostQuestion> unknown = new ArrayList<>();
        calls.forEach((sid, found) -> planner.call(sid, found, repairs, unknown));
        ofPods.forEach((pod, found) -> repairs.add(planner.pod(pod, found)));
        return new ReconcilePlan(findings, repairs, pods, unknown, AgentQuestion.of(store, limits));
    }

    /** Whether there is nothing to mend, to tell or to ask Kubernetes. */
    public boolean isEmpty() {
        return repairs.isEmpty() && pods.isEmpty() && unknown.isEmpty();
    }

    /** What a second look, begun after this one's end, found again on the same evidence: that is proven. */
    ReconcilePlan confirmedBy(ReconcilePlan second) {
        return new ReconcilePlan(
                both(findings, second.findings),
                both(repairs, second.repairs),
                both(pods, second.pods),
                both(unknown, second.unknown),
                second.agents);
    }

    private static <T> List<T> both(List<T> first, List<T> second) {
        Set<T> seen = Set.copyOf(first);
        return second.stream().filter(seen::contains).toList();
    }

    private static Map<String, List<Finding>> bySubject(List<Finding> findings) {
        return findings.stream().collect(Collectors.groupingBy(Finding::name, TreeMap::new, Collectors.toList()));
    }

    private static List<Comparison.Stored> stored(StoreView store) {
        List<Comparison.Stored> stored = new ArrayList<>();
        for (PodLine pod : store.pods().values()) {
            if (pod.isThere()) {
                try {
                    stored.add(new Comparison.Stored(pod.name(), Incarnation.parse(pod.incarnation()), pod.version()));
                } catch (InvalidInputException e) {
                    // A record that names no incarnation is nobody's to ask about.
                }
            }
        }
        return stored;
    }

    private static void clusterFinding(StoreView store, PodNews news, List<Finding> findings) {
        PodLine pod = store.pods().get(news.pod());
        boolean known = pod != null && pod.isThere();
        switch (news) {
            case PodNews.Missing missing ->
                findings.add(new Finding(
                        Invariant.CLUSTER, Subject.POD, news.pod(), "is registered and not seen", "", null));
            case PodNews.Seen seen
            when !known ->
                findings.add(new Finding(
                        Invariant.CLUSTER, Subject.POD, news.pod(), "is seen and not registered", "", null));
            case PodNews.Seen newer -> {}
            case PodNews.Deleted deleted -> {}
        }
    }

    /** Turns what is wrong with one name into one repair with its evidence. */
    private record Planner(Collection<PodFacts> cluster, StoreView store, Standing standing) {
        private static final Comparator<Kind> GRAVEST = Comparator.naturalOrder();

        Repair waiter(String sid, List<Finding> found) {
            StoreView.WaiterLine waiter = store.waiters().get(sid);
            Evidence seen = new Evidence(waiter == null ? "" : waiter.arrived(), "", "", "");
            return new Repair(Kind.WAITER, sid, seen, standing.ofWaiter(sid), null, false, details(found));
        }

        void call(String sid, List<Finding> found, List<Repair> repairs, List<LostQuestion> unknown) {
            CallLine call = store.calls().get(sid);
            List<Finding> lost =
                    found.stream().filter(f -> f.kind() == Kind.CALL_LOST).toList();
            List<Finding> others =
                    found.stream().filter(f -> f.kind() != Kind.CALL_LOST).toList();
            Evidence seen = call == null
                    ? Evidence.NONE
                    : new Evidence(call.seq(), call.lease(), incarnationOfPod(call.pod()), "");
            if (!lost.isEmpty() && call != null) {
                boolean known = store.pods().containsKey(call.pod());
                Repair repair = new Repair(Kind.CALL_LOST, sid, seen, standing.ofCall(sid), null, false, details(lost));
                if (known) {
                    repairs.add(repair);
                    return; // it leaves its indexes with that; what it stands in besides is found after it
                }
                unknown.add(new LostQuestion(repair, call.pod(), call.incarnation()));
            }
            if (!others.isEmpty()) {
                repairs.add(new Repair(gravest(others), sid, seen, standing.ofCall(sid), null, false, details(others)));
            }
        }

        Repair pod(String name, List<Finding> found) {
            PodLine pod = store.pods().get(name);
            Evidence seen = pod == null ? Evidence.NONE : new Evidence(pod.seq(), "", pod.incarnation(), pod.version());
            Kind kind = gravest(found);
            boolean misplaced = found.stream().anyMatch(f -> f.kind() == Kind.POD_POOL);
            String pool = misplaced && kind == Kind.POD_POOL && pod != null ? Findings.belongsIn(store, pod) : null;
            return new Repair(kind, name, seen, standing.ofPod(name), pool, false, details(found));
        }

        private String incarnationOfPod(String name) {
            PodLine pod = store.pods().get(name);
            return pod == null ? "" : pod.incarnation();
        }

        private static Kind gravest(List<Finding> found) {
            return found.stream()
                    .map(f -> Objects.requireNonNull(f.kind()))
                    .min(GRAVEST)
                    .orElseThrow();
        }

        private static List<String> details(List<Finding> found) {
            return found.stream().map(Finding::detail).toList();
        }
    }
}
