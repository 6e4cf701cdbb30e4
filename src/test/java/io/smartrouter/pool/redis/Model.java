package io.smartrouter.pool.redis;

import io.smartrouter.pool.LeaseClaim;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What the scripts should do, said a second time in plain Java, without atomicity, indexes or Redis. */
final class Model {
    static final long QUARANTINE = 30_000;
    static final long MAX_LENGTH = 4 * 3_600_000L;
    static final long CONNECT = 5_000;
    static final long BACK_OFF = 5_000;
    static final long BACK_OFF_MAX = 60_000;

    /** A pool's policy. */
    record Policy(int capacity, int target, String scoring) {}

    /** A configuration. */
    record Config(
            List<String> order,
            List<String> chain,
            Map<String, List<String>> chains,
            Map<String, Integer> limits,
            Map<String, Policy> policies) {
        @Nullable
        Policy policy(String pool) {
            Policy policy = policies.get(pool);
            return policy == null && pool.startsWith("merchant:") ? new Policy(1, 0, "lru") : policy;
        }
    }

    static final class Pod {
        String name = "";
        String object = "";
        String container = "";
        long version;
        String pool = "";
        String movesTo = "";
        String wanted = "";
        int capacity;
        String scoring = "";
        String kubernetes = "";
        boolean drained;
        long probeFailedUntil;
        int probeFailures;
        long quarantinedUntil;
        long used;
        boolean gone;
        String state = "gone"; // as derived when a transition last touched it
        long dueAt; // when that state changes by time alone, or 0
        Set<String> calls = new TreeSet<>();

        String incarnation() {
            return object + "." + container;
        }
    }

    static final class Call {
        String state = "";
        String pod = "";
        String pool = "";
        String incarnation = "";
        String lease = "";
        String provider = "";
        String account = "";
        String merchant = "";
        long allocatedAt;
        long connectBy;
        long deadline;
        String endReason = "";

        boolean live() {
            return state.equals("allocated") || state.equals("connected");
        }
    }

    final Map<String, Pod> pods = new TreeMap<>();
    final Map<String, Call> calls = new TreeMap<>();
    final Map<String, String> locks = new TreeMap<>();
    final List<LeaseClaim> claims = new ArrayList<>();
    Config config;
    long now;
    long openedAt;
    private long step;

    Model(Config config, long now) {
        this.config = config;
        this.now = now;
    }

    // ------------------------------------------------------------------------------------------- facts

    private String derived(Pod pod) {
        if (pod.kubernetes.equals("deleting") || pod.drained) {
            return "draining";
        }
        boolean suspect = !pod.kubernetes.equals("ready") || pod.probeFailedUntil > now || pod.quarantinedUntil > now;
        return suspect ? "suspect" : "ready";
    }

    private void touch(Pod pod) {
        pod.state = derived(pod);
        pod.dueAt = Stream.of(pod.probeFailedUntil, pod.quarantinedUntil)
                .filter(until -> until > now)
                .min(Comparator.naturalOrder())
                .orElse(0L);
    }

    boolean takes(Pod pod) {
        return !pod.gone && pod.state.equals("ready") && pod.calls.size() < pod.capacity && pod.movesTo.isEmpty();
    }

    private long score(Pod pod) {
        return switch (pod.scoring) {
            case "pack" -> Long.parseLong(pod.name.substring(pod.name.lastIndexOf('-') + 1));
            case "load" -> pod.calls.size();
            default -> pod.used;
        };
    }

    private Optional<Pod> first(List<String> chain, Set<String> tried) {
        for (String pool : chain) {
            Optional<Pod> pod = pods.values().stream()
                    .filter(candidate -> takes(candidate) && candidate.pool.equals(pool))
                    .sorted(Comparator.comparingLong(this::score).thenComparing(candidate -> candidate.name))
                    .limit(4)
                    .filter(candidate -> !tried.contains(candidate.name))
                    .findFirst();
            if (pod.isPresent()) {
                return pod;
            }
        }
        return Optional.empty();
    }

    private List<String> chain(String merchant) {
        return config.chains().getOrDefault(merchant, config.chain());
    }

