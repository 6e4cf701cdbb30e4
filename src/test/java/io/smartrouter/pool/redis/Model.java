package io.smartrouter.pool.redis;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
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
    static final long RESTORE = 300_000;
    static final long TOMBSTONE = 3_600_000;
    static final long MAX_LENGTH = 4 * 3_600_000L;
    static final long CONNECT = 5_000;
    static final long BACK_OFF = 5_000;
    static final long BACK_OFF_MAX = 60_000;
    static final long GRACE = 10_000;
    static final int MAX_CONTINUES = 1;
    static final long LONGEST_WAIT = 15_000;
    static final long POLL = 10_000;
    static final long STREAM_BACK = 3_000;

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
        int unconnected;
        long quarantinedUntil;
        long used;
        boolean gone;
        boolean recordLost; // its record is missing: what is here is what the indexes still say
        boolean stood; // then: whether it was available
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
        int continues;
        long streamEndedAt;

        boolean live() {
            return state.equals("allocated") || state.equals("connected");
        }
    }

    static final class Waiter {
        long arrived;
        long since;
        long until;
        List<String> pools = List.of();
        String provider = "";
        String account = "";
        String merchant = "";
    }

    /** Since when a call waited that is in no queue, and its place there, or -1. */
    record Waited(long since, long arrived) {}

    final Map<String, Waiter> waiters = new TreeMap<>();
    final Map<String, Waited> waited = new TreeMap<>();
    final Map<String, String> requests = new TreeMap<>();
    final Map<String, Pod> pods = new TreeMap<>();
    final Map<String, Call> calls = new TreeMap<>();
    final Map<String, String> locks = new TreeMap<>();
    final List<LeaseClaim> claims = new ArrayList<>();
    Config config;
    long now;
    long openedAt;
    boolean restoredLast;
    private String lastRequest = "";
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
        return !pod.gone
                && !pod.recordLost
                && pod.state.equals("ready")
                && pod.calls.size() < pod.capacity
                && pod.movesTo.isEmpty();
    }

    private long score(Pod pod) {
        return switch (pod.scoring) {
            case "pack" -> Long.parseLong(pod.name.substring(pod.name.lastIndexOf('-') + 1));
            case "load" -> pod.calls.size();
            default -> pod.used;
        };
    }

    private static final long NEW = Long.MAX_VALUE;
    private static final long FIRST_OF_ALL = -1;

    /** How many calls that still ask wait for the pool and arrived before. */
    private long before(String pool, long arrived) {
        return waiters.values().stream()
                .filter(waiter -> waiter.until > now && waiter.pools.contains(pool) && waiter.arrived < arrived)
                .count();
    }

    private Optional<Pod> first(List<String> chain, Set<String> tried, long arrived) {
        for (String pool : chain) {
            List<Pod> there = pods.values().stream()
                    .filter(candidate -> candidate.pool.equals(pool))
                    .toList();
            long free = there.stream()
                    .filter(candidate -> takes(candidate) || (candidate.recordLost && candidate.stood))
                    .count();
            long slots = there.stream()
                    .filter(this::takes)
                    .mapToLong(candidate -> candidate.capacity - candidate.calls.size())
                    .sum();
            long ahead = arrived == FIRST_OF_ALL || free == 0 ? 0 : before(pool, arrived);
            if (ahead > 0 && free <= ahead && slots <= ahead) {
                continue;
            }
            Optional<Pod> pod = pods.values().stream()
                    .filter(candidate -> takes(candidate) && candidate.pool.equals(pool))
                    .sorted(Comparator.comparingLong(this::score).thenComparing(candidate -> candidate.name))
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
        if (pod.recordLost) {
            return;
        }
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
        return owner(call.provider, call.account, provider, account);
    }

    private static boolean owner(String ofCall, String accountOfCall, String provider, String account) {
        if (!ofCall.isEmpty() && !provider.isEmpty() && !ofCall.equals(provider)) {
            return false;
        }
        return accountOfCall.isEmpty() || account.isEmpty() || accountOfCall.equals(account);
    }

    // ------------------------------------------------------------------------------------------- calls

    String allocate(
            String sid,
            String provider,
            String account,
            String merchant,
            String lease,
            String lock,
            boolean waits,
            String request) {
        lastRequest = request;
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
        Waiter waiter = waiters.get(sid);
        if (waiter != null && !owner(waiter.provider, waiter.account, provider, account)) {
            return "not_owner";
        }
        Call given = new Call();
        given.provider =
                known(call == null ? "" : call.provider, waiter == null ? "" : waiter.provider, call, provider);
        given.account = known(call == null ? "" : call.account, waiter == null ? "" : waiter.account, call, account);
        given.merchant =
                known(call == null ? "" : call.merchant, waiter == null ? "" : waiter.merchant, call, merchant);
        given.continues = call == null ? 0 : call.continues + 1;
        Call begun = call == null ? calls.get(request) : null;
        if (begun != null
                && begun.state.equals("ended")
                && begun.lease.isEmpty()
                && owner(begun, given.provider, given.account)) {
            waiters.remove(sid);
            return "ended " + rememberEnd(sid, begun.endReason, "", given.provider, given.account);
        }
        Integer limit = config.limits().get(given.merchant);
        if (call == null
                && limit != null
                && calls.values().stream()
                                .filter(other -> other.live() && other.merchant.equals(given.merchant))
                                .count()
                        >= limit) {
            waiters.remove(sid);
            return "merchant_limit";
        }
        List<String> chain = chain(given.merchant);
        Waited before = waiter == null ? waited.get(sid) : null;
        long arrived = call != null
                ? FIRST_OF_ALL
                : waiter != null ? waiter.arrived : before != null && before.arrived() >= 0 ? before.arrived() : NEW;
        Optional<Pod> pod = first(chain, Set.of(), arrived);
        if (pod.isEmpty()) {
            if (due()) {
                return "due";
            }
            String exhausted = "exhausted " + given.merchant + " " + String.join(" ", chain);
            if (!waits) {
                return exhausted;
            }
            long since = waiter != null ? waiter.since : before != null ? before.since() : now;
            if (now - since >= LONGEST_WAIT) {
                if (waiter != null) {
                    waiters.remove(sid);
                    waited.put(sid, new Waited(since, -1));
                }
                return exhausted;
            }
            return waits(sid, given, chain, since, before, call != null);
        }
        step++;
        if (waiters.remove(sid) != null && !lock.isEmpty()) {
            waited.put(sid, new Waited(waiter.since, waiter.arrived));
        } else if (waiter == null && lock.isEmpty()) {
            waited.remove(sid);
        }
        given.lease = lease;
        given.allocatedAt = now;
        given.connectBy = now + CONNECT;
        given.deadline = now + CONNECT;
        give(sid, given, pod.get());
        if (!lock.isEmpty()) {
            locks.put(sid, lock);
        }
        if (!request.isEmpty()) {
            requests.put(request, sid);
        }
        return "allocated " + pod.get().name + " " + lease + " " + given.continues;
    }

    /** What a lost or waiting call was stands before what a request says. */
    private static String known(String ofCall, String ofWaiter, @Nullable Call call, String asked) {
        String before = call != null ? ofCall : ofWaiter;
        return before.isEmpty() ? asked : before;
    }

    private String waits(String sid, Call call, List<String> chain, long since, @Nullable Waited before, boolean lost) {
        Waiter waiter = waiters.get(sid);
        if (waiter == null || !waiter.pools.equals(chain)) {
            Waiter begins = new Waiter();
            begins.arrived = waiter != null
                    ? waiter.arrived
                    : before != null && before.arrived() >= 0 ? before.arrived() : lost ? 0 : ++step;
            begins.since = since;
            begins.pools = chain;
            begins.provider = call.provider;
            begins.account = call.account;
            begins.merchant = call.merchant;
            waiters.put(sid, begins);
            waiter = begins;
            if (!lastRequest.isEmpty()) {
                requests.put(lastRequest, sid);
            }
        }
        waiter.until = now + POLL * 5 / 2;
        return "waiting " + waiter.since + " " + call.merchant;
    }

    String continues(
            String sid,
            String provider,
            String account,
            String lease,
            String next,
            String lock,
            String found,
            String foundLease) {
        Call call = calls.get(sid);
        if (call == null) {
            return "unknown";
        }
        if (!owner(call, provider, account)) {
            return "not_owner";
        }
        boolean unreached = call.state.equals("ended")
                && call.endReason.equals("never_connected")
                && (lease.isEmpty() || lease.equals(call.lease));
        if (call.state.equals("ended") && !unreached) {
            return "over " + call.endReason;
        }
        String held = locks.get(sid);
        if (held != null && !held.equals(lock)) {
            return "busy";
        }
        Pod old = call.live() ? pods.get(call.pod) : null;
        if (old != null) {
            boolean known = call.lease.equals(foundLease) && !found.isEmpty();
            unreached = call.state.equals("allocated") && call.connectBy > 0;
            boolean fails =
                    unreached || (known && found.equals("fails")) || old.recordLost || !old.kubernetes.equals("ready");
            boolean repeated = !lease.isEmpty() && !lease.equals(call.lease);
            if (lease.isEmpty() && call.continues > 0 && now - call.allocatedAt < GRACE) {
                repeated = unreached || !fails;
            }
            if (repeated) {
                return "existing " + call.pod + " " + call.lease;
            }
            if (!fails && !known) {
                return "ask " + call.pod + " " + call.lease;
            }
            if (!fails || call.continues >= MAX_CONTINUES) {
                String reason = fails ? "continue_limit" : "stream_ended";
                takeDown(call, "ended", reason);
                freeSlot(old, sid);
                return fails ? "limit" : "over " + reason;
            }
        } else if (call.continues >= MAX_CONTINUES) {
            waiters.remove(sid);
            takeDown(call, "ended", "continue_limit");
            return "limit";
        }
        Optional<Pod> pod = first(chain(call.merchant), old == null ? Set.of() : Set.of(old.name), FIRST_OF_ALL);
        if (pod.isEmpty()) {
            if (due()) {
                return "due";
            }
            if (old != null || unreached) {
                takeDown(call, "lost", "pod_failed");
            }
            if (old != null) {
                freeSlot(old, sid);
            }
            return "exhausted " + call.merchant + " " + String.join(" ", chain(call.merchant));
        }
        step++;
        if (old != null) {
            boolean counts = unreached && !old.recordLost;
            boolean may = counts && mayFail(old);
            freeSlot(old, sid);
            if (counts) {
                countUnreached(old, may);
                touch(old);
            }
        }
        waiters.remove(sid);
        Call given = new Call();
        given.provider = call.provider;
        given.account = call.account;
        given.merchant = call.merchant;
        given.continues = call.continues + 1;
        given.lease = next;
        given.allocatedAt = now;
        given.connectBy = now + CONNECT;
        given.deadline = now + CONNECT;
        give(sid, given, pod.get());
        if (!lock.isEmpty()) {
            locks.put(sid, lock);
        }
        return "allocated " + pod.get().name + " " + next + " " + given.continues;
    }

    String streamEvent(String sid, String provider, String account, String lease, boolean started) {
        Call call = calls.get(sid);
        if (call == null) {
            return "unknown_call";
        }
        if (!owner(call, provider, account)) {
            return "not_owner";
        }
        if (call.state.equals("ended")) {
            return "call_ended";
        }
        if (!call.live() || !call.lease.equals(lease)) {
            return "stale_lease";
        }
        if (call.streamEndedAt == 0 && started && call.state.equals("allocated")) {
            connect(call);
        } else if (call.streamEndedAt == 0 && !started) {
            call.streamEndedAt = now;
            call.deadline = Math.min(call.deadline, now + GRACE);
        }
        return "noted";
    }

    private void connect(Call call) {
        call.state = "connected";
        call.streamEndedAt = 0;
        call.deadline = call.allocatedAt + MAX_LENGTH;
        pods.get(call.pod).unconnected = 0; // no matter where its record is lost
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
        Optional<Pod> pod = first(chain(call.merchant), tried, FIRST_OF_ALL);
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
        return "allocated " + pod.get().name + " " + next + " " + call.continues;
    }

    String withdraw(String sid, String held, String lock) {
        Call call = calls.get(sid);
        if (call == null || !lock.equals(locks.get(sid)) || !call.live() || !call.lease.equals(held)) {
            return "stale";
        }
        locks.remove(sid);
        if (call.continues > 0) {
            takeDown(call, "lost", "pod_failed");
        } else {
            calls.remove(sid);
        }
        freeSlot(pods.get(call.pod), sid);
        return "exhausted " + call.merchant + " " + String.join(" ", chain(call.merchant));
    }

    @CanIgnoreReturnValue
    private String rememberEnd(String sid, String reason, String lease, String provider, String account) {
        step++;
        Call tombstone = new Call();
        tombstone.state = "ended";
        tombstone.endReason = reason;
        tombstone.lease = lease;
        tombstone.provider = provider;
        tombstone.account = account;
        calls.put(sid, tombstone);
        return reason;
    }

    String release(String name, String right, String provider, String account, String lease, String reason) {
        String sid = name;
        if (!calls.containsKey(sid) && !right.equals("holder") && requests.containsKey(sid)) {
            String begun = requests.get(sid);
            Call named = calls.get(begun);
            Waiter waiting = waiters.get(begun);
            boolean known = named != null || waiting != null;
            boolean own = named != null
                    ? owner(named, provider, account)
                    : known && owner(waiting.provider, waiting.account, provider, account);
            if (known && (!right.equals("owner") || own)) {
                sid = begun;
            }
        }
        Call call = calls.get(sid);
        if (call == null) {
            boolean holder = right.equals("holder");
            Waiter waiter = waiters.get(sid);
            if (holder ? waiter != null : !lease.isEmpty()) {
                return "unknown";
            }
            if (waiter != null && right.equals("owner") && !owner(waiter.provider, waiter.account, provider, account)) {
                return "not_owner";
            }
            waiters.remove(sid);
            rememberEnd(sid, reason, lease, provider, account);
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
            waiters.remove(sid);
            takeDown(call, "ended", reason);
            return "already_ended " + call.pod;
        }
        Pod pod = pods.get(call.pod);
        takeDown(call, "ended", reason);
        freeSlot(pod, sid);
        return pod.recordLost
                ? "released " + pod.name + " " + call.pool + " false"
                : "released " + pod.name + " " + pod.pool + " " + pod.state.equals("draining");
    }

    String heartbeat(LeaseClaim claim, boolean connecting) {
        String answer = beat(claim, connecting);
        restoredLast = answer.equals("restored");
        return answer;
    }

    private String beat(LeaseClaim claim, boolean connecting) {
        String sid = claim.call().value();
        Call call = calls.get(sid);
        Pod pod = known(claim.pod());
        if (call != null && call.live() && call.lease.equals(claim.lease().value())) {
            boolean first = call.state.equals("allocated");
            if (connecting && known(call.pod) == null) {
                return "unknown_pod";
            }
            if (connecting && first && call.connectBy > 0 && now > call.connectBy) {
                return "too_late";
            }
            boolean back = call.streamEndedAt > 0 && (connecting || now - call.streamEndedAt >= STREAM_BACK);
            if (first || back) {
                connect(call);
            }
            return "live";
        }
        long allocatedAt = claim.allocatedAt().toEpochMilli();
        boolean unforgotten = now < allocatedAt + MAX_LENGTH
                && now < (allocatedAt < openedAt ? openedAt + RESTORE : allocatedAt + TOMBSTONE);
        String incarnation = claim.incarnation().toString();
        boolean ofAnother = call != null
                && call.state.equals("ended")
                && call.pod.isEmpty()
                && !call.lease.isEmpty()
                && !call.lease.equals(claim.lease().value());
        if ((call == null || ofAnother)
                && unforgotten
                && pod != null
                && pod.incarnation().equals(incarnation)) {
            if (connecting
                    && claim.connectBy() != null
                    && now > claim.connectBy().toEpochMilli()) {
                return "too_late";
            }
            if (connecting && !pod.calls.isEmpty() && pod.calls.size() >= pod.capacity) {
                return "stale_lease";
            }
            Call restored = new Call();
            restored.provider = text(claim.provider());
            restored.account = text(claim.account());
            restored.merchant = text(claim.merchant());
            restored.lease = claim.lease().value();
            restored.allocatedAt = allocatedAt;
            restored.connectBy =
                    claim.connectBy() == null ? 0 : claim.connectBy().toEpochMilli();
            restored.continues = claim.continues();
            restored.deadline = Math.max(allocatedAt + MAX_LENGTH, now + QUARANTINE);
            step++;
            waiters.remove(sid);
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
        if (!unforgotten) {
            return "unknown_call";
        }
        return pod == null ? "unknown_pod" : "stale_lease";
    }

    // ------------------------------------------------------------------------------------------- pods

    /** A pod whose record says that it is not gone. */
    private @Nullable Pod known(String name) {
        Pod pod = pods.get(name);
        return pod == null || pod.gone || pod.recordLost ? null : pod;
    }

    /** Its record vanishes by itself, and every index stays. */
    boolean loseRecord(String name) {
        Pod pod = known(name);
        if (pod == null) {
            return false;
        }
        pod.stood = takes(pod);
        pod.recordLost = true;
        return true;
    }

    Set<String> withoutRecord() {
        return pods.values().stream()
                .filter(pod -> pod.recordLost)
                .map(pod -> pod.name)
                .collect(Collectors.toCollection(TreeSet::new));
    }

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
        if (pod != null && pod.recordLost) {
            return registrable
                    ? registeredAgain(pod, object, container, version, kubernetes, wanted)
                    : "not_registrable";
        }
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
        register(name, object, container, version, kubernetes, wanted, quarantine, pool);
        return (replaces ? "replaced " : "registered ") + String.join(" ", lost);
    }

    private String registeredAgain(
            Pod pod, String object, String container, long version, String kubernetes, String wanted) {
        String pool = choosePool(wanted);
        Set<String> kept = new TreeSet<>(pod.calls);
        kept.removeIf(sid -> !calls.get(sid).incarnation.equals(object + "." + container));
        pod.calls.removeAll(kept);
        List<String> lost = lose(pod);
        register(pod.name, object, container, version, kubernetes, wanted, now + QUARANTINE, pool)
                .calls
                .addAll(kept);
        return "registered " + String.join(" ", lost);
    }

    private Pod register(
            String name,
            String object,
            String container,
            long version,
            String kubernetes,
            String wanted,
            long quarantinedUntil,
            String pool) {
        Pod made = new Pod();
        made.name = name;
        made.object = object;
        made.container = container;
        made.version = version;
        made.kubernetes = kubernetes;
        made.wanted = wanted;
        made.quarantinedUntil = quarantinedUntil;
        made.used = ++step;
        move(made, pool, java.util.Objects.requireNonNull(config.policy(pool)));
        touch(made);
        pods.put(name, made);
        return made;
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
        if (pod != null && pod.recordLost) {
            boolean another = pod.calls.stream()
                    .anyMatch(sid -> !calls.get(sid).incarnation.startsWith(object + "."));
            if (another) {
                return "stale";
            }
            List<String> lost = lose(pod);
            pod.recordLost = false;
            pod.object = object;
            bury(pod, version);
            return "gone " + String.join(" ", lost);
        }
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
        Pod pod = known(name);
        if (pod == null) {
            return "unknown";
        }
        if (pod.drained != drained) {
            pod.drained = drained;
            step++;
            touch(pod);
        }
        return "done " + pod.state + " " + pod.calls.size();
    }

    String probed(String name, String incarnation, boolean answered, boolean refused) {
        Pod pod = known(name);
        if (pod == null || !pod.incarnation().equals(incarnation)) {
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
        if (!refused && !mayFail(pod)) {
            return "kept";
        }
        fail(pod);
        step++;
        touch(pod);
        return "suspect";
    }

    private boolean mayFail(Pod pod) {
        List<Pod> pool = pods.values().stream()
                .filter(other -> !other.gone && other.pool.equals(pod.pool))
                .toList();
        long failed =
                pool.stream().filter(other -> other.probeFailedUntil > now).count()
                        + (pod.probeFailedUntil > now ? 0 : 1);
        return failed * 2 <= pool.size();
    }

    private void countUnreached(Pod pod, boolean may) {
        if (pod.unconnected >= 1 && may) {
            pod.unconnected = 0;
            fail(pod);
        } else {
            pod.unconnected++;
        }
    }

    private void fail(Pod pod) {
        pod.probeFailedUntil = now + Math.min(BACK_OFF * (1L << Math.min(pod.probeFailures, 16)), BACK_OFF_MAX);
        pod.probeFailures++;
    }

    void free(String name, String incarnation) {
        Pod pod = known(name);
        if (pod == null || !pod.incarnation().equals(incarnation)) {
            return;
        }
        if (pod.quarantinedUntil > now && now >= Math.max(openedAt, pod.quarantinedUntil - QUARANTINE) + CONNECT) {
            pod.quarantinedUntil = 0;
            step++;
            touch(pod);
        }
    }

    boolean place(String name, String pool) {
        Pod pod = known(name);
        Policy policy = config.policy(pool);
        if (pod == null || policy == null) {
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
                    boolean never = call.state.equals("allocated") && call.connectBy > 0 && call.streamEndedAt == 0;
                    Pod pod = pods.get(call.pod);
                    boolean may = never && !pod.recordLost && mayFail(pod);
                    takeDown(
                            call,
                            "ended",
                            call.streamEndedAt > 0 ? "stream_ended" : never ? "never_connected" : "max_length");
                    freeSlot(pod, entry.getKey());
                    if (never && !pod.recordLost) {
                        countUnreached(pod, may);
                        touch(pod);
                    }
                });
        pods.values().stream().filter(this::isDue).forEach(pod -> {
            if (pod.recordLost) {
                pod.dueAt = 0;
            } else {
                touch(pod);
            }
        });
        List<String> silent = waiters.entrySet().stream()
                .filter(entry -> entry.getValue().until <= now)
                .map(Map.Entry::getKey)
                .toList();
        silent.forEach(sid -> waited.put(sid, new Waited(waiters.remove(sid).since, -1)));
    }

    // ------------------------------------------------------------------------------------------- settling

    void flushed(List<PodView> cluster) {
        pods.clear();
        calls.clear();
        locks.clear();
        waiters.clear();
        waited.clear();
        requests.clear();
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
        pods.values().stream().filter(pod -> !pod.gone && !pod.recordLost).forEach(pod -> {
            pod.quarantinedUntil = now + QUARANTINE;
            Policy policy = config.policy(pod.pool);
            if (policy != null) {
                pod.capacity = policy.capacity();
                pod.scoring = policy.scoring();
            }
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
            return "call %s %s pod=%s inc=%s pool=%s lease=%s provider=%s account=%s merchant=%s at=%s by=%s until=%s why=%s continues=%s streamEnded=%s"
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
                            c.endReason,
                            c.continues,
                            c.streamEndedAt > 0);
        });
        Stream<String> waiterLines = waiters.entrySet().stream().map(entry -> {
            Waiter w = entry.getValue();
            return "waiter %s since=%s until=%s pools=%s provider=%s account=%s merchant=%s"
                    .formatted(
                            entry.getKey(),
                            w.since,
                            w.until,
                            String.join(" ", w.pools),
                            w.provider,
                            w.account,
                            w.merchant);
        });
        Stream<String> podLines = pods.values().stream()
                .filter(p -> !p.recordLost)
                .map(p -> p.gone
                        ? "pod %s gone object=%s version=%s".formatted(p.name, p.object, p.version)
                        : "pod %s %s inc=%s.%s version=%s pool=%s next=%s cap=%s %s k8s=%s drained=%s probe=%s/%s unconnected=%s quarantine=%s calls=%s"
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
                                        p.unconnected,
                                        p.quarantinedUntil,
                                        p.calls));
        return Stream.of(callLines, waiterLines, podLines)
                .flatMap(lines -> lines)
                .collect(Collectors.toList());
    }

    private static String text(@Nullable String value) {
        return value == null ? "" : value;
    }
}
