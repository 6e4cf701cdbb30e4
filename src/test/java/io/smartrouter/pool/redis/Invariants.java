package io.smartrouter.pool.redis;

import com.google.errorprone.annotations.FormatMethod;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** DESIGN's invariants, judged on a whole dump. Each finding is a sentence; none is good. */
final class Invariants {
    private final RedisDump dump;
    private final String prefix;
    private final List<String> violations = new ArrayList<>();

    private final Set<String> withoutRecord;

    private Invariants(RedisDump dump, String prefix, Set<String> withoutRecord) {
        this.dump = dump;
        this.withoutRecord = withoutRecord;
        this.prefix = prefix + ":";
    }

    static List<String> violations(RedisDump dump, String prefix) {
        return violations(dump, prefix, Set.of());
    }

    /**
     * The same, of a data set that was damaged.
     *
     * @param withoutRecord pods whose records were taken away
     */
    static List<String> violations(RedisDump dump, String prefix, Set<String> withoutRecord) {
        Invariants invariants = new Invariants(dump, prefix, withoutRecord);
        invariants.calls();
        invariants.pods();
        invariants.waiters();
        return invariants.violations;
    }

    private void calls() {
        Set<String> live = new TreeSet<>();
        for (String sid : dump.names(dump.hashes(), prefix + "call:", "")) {
            Map<String, String> call = dump.hashes().get(prefix + "call:" + sid);
            boolean isLive = Set.of("allocated", "connected").contains(call.get("state"));
            String pod = call.getOrDefault("pod", "");
            String merchant = call.getOrDefault("merchant", "");
            for (String other : dump.names(dump.sets(), prefix + "pod:", ":calls")) {
                boolean stands = dump.set(prefix + "pod:" + other + ":calls").contains(sid);
                check(stands == (isLive && other.equals(pod)), "call %s in the set of pod %s", sid, other);
            }
            for (String other : dump.names(dump.sets(), prefix + "merchant:", ":calls")) {
                boolean stands =
                        dump.set(prefix + "merchant:" + other + ":calls").contains(sid);
                check(stands == (isLive && other.equals(merchant)), "call %s in the set of merchant %s", sid, other);
            }
            check(dump.zset(prefix + "calls").containsKey(sid) == isLive, "call %s in the index of deadlines", sid);
            if (isLive) {
                live.add(sid);
                Map<String, String> record = dump.hashes().getOrDefault(prefix + "pod:" + pod, Map.of());
                boolean unknown = withoutRecord.contains(pod);
                check(
                        unknown || (!record.isEmpty() && !"gone".equals(record.get("state"))),
                        "call %s on a gone pod %s",
                        sid,
                        pod);
                check(
                        unknown || call.getOrDefault("incarnation", "").equals(record.get("incarnation")),
                        "call %s names another incarnation than pod %s",
                        sid,
                        pod);
                check(dump.set(prefix + "pod:" + pod + ":calls").contains(sid), "call %s missing on pod %s", sid, pod);
                check(
                        merchant.isEmpty()
                                || dump.set(prefix + "merchant:" + merchant + ":calls")
                                        .contains(sid),
                        "call %s missing at merchant %s",
                        sid,
                        merchant);
            }
        }
        // An index may also name what has no record at all.
        for (String pod : dump.names(dump.sets(), prefix + "pod:", ":calls")) {
            for (String sid : dump.set(prefix + "pod:" + pod + ":calls")) {
                check(live.contains(sid), "call %s in the set of pod %s is not live", sid, pod);
            }
        }
        for (String merchant : dump.names(dump.sets(), prefix + "merchant:", ":calls")) {
            for (String sid : dump.set(prefix + "merchant:" + merchant + ":calls")) {
                check(live.contains(sid), "call %s in the set of merchant %s is not live", sid, merchant);
            }
        }
        check(live.equals(dump.zset(prefix + "calls").keySet()), "index of calls differs from the live records");
    }

