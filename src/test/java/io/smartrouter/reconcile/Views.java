package io.smartrouter.reconcile;

import io.smartrouter.pool.Incarnation;
import io.smartrouter.pool.PodFacts;
import io.smartrouter.pool.StoreView;
import io.smartrouter.pool.StoreView.CallLine;
import io.smartrouter.pool.StoreView.PodLine;
import io.smartrouter.pool.StoreView.Policy;
import io.smartrouter.pool.StoreView.PoolLine;
import io.smartrouter.pool.StoreView.WaiterLine;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** A data set in order, of which a test damages what it is about. Two pods, a call on the first, one that waits. */
final class Views {
    static final long NOW = 1_800_000_000_000L;
    static final Limits LIMITS = new Limits(Duration.ofHours(4), Duration.ofSeconds(30), Duration.ofSeconds(30));

    final Map<String, CallLine> calls = new TreeMap<>();
    final Map<String, Long> deadlines = new TreeMap<>();
    final Map<String, PodLine> pods = new TreeMap<>();
    final Set<String> podNames = new TreeSet<>();
    final Map<String, Long> podsDue = new TreeMap<>();
    final Map<String, Set<String>> podCalls = new TreeMap<>();
    final Map<String, Set<String>> merchantCalls = new TreeMap<>();
    final Map<String, PoolLine> pools = new TreeMap<>();
    final Map<String, WaiterLine> waiters = new TreeMap<>();
    final Map<String, Long> waiting = new TreeMap<>();
    boolean open = true;

    static Views inOrder() {
        Views views = new Views();
        views.pools.put("gold", new PoolLine(new TreeSet<>(), new TreeSet<>(), new TreeSet<>(), new TreeSet<>()));
        views.pools.put("basic", new PoolLine(new TreeSet<>(), new TreeSet<>(), new TreeSet<>(), new TreeSet<>()));
        views.pod(0);
        views.pod(1);
        views.pool("gold").available().remove("agent-0");
        views.call("c", 0, NOW - 120_000);
        views.waiters.put("w", new WaiterLine("w", "90", List.of("gold")));
        views.waiting.put("w", NOW + 20_000);
        views.pool("gold").queue().add("w");
        return views;
    }

    PoolLine pool(String name) {
        return java.util.Objects.requireNonNull(pools.get(name));
    }

    PodLine pod(String name) {
        return java.util.Objects.requireNonNull(pods.get(name));
    }

    private void pod(int ordinal) {
        String name = "agent-" + ordinal;
        pods.put(name, line(ordinal, "ready", "gold", "", "5"));
        podNames.add(name);
        podCalls.put(name, new TreeSet<>());
        pool("gold").pods().add(name);
        pool("gold").available().add(name);
    }

    static PodLine line(int ordinal, String state, String pool, String movesTo, String seq) {
        return new PodLine(
                "agent-" + ordinal,
                state,
                incarnation(ordinal),
                "7",
                pool,
                "",
                movesTo,
                1,
                "127.0.0.1:" + (9_000 + ordinal),
                "ready",
                false,
                0,
                0,
                seq);
    }

    void call(String sid, int pod, long allocatedAt) {
        calls.put(sid, callLine(sid, "connected", pod, incarnation(pod), allocatedAt, 0));
        deadlines.put(sid, allocatedAt + Duration.ofHours(4).toMillis());
        podCalls.computeIfAbsent("agent-" + pod, name -> new TreeSet<>()).add(sid);
        merchantCalls.computeIfAbsent("m", name -> new TreeSet<>()).add(sid);
    }

    static CallLine callLine(
            String sid, String state, int pod, String incarnation, long allocatedAt, long heartbeatAt) {
        return new CallLine(
                sid, state, "agent-" + pod, incarnation, "m", "lease-" + sid, "6", allocatedAt, 0, heartbeatAt, false);
    }

    static String incarnation(int ordinal) {
        return Incarnation.of("agent-" + ordinal, "uid-" + ordinal, "c").toString();
    }

    static PodFacts facts(int ordinal) {
        return new PodFacts(
                "agent-" + ordinal,
                Incarnation.of("agent-" + ordinal, "uid-" + ordinal, "c"),
                "7",
                PodFacts.Readiness.READY,
                "127.0.0.1:" + (9_000 + ordinal),
                true,
                null,
                null);
    }

    static List<PodFacts> cluster() {
        return List.of(facts(0), facts(1));
    }

    StoreView view() {
        return new StoreView(
                "epoch",
                open,
                NOW,
                NOW - Duration.ofHours(1).toMillis(),
                calls,
                deadlines,
                pods,
                podNames,
                podsDue,
                podCalls,
                merchantCalls,
                pools,
                waiters,
                waiting,
                Map.of("gold", new Policy(1, 2), "basic", new Policy(3, 1)),
                List.of("gold", "basic"));
    }

    ReconcilePlan plan() {
        return ReconcilePlan.of(cluster(), view(), LIMITS);
    }
}
