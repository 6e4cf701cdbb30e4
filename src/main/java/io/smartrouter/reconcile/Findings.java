package io.smartrouter.reconcile;

import static io.smartrouter.pool.Repair.Kind.CALL_DEADLINE;
import static io.smartrouter.pool.Repair.Kind.CALL_INDEXES;
import static io.smartrouter.pool.Repair.Kind.CALL_LOST;
import static io.smartrouter.pool.Repair.Kind.POD_INDEXES;
import static io.smartrouter.pool.Repair.Kind.POD_POOL;
import static io.smartrouter.pool.Repair.Kind.POD_STATE;

import io.smartrouter.pool.Repair;
import io.smartrouter.pool.StoreView;
import io.smartrouter.pool.StoreView.CallLine;
import io.smartrouter.pool.StoreView.PodLine;
import io.smartrouter.pool.StoreView.WaiterLine;
import io.smartrouter.reconcile.Finding.Subject;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Judges a view: each call, pod and waiter by its record, for records are what counts and indexes follow them. */
final class Findings {
    private final StoreView view;
    private final Standing standing;
    private final Limits limits;
    private final List<Finding> findings = new ArrayList<>();

    private Findings(StoreView view, Standing standing, Limits limits) {
        this.view = view;
        this.standing = standing;
        this.limits = limits;
    }

    static List<Finding> of(StoreView view, Standing standing, Limits limits) {
        Findings all = new Findings(view, standing, limits);
        NavigableSet<String> sids = standing.calls();
        sids.addAll(view.calls().keySet());
        sids.addAll(view.deadlines().keySet());
        sids.forEach(all::call);
        NavigableSet<String> pods = new TreeSet<>(view.pods().keySet());
        pods.addAll(view.podNames());
        pods.addAll(view.podsDue().keySet());
        pods.addAll(standing.podsInPools());
        pods.forEach(all::pod);
        NavigableSet<String> waiters = new TreeSet<>(view.waiting().keySet());
        waiters.addAll(view.waiters().keySet());
        view.pools().values().forEach(pool -> waiters.addAll(pool.queue()));
        waiters.forEach(all::waiter);
        return all.findings;
    }

    private void call(String sid) {
        CallLine call = view.calls().get(sid);
        CallLine live = call != null && call.isLive() ? call : null;
        for (String pod : standing.pods(sid)) {
            if (live == null || !pod.equals(live.pod())) {
                call(sid, CALL_INDEXES, "stands in the set of pod " + pod + " and is not on it");
            }
        }
        for (String merchant : standing.merchants(sid)) {
            if (live == null || !merchant.equals(live.merchant())) {
                call(sid, CALL_INDEXES, "stands in the set of merchant " + merchant + " and is not its");
            }
        }
        Long deadline = view.deadlines().get(sid);
        if (live == null) {
            if (deadline != null) {
                call(sid, CALL_INDEXES, "stands in the index of calls and is not live");
            }
            return;
        }
        if (deadline == null) {
            call(sid, CALL_INDEXES, "missing in the index of calls");
        } else if (deadline > latest(live)) {
            add(null, Subject.CALL, sid, "its deadline is later than its record allows", CALL_DEADLINE);
        }
        if (!standing.pods(sid).contains(live.pod())) {
            call(sid, CALL_INDEXES, "missing in the set of pod " + live.pod());
        }
        if (!live.merchant().isEmpty() && !standing.merchants(sid).contains(live.merchant())) {
            call(sid, CALL_INDEXES, "missing in the set of merchant " + live.merchant());
        }
        PodLine pod = view.pods().get(live.pod());
        if (pod == null) {
            call(sid, CALL_LOST, "pod " + live.pod() + " is not known");
        } else if (!pod.isThere()) {
            call(sid, CALL_LOST, "pod " + live.pod() + " is gone");
        } else if (!pod.incarnation().equals(live.incarnation())) {
            call(sid, CALL_LOST, "names another incarnation than pod " + live.pod() + " has");
        }
    }

    /** As {@code repair.lua} has it: a settlement moves deadlines to twice the quarantine, a restored call has one more. */
    private long latest(CallLine call) {
        long own = call.state().equals("allocated") && call.connectByMs() > 0
                ? call.connectByMs()
                : call.allocatedAtMs() + limits.maxLength().toMillis();
        long twice = 2 * limits.quarantine().toMillis();
        return Math.max(own, view.openedAtMs() + twice) + twice;
    }

    private void pod(String name) {
        PodLine pod = view.pods().get(name);
        Set<String> calls = view.podCalls().getOrDefault(name, Set.of());
        boolean named = view.podNames().contains(name);
        if (pod == null || !pod.isThere()) {
            String what = pod == null ? "has no record" : "is gone";
            if (named) {
                pod(name, Invariant.PODS, POD_INDEXES, what + ", and stands in the set of pods");
            }
            for (String pool : standing.pools(name)) {
                pod(name, Invariant.PODS, POD_INDEXES, what + ", and stands in pool " + pool);
            }
            if (view.podsDue().containsKey(name)) {
                pod(name, null, POD_INDEXES, what + ", and stands in the index of what is due");
            }
            if (pod != null && !calls.isEmpty()) {
                pod(name, Invariant.PODS, null, what + ", and holds calls");
            }
            return;
        }
        if (!named) {
            pod(name, Invariant.PODS, POD_INDEXES, "missing in the set of pods");
        }
        places(pod, calls);
        String now = pod.derivedAt(view.nowMs());
        if (!pod.state().equals(now) && !pod.state().equals(pod.derivedAt(view.nowMs() - Limits.DUE_MS))) {
            pod(name, null, POD_STATE, "is " + pod.state() + " and its facts say " + now);
        }
        boolean waits = pod.probeFailedUntilMs() > view.nowMs() || pod.quarantinedUntilMs() > view.nowMs();
        if (waits && !view.podsDue().containsKey(name)) {
            pod(name, null, POD_STATE, "missing in the index of what is due");
        }
        if (!pod.movesTo().isEmpty() && calls.isEmpty() && view.policies().containsKey(pod.movesTo())) {
            pod(name, null, POD_INDEXES, "awaits a move and has no call");
        }
        String belongs = belongsIn(view, pod);
        if (belongs != null) {
            pod(name, null, POD_POOL, "belongs in pool " + belongs + " and is in " + pod.pool());
        }
    }