    private void freeSlot(Pod pod, String sid) {
        pod.calls.remove(sid);
        pod.used = ++step;
        Policy next = pod.movesTo.isEmpty() ? null : config.policy(pod.movesTo);
        if (pod.calls.isEmpty() && next != null) {
            move(pod, pod.movesTo, next);
            touch(pod);
        }
    }

    private static void move(Pod pod, String pool, Policy policy) {
        pod.pool = pool;
        pod.movesTo = "";
        pod.capacity = policy.capacity();
        pod.scoring = policy.scoring();
    }

    private static void takeDown(Call call, String state, String reason) {
        call.state = state;
        call.endReason = reason;
    }

    private void give(String sid, Call call, Pod pod) {
        call.pod = pod.name;
        call.pool = pod.pool;
        call.incarnation = pod.incarnation();
        call.state = "allocated";
        pod.calls.add(sid);
        calls.put(sid, call);
    }

    private static boolean owner(Call call, String provider, String account) {
        if (!call.provider.isEmpty() && !provider.isEmpty() && !call.provider.equals(provider)) {
            return false;
        }
        return call.account.isEmpty() || account.isEmpty() || call.account.equals(account);
    }

    // ------------------------------------------------------------------------------------------- calls

    String allocate(String sid, String provider, String account, String merchant, String lease, String lock) {
        Call call = calls.get(sid);
        if (call != null) {
            if (!owner(call, provider, account)) {
                return "not_owner";
            }
            if (call.state.equals("ended")) {
                return "ended " + call.endReason;
            }
        }
        String held = locks.get(sid);
        if (held != null && !held.equals(lock)) {
            return "busy";
        }
        if (call != null && call.live()) {
            return "existing " + call.pod + " " + call.lease;
        }
        Call given = new Call();
        given.provider = call != null && !call.provider.isEmpty() ? call.provider : provider;
        given.account = call != null && !call.account.isEmpty() ? call.account : account;
        given.merchant = call != null && !call.merchant.isEmpty() ? call.merchant : merchant;
        Integer limit = config.limits().get(given.merchant);
        if (limit != null
                && calls.values().stream()
                                .filter(other -> other.live() && other.merchant.equals(given.merchant))
                                .count()
                        >= limit) {
            return "merchant_limit";
        }
        Optional<Pod> pod = first(chain(given.merchant), Set.of());
        if (pod.isEmpty()) {
            return due() ? "due" : "exhausted " + String.join(" ", chain(given.merchant));
        }
        step++;
        given.lease = lease;
        given.allocatedAt = now;
        given.connectBy = now + CONNECT;
        given.deadline = now + CONNECT;
        give(sid, given, pod.get());
        if (!lock.isEmpty()) {
            locks.put(sid, lock);
        }
        return "allocated " + pod.get().name + " " + lease;
    }

    private boolean due() {
        return calls.values().stream().anyMatch(call -> call.live() && call.deadline <= now)
                || pods.values().stream().anyMatch(this::isDue);
    }

    private boolean isDue(Pod pod) {
        return !pod.gone && pod.dueAt > 0 && pod.dueAt <= now;
    }

    String replace(String sid, String held, String lock, String next, Set<String> tried) {
        Call call = calls.get(sid);
        if (call == null || !lock.equals(locks.get(sid)) || !call.live() || !call.lease.equals(held)) {
            return "stale";
        }
        Optional<Pod> pod = first(chain(call.merchant), tried);
        if (pod.isEmpty()) {
            return withdraw(sid, held, lock);
        }
        step++;
        freeSlot(pods.get(call.pod), sid);
        call.lease = next;
        call.allocatedAt = now;
        call.connectBy = now + CONNECT;
        call.deadline = now + CONNECT;
        give(sid, call, pod.get());
        return "allocated " + pod.get().name + " " + next;
    }

    String withdraw(String sid, String held, String lock) {
        Call call = calls.get(sid);
        if (call == null || !lock.equals(locks.get(sid)) || !call.live() || !call.lease.equals(held)) {
            return "stale";
        }
        calls.remove(sid);
        locks.remove(sid);
        freeSlot(pods.get(call.pod), sid);
        return "exhausted " + String.join(" ", chain(call.merchant));
    }