    /** Who waits stands in the queues of its chain and in no other, and holds no pod. */
    private void waiters() {
        Set<String> waiting = dump.names(dump.hashes(), prefix + "waiter:", "");
        check(
                waiting.equals(dump.zset(prefix + "waiting").keySet()),
                "index of waiting calls differs from the records");
        for (String pool : dump.names(dump.scores(), prefix + "waiting:", "")) {
            for (String sid : dump.zset(prefix + "waiting:" + pool).keySet()) {
                Map<String, String> waiter = dump.hashes().getOrDefault(prefix + "waiter:" + sid, Map.of());
                check(
                        List.of(waiter.getOrDefault("pools", "").split(" ", -1)).contains(pool),
                        "call %s waits for %s, and its record does not say so",
                        sid,
                        pool);
            }
        }
        for (String sid : waiting) {
            Map<String, String> waiter = dump.hashes().get(prefix + "waiter:" + sid);
            for (String pool : waiter.getOrDefault("pools", "").split(" ", -1)) {
                check(
                        pool.isEmpty() || dump.zset(prefix + "waiting:" + pool).containsKey(sid),
                        "call %s missing in the queue of %s",
                        sid,
                        pool);
            }
            String state =
                    dump.hashes().getOrDefault(prefix + "call:" + sid, Map.of()).getOrDefault("state", "");
            check(!Set.of("allocated", "connected", "ended").contains(state), "call %s waits and is %s", sid, state);
        }
    }

    private void pods() {
        Set<String> registered = new TreeSet<>();
        for (String name : dump.names(dump.hashes(), prefix + "pod:", "")) {
            Map<String, String> pod = dump.hashes().get(prefix + "pod:" + name);
            if (!"gone".equals(pod.get("state"))) {
                registered.add(name);
                pod(name, pod);
            } else {
                check(dump.set(prefix + "pod:" + name + ":calls").isEmpty(), "gone pod %s holds calls", name);
                for (String pool : pools()) {
                    check(!standsIn(name, pool), "gone pod %s stands in %s", name, pool);
                }
            }
        }
        check(withoutRecord.stream().noneMatch(registered::contains), "a pod without a record has one");
        registered.addAll(withoutRecord);
        check(registered.equals(dump.set(prefix + "pods")), "set of pods differs from the records");
        for (String pool : pools()) {
            check(registered.containsAll(members(pool)), "pool %s holds a pod that is not registered", pool);
        }
    }

    private void pod(String name, Map<String, String> pod) {
        int calls = dump.set(prefix + "pod:" + name + ":calls").size();
        int capacity = Integer.parseInt(pod.getOrDefault("capacity", "0"));
        boolean takes = "ready".equals(pod.get("state"))
                && calls < capacity
                && pod.getOrDefault("moves_to", "").isEmpty();
        for (String pool : pools()) {
            boolean own = pool.equals(pod.get("pool"));
            check(dump.set(prefix + "pool:" + pool + ":pods").contains(name) == own, "pod %s in pool %s", name, pool);
            check(
                    dump.zset(prefix + "pool:" + pool + ":available").containsKey(name) == (own && takes),
                    "pod %s (%s, %s calls) among the available of %s",
                    name,
                    pod.get("state"),
                    calls,
                    pool);
        }
        check(
                dump.set(prefix + "pool:" + pod.get("pool") + ":pods").contains(name),
                "pod %s missing in its pool %s",
                name,
                pod.get("pool"));
        check(
                !takes
                        || dump.zset(prefix + "pool:" + pod.get("pool") + ":available")
                                .containsKey(name),
                "pod %s missing among the available",
                name);
    }

    private Set<String> pools() {
        Set<String> pools = dump.names(dump.sets(), prefix + "pool:", ":pods");
        pools.addAll(dump.names(dump.scores(), prefix + "pool:", ":available"));
        return pools;
    }

    private Set<String> members(String pool) {
        Set<String> members = new TreeSet<>(dump.set(prefix + "pool:" + pool + ":pods"));
        members.addAll(dump.zset(prefix + "pool:" + pool + ":available").keySet());
        members.addAll(dump.zset(prefix + "pool:" + pool + ":probe_failed").keySet());
        return members;
    }

    private boolean standsIn(String pod, String pool) {
        return members(pool).contains(pod);
    }

    @FormatMethod
    private void check(boolean holds, String sentence, Object... args) {
        if (!holds) {
            violations.add(sentence.formatted(args));
        }
    }
}