    private void places(PodLine pod, Set<String> calls) {
        boolean takes = pod.state().equals("ready")
                && calls.size() < pod.capacity()
                && pod.movesTo().isEmpty();
        for (String pool : standing.pools(pod.name())) {
            if (!pool.equals(pod.pool())) {
                pod(pod.name(), Invariant.PODS, POD_INDEXES, "stands in pool " + pool + " besides its own");
            }
        }
        StoreView.PoolLine own = view.pools().get(pod.pool());
        if (own == null || !own.pods().contains(pod.name())) {
            pod(pod.name(), Invariant.PODS, POD_INDEXES, "missing in its pool " + pod.pool());
        }
        boolean available = own != null && own.available().contains(pod.name());
        if (takes && !available) {
            pod(pod.name(), Invariant.PODS, POD_INDEXES, "is ready with a free slot and not available");
        } else if (available && calls.size() >= pod.capacity()) {
            pod(pod.name(), Invariant.CAPACITY, POD_INDEXES, "is available without a free slot");
        } else if (available && !takes) {
            pod(pod.name(), Invariant.PODS, POD_INDEXES, "is available and takes no calls");
        }
    }

    /** The pool that its labels ask for, or if its own does not exist the one that lacks most; null if it is right. */
    static @Nullable String belongsIn(StoreView view, PodLine pod) {
        if (view.policies().containsKey(pod.wanted())) {
            boolean there = pod.wanted().equals(pod.pool()) || pod.wanted().equals(pod.movesTo());
            return there ? null : pod.wanted();
        }
        if (view.policies().containsKey(pod.pool())
                || view.policies().containsKey(pod.movesTo())
                || view.order().isEmpty()) {
            return null;
        }
        String best = view.order().getLast();
        int most = 0;
        for (String pool : view.order()) {
            StoreView.Policy policy = view.policies().get(pool);
            StoreView.PoolLine line = view.pools().get(pool);
            int lacks = (policy == null ? 0 : policy.target())
                    - (line == null ? 0 : line.pods().size());
            if (lacks > most) {
                most = lacks;
                best = pool;
            }
        }
        return best;
    }

    private void waiter(String sid) {
        WaiterLine waiter = view.waiters().get(sid);
        if (waiter == null) {
            if (view.waiting().containsKey(sid)) {
                waiter(sid, "waits without a record");
            }
            standing.queues(sid).forEach(pool -> waiter(sid, "waits for " + pool + " without a record"));
            return;
        }
        Collection<String> queues = standing.queues(sid);
        if (!view.waiting().containsKey(sid)) {
            waiter(sid, "missing in the index of who waits");
        }
        queues.stream()
                .filter(pool -> !waiter.pools().contains(pool))
                .forEach(pool -> waiter(sid, "waits for " + pool + ", and its record does not say so"));
        waiter.pools().stream()
                .filter(pool -> !queues.contains(pool))
                .forEach(pool -> waiter(sid, "missing in the queue of " + pool));
        CallLine call = view.calls().get(sid);
        if (call != null && !call.state().equals("lost")) {
            waiter(sid, "waits and is " + call.state());
        }
    }

    private void call(String sid, Repair.Kind kind, String detail) {
        add(Invariant.CALLS, Subject.CALL, sid, detail, kind);
    }

    private void waiter(String sid, String detail) {
        add(Invariant.WAITING, Subject.CALL, sid, detail, Repair.Kind.WAITER);
    }

    private void pod(String name, @Nullable Invariant invariant, Repair.@Nullable Kind kind, String detail) {
        add(invariant, Subject.POD, name, detail, kind);
    }

    private void add(
            @Nullable Invariant invariant, Subject subject, String name, String detail, Repair.@Nullable Kind kind) {
        findings.add(new Finding(invariant, subject, name, detail, seq(subject, name, kind), kind));
    }

    private String seq(Subject subject, String name, Repair.@Nullable Kind kind) {
        if (subject == Subject.POD) {
            PodLine pod = view.pods().get(name);
            return pod == null ? "" : pod.seq();
        }
        if (kind == Repair.Kind.WAITER) {
            WaiterLine waiter = view.waiters().get(name);
            return waiter == null ? "" : waiter.arrived();
        }
        CallLine call = view.calls().get(name);
        return call == null ? "" : call.seq();
    }

    /** The findings of one way of mending, in order. */
    static List<Finding> of(List<Finding> findings, Set<Repair.Kind> kinds) {
        return findings.stream()
                .filter(finding -> finding.kind() != null && kinds.contains(Objects.requireNonNull(finding.kind())))
                .toList();
    }
}