    String release(String sid, String right, String provider, String account, String lease, String reason) {
        Call call = calls.get(sid);
        if (call == null) {
            if (right.equals("holder") || !lease.isEmpty()) {
                return "unknown";
            }
            step++;
            Call tombstone = new Call();
            tombstone.state = "ended";
            tombstone.endReason = reason;
            tombstone.provider = provider;
            tombstone.account = account;
            calls.put(sid, tombstone);
            return "unknown";
        }
        if (right.equals("owner") && !owner(call, provider, account)) {
            return "not_owner";
        }
        if (call.state.equals("ended")) {
            return "already_ended " + call.pod;
        }
        if (!lease.isEmpty() && (!call.lease.equals(lease) || call.state.equals("lost"))) {
            return "stale_lease";
        }
        if (call.state.equals("lost")) {
            takeDown(call, "ended", reason);
            return "already_ended " + call.pod;
        }
        Pod pod = pods.get(call.pod);
        takeDown(call, "ended", reason);
        freeSlot(pod, sid);
        return "released " + pod.name + " " + pod.pool + " " + pod.state.equals("draining");
    }

    String heartbeat(LeaseClaim claim) {
        String sid = claim.call().value();
        Call call = calls.get(sid);
        Pod pod = pods.get(claim.pod());
        if (pod != null && pod.gone) {
            pod = null;
        }
        if (call != null && call.live() && call.lease.equals(claim.lease().value())) {
            if (call.state.equals("allocated")) {
                call.state = "connected";
                call.deadline = call.allocatedAt + MAX_LENGTH;
            }
            return "live";
        }
        long allocatedAt = claim.allocatedAt().toEpochMilli();
        boolean older = allocatedAt < openedAt;
        String incarnation = claim.incarnation().toString();
        if (call == null && older && pod != null && pod.incarnation().equals(incarnation)) {
            Call restored = new Call();
            restored.provider = text(claim.provider());
            restored.account = text(claim.account());
            restored.merchant = text(claim.merchant());
            restored.lease = claim.lease().value();
            restored.allocatedAt = allocatedAt;
            restored.connectBy =
                    claim.connectBy() == null ? 0 : claim.connectBy().toEpochMilli();
            restored.deadline = Math.max(allocatedAt + MAX_LENGTH, now + QUARANTINE);
            step++;
            give(sid, restored, pod);
            restored.pool = claim.pool();
            restored.state = "connected";
            return "restored";
        }
        if (pod != null
                && pod.quarantinedUntil > now
                && pod.object.equals(claim.incarnation().object())) {
            pod.quarantinedUntil = Math.max(pod.quarantinedUntil, now + QUARANTINE);
            step++;
            touch(pod);
        }
        if (call != null) {
            return call.state.equals("ended") ? "ended" : "stale_lease";
        }
        if (!older) {
            return "unknown_call";
        }
        return pod == null ? "unknown_pod" : "stale_lease";
    }

    // ------------------------------------------------------------------------------------------- pods

    String observed(
            String name,
            String object,
            String container,
            long version,
            String kubernetes,
            String wanted,
            boolean registrable,
            boolean settling) {
        Pod pod = pods.get(name);
        if (pod != null && version <= pod.version) {
            return "stale";
        }
        boolean known = pod != null && !pod.gone;
        boolean same = pod != null && pod.object.equals(object);
        if (pod != null && !known && same) {
            return "stale";
        }
        boolean replaces = known && (!same || (!container.isEmpty() && !container.equals(pod.container)));
        if (replaces && !same && !registrable) {
            List<String> lost = lose(pod);
            bury(pod, version);
            return "gone " + String.join(" ", lost);
        }
        if (!known && !registrable) {
            return "not_registrable";
        }
        if (known && !replaces) {
            pod.version = version;
            pod.kubernetes = kubernetes;
            pod.wanted = wanted;
            Policy policy = wanted.isEmpty() ? null : config.policy(wanted);
            step++;
            if (policy != null && !wanted.equals(pod.pool)) {
                if (pod.calls.isEmpty()) {
                    move(pod, wanted, policy);
                } else {
                    pod.movesTo = wanted;
                }
            } else if (wanted.equals(pod.pool)) {
                pod.movesTo = "";
            }
            touch(pod);
            return "updated";
        }
        String pool = choosePool(wanted);
        if (known && wanted.isEmpty() && config.policy(pod.pool) != null) {
            pool = pod.pool;
        }
        boolean hadCalls = known && !pod.calls.isEmpty();
        long quarantine = 0;
        if (replaces && same && (hadCalls || pod.quarantinedUntil > now)) {
            quarantine = now + QUARANTINE;
        } else if (!known) {
            long first = settling ? now : openedAt;
            if (first + QUARANTINE > now) {
                quarantine = first + QUARANTINE;
            }
        }
        List<String> lost = known ? lose(pod) : List.of();
        Pod made = new Pod();
        made.name = name;
        made.object = object;
        made.container = container;
        made.version = version;
        made.kubernetes = kubernetes;
        made.wanted = wanted;
        made.quarantinedUntil = quarantine;
        made.used = ++step;
        move(made, pool, java.util.Objects.requireNonNull(config.policy(pool)));
        touch(made);
        pods.put(name, made);
        return (replaces ? "replaced " : "registered ") + String.join(" ", lost);
    }

    private String choosePool(String wanted) {
        if (!wanted.isEmpty() && config.policy(wanted) != null) {
            return wanted;
        }
        String best = null;
        long deficit = 0;
        for (String pool : config.order()) {
            long missing = java.util.Objects.requireNonNull(config.policy(pool)).target()
                    - pods.values().stream()
                            .filter(pod -> !pod.gone && pod.pool.equals(pool))
                            .count();
            if (missing > deficit) {
                best = pool;
                deficit = missing;
            }
        }
        return best == null ? config.order().getLast() : best;
    }

    private List<String> lose(Pod pod) {
        List<String> lost = List.copyOf(pod.calls);
        lost.forEach(sid -> takeDown(calls.get(sid), "lost", "pod_gone"));
        pod.calls.clear();
        return lost;
    }

    private void bury(Pod pod, long version) {
        pod.gone = true;
        pod.state = "gone";
        pod.version = version;
        pod.dueAt = 0;
        step++;
    }

    String gone(String name, String object, long version) {
        Pod pod = pods.get(name);
        if (pod != null && (!pod.object.equals(object) || pod.gone)) {
            return "stale";
        }
        if (pod == null) {
            if (version == 0) {
                return "unknown";
            }
            Pod tombstone = new Pod();
            tombstone.name = name;
            tombstone.object = object;
            bury(tombstone, version);
            pods.put(name, tombstone);
            return "unknown";
        }
        List<String> lost = lose(pod);
        bury(pod, Math.max(version, pod.version));
        return "gone " + String.join(" ", lost);
    }

    String drain(String name, boolean drained) {
        Pod pod = pods.get(name);
        if (pod == null || pod.gone) {
            return "unknown";
        }
        if (pod.drained != drained) {
            pod.drained = drained;
            step++;
            touch(pod);
        }
        return "done " + pod.state + " " + pod.calls.size();
    }

    String probed(String name, String incarnation, boolean answered) {
        Pod pod = pods.get(name);
        if (pod == null || pod.gone || !pod.incarnation().equals(incarnation)) {
            return "stale";
        }
        if (answered) {
            if (pod.probeFailures > 0 || pod.probeFailedUntil > 0) {
                pod.probeFailures = 0;
                pod.probeFailedUntil = 0;
                step++;
                touch(pod);
            }
            return "ready";
        }
        List<Pod> pool = pods.values().stream()
                .filter(other -> !other.gone && other.pool.equals(pod.pool))
                .toList();
        long failed =
                pool.stream().filter(other -> other.probeFailedUntil > now).count()
                        + (pod.probeFailedUntil > now ? 0 : 1);
        if (failed * 2 > pool.size()) {
            return "kept";
        }
        pod.probeFailedUntil = now + Math.min(BACK_OFF * (1L << Math.min(pod.probeFailures, 16)), BACK_OFF_MAX);
        pod.probeFailures++;
        step++;
        touch(pod);
        return "suspect";
    }

    void free(String name, String incarnation) {
        Pod pod = pods.get(name);
        if (pod == null || pod.gone || !pod.incarnation().equals(incarnation)) {
            return;
        }
        if (pod.quarantinedUntil > now) {
            pod.quarantinedUntil = 0;
            step++;
            touch(pod);
        }
    }

    boolean place(String name, String pool) {
        Pod pod = pods.get(name);
        Policy policy = config.policy(pool);
        if (pod == null || pod.gone || policy == null) {
            return false;
        }
        if (!pod.pool.equals(pool) && !pod.calls.isEmpty()) {
            pod.movesTo = pool;
        } else if (pod.pool.equals(pool)
                && pod.movesTo.isEmpty()
                && pod.capacity == policy.capacity()
                && pod.scoring.equals(policy.scoring())) {
            return true;
        } else {
            move(pod, pool, policy);
        }
        step++;
        touch(pod);
        return true;
    }

    /** Everything that is due, in any order: what is left does not depend on it. */
    void expireAll() {
        calls.entrySet().stream()
                .filter(entry -> entry.getValue().live() && entry.getValue().deadline <= now)
                .sorted(Comparator.comparingLong((Map.Entry<String, Call> entry) -> entry.getValue().deadline)
                        .thenComparing(Map.Entry::getKey))
                .toList()
                .forEach(entry -> {
                    Call call = entry.getValue();
                    boolean never = call.state.equals("allocated") && call.connectBy > 0;
                    takeDown(call, "ended", never ? "never_connected" : "max_length");
                    freeSlot(pods.get(call.pod), entry.getKey());
                });
        pods.values().stream().filter(this::isDue).forEach(this::touch);
    }

    // ------------------------------------------------------------------------------------------- settling

    void flushed(List<PodView> cluster) {
        pods.clear();
        calls.clear();
        locks.clear();
        for (PodView view : cluster) {
            observed(
                    view.name(),
                    view.object(),
                    view.container(),
                    view.version(),
                    view.kubernetes(),
                    view.wanted(),
                    true,
                    true);
        }
        openedAt = now;
    }

    void failedOver() {
        pods.values().stream().filter(pod -> !pod.gone).forEach(pod -> {
            pod.quarantinedUntil = now + QUARANTINE;
            touch(pod);
        });
        calls.values().stream()
                .filter(call -> call.live() && call.deadline < now + QUARANTINE)
                .forEach(call -> call.deadline = now + 2 * QUARANTINE);
        openedAt = now;
    }

    /** A live pod as the watch shows it. */
    record PodView(String name, String object, String container, long version, String kubernetes, String wanted) {}

    List<PodView> cluster() {
        return pods.values().stream()
                .filter(pod -> !pod.gone)
                .map(pod -> new PodView(pod.name, pod.object, pod.container, pod.version, pod.kubernetes, pod.wanted))
                .toList();
    }

    // ------------------------------------------------------------------------------------------- comparing

    /** One line per record: what a dump of Redis must say, too. */
    List<String> lines() {
        Stream<String> callLines = calls.entrySet().stream().map(entry -> {
            Call c = entry.getValue();
            boolean bare = c.pod.isEmpty();
            return "call %s %s pod=%s inc=%s pool=%s lease=%s provider=%s account=%s merchant=%s at=%s by=%s until=%s why=%s"
                    .formatted(
                            entry.getKey(),
                            c.state,
                            c.pod,
                            c.incarnation,
                            c.pool,
                            c.lease,
                            c.provider,
                            c.account,
                            c.merchant,
                            bare ? "" : c.allocatedAt,
                            c.connectBy == 0 ? "" : c.connectBy,
                            c.live() ? c.deadline : "",
                            c.endReason);
        });
        Stream<String> podLines = pods.values().stream()
                .map(p -> p.gone
                        ? "pod %s gone object=%s version=%s".formatted(p.name, p.object, p.version)
                        : "pod %s %s inc=%s.%s version=%s pool=%s next=%s cap=%s %s k8s=%s drained=%s probe=%s/%s quarantine=%s calls=%s"
                                .formatted(
                                        p.name,
                                        p.state,
                                        p.object,
                                        p.container,
                                        p.version,
                                        p.pool,
                                        p.movesTo,
                                        p.capacity,
                                        p.scoring,
                                        p.kubernetes,
                                        p.drained,
                                        p.probeFailures,
                                        p.probeFailedUntil,
                                        p.quarantinedUntil,
                                        p.calls));
        return Stream.concat(callLines, podLines).collect(Collectors.toList());
    }

    private static String text(@Nullable String value) {
        return value == null ? "" : value;
    }
}
