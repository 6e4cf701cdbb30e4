package io.smartrouter.pool.redis;

import io.smartrouter.pool.Admission;
import io.smartrouter.pool.AllocateReply;
import io.smartrouter.pool.Allocation;
import io.smartrouter.pool.AllocationOutcome;
import io.smartrouter.pool.AllocationRequest;
import io.smartrouter.pool.CallId;
import io.smartrouter.pool.ContinueOutcome;
import io.smartrouter.pool.ContinueReply;
import io.smartrouter.pool.ContinueRequest;
import io.smartrouter.pool.DrainOutcome;
import io.smartrouter.pool.FollowedCopies;
import io.smartrouter.pool.Hold;
import io.smartrouter.pool.Incarnation;
import io.smartrouter.pool.Lease;
import io.smartrouter.pool.LeaseClaim;
import io.smartrouter.pool.PodChange;
import io.smartrouter.pool.PodFacts;
import io.smartrouter.pool.PodFinding;
import io.smartrouter.pool.PoolStore;
import io.smartrouter.pool.ProbeResult;
import io.smartrouter.pool.ReleaseOutcome;
import io.smartrouter.pool.ReleaseRequest;
import io.smartrouter.pool.ReleaseRequest.Right;
import io.smartrouter.pool.ReplaceReply;
import io.smartrouter.pool.StreamEvent;
import io.smartrouter.testing.TestRedis;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Plays sequences of steps on the scripts and on the model, and says where they first differ. */
final class ModelRun implements AutoCloseable {
    private static final String PREFIX = "voice";
    private static final long EPOCH_MS = 1_800_000_000_000L;
    private static final List<String> ACCOUNTS = List.of("", "AC1", "AC2");
    private static final List<String> PROVIDERS = List.of("", "plivo", "plivo", "twilio");
    private static final List<String> MERCHANTS = List.of("", "acme", "bob", "stranger");
    private static final List<String> WANTED = List.of("", "", "", "gold", "basic", "merchant:acme", "nowhere");

    private final StoreFixture fixture;
    private final PoolStore store;
    private final FollowedCopies mirror;
    private final List<String> told = new ArrayList<>();
    private Model model = new Model(ModelConfig.FIRST.compiled(), EPOCH_MS);
    private @Nullable ModelConfig configured;
    private int leases;

    ModelRun(TestRedis redis, UnaryOperator<String> change) {
        this("127.0.0.1", redis.port(), change);
    }

    ModelRun(String host, int port, UnaryOperator<String> change) {
        fixture = new StoreFixture(
                host,
                port,
                Map.of(
                        "router.settle.quarantine",
                        Model.QUARANTINE + "ms",
                        "router.call.connect-timeout",
                        Model.CONNECT + "ms",
                        "router.call.max-continues",
                        Integer.toString(Model.MAX_CONTINUES),
                        "router.call.stream-grace",
                        Model.GRACE + "ms",
                        "router.probe-back-off",
                        Model.BACK_OFF + "ms",
                        "router.probe-back-off-max",
                        Model.BACK_OFF_MAX + "ms",
                        "router.redis.command-timeout",
                        "10s",
                        "router.lock-life",
                        "30s",
                        "router.config.tiers",
                        ModelConfig.FIRST.tiers()),
                change);
        store = fixture.store();
        mirror = new FollowedCopies(fixture.mirroring().store());
    }

    /** What was played last, step by step. */
    String told() {
        return String.join("\n  ", told);
    }

    Optional<String> play(List<Step> steps) {
        told.clear();
        leases = 0;
        fixture.flush();
        fixture.cluster(List.of());
        model = new Model(ModelConfig.FIRST.compiled(), EPOCH_MS);
        fixture.setTime(model.now);
        try {
            fixture.pool().settlement().settle();
            model.openedAt = model.now;
            configured = null;
            configure(ModelConfig.FIRST);
            for (Step step : steps) {
                Optional<String> difference = play(step);
                if (difference.isPresent()) {
                    return difference;
                }
            }
            return Optional.empty();
        } catch (RuntimeException e) {
            return Optional.of("fault: " + e);
        }
    }

    private Optional<String> play(Step step) {
        String[] both = both(step);
        told.add(step.op() + ": model " + both[0] + " | scripts " + both[1]);
        if (!both[0].equals(both[1])) {
            return Optional.of("answers differ at " + step.op());
        }
        RedisDump dump = RedisDump.of(fixture.template(), PREFIX);
        List<String> violations = Invariants.violations(dump, PREFIX, model.withoutRecord());
        if (!violations.isEmpty()) {
            return Optional.of("invariants violated after " + step.op() + ": " + violations);
        }
        Set<String> expected = new TreeSet<>(model.lines());
        Set<String> found = new TreeSet<>(DumpLines.of(dump, PREFIX));
        if (!expected.equals(found)) {
            Set<String> missing = new TreeSet<>(expected);
            missing.removeAll(found);
            found.removeAll(expected);
            return Optional.of("records differ after " + step.op() + ": model " + missing + " scripts " + found);
        }
        return mirrorDiffers(dump).map(how -> "the mirror differs after " + step.op() + ": " + how);
    }

    /** A router that follows knows each call as its record stands. */
    private Optional<String> mirrorDiffers(RedisDump dump) {
        mirror.follow();
        String calls = PREFIX + ":call:";
        return dump.hashes().keySet().stream()
                .filter(key -> key.startsWith(calls))
                .map(key -> mirror.difference(dump.call(PREFIX, key.substring(calls.length()))))
                .flatMap(Optional::stream)
                .findFirst();
    }

    private String[] both(Step step) {
        return switch (step.op()) {
            case ALLOCATE -> allocate(step);
            case RELEASE -> release(step);
            case HEARTBEAT -> heartbeat(step);
            case STREAM -> streamEvent(step);
            case CONTINUE -> continues(step);
            case OBSERVE -> observe(step);
            case GONE -> gone(step);
            case DRAIN -> drain(pod(step.a()), true);
            case UNDRAIN -> drain(pod(step.a()), false);
            case PROBE -> probe(step);
            case FREE -> free(step);
            case PLACE -> place(step);
            case REPLACE -> replace(step);
            case WITHDRAW -> withdraw(step);
            case UNLOCK -> unlock(sid(step.a()));
            case ADVANCE -> advance(step);
            case EXPIRE -> expire();
            case CONFIGURE -> {
                if (!model.withoutRecord().isEmpty()) { // a pool that is no longer configured would keep its name
                    yield same("not now");
                }
                configure(ModelConfig.ALL.get(step.a() % ModelConfig.ALL.size()));
                yield same("configured");
            }
            case FORGET -> forget(step);
            case LOSE_RECORD -> loseRecord(pod(step.a()));
            case FLUSH -> flush();
            case FAILOVER -> failover();
        };
    }

    // ------------------------------------------------------------------------------------------- calls

    private String[] allocate(Step step) {
        String sid = sid(step.a());
        String provider = PROVIDERS.get(step.b() % PROVIDERS.size());
        String account = ACCOUNTS.get(step.b() / 8 % ACCOUNTS.size());
        String merchant = MERCHANTS.get(step.c() % MERCHANTS.size());
        String lock = step.d() % 6 == 0 ? "lock-" + step.d() % 4 : "";
        boolean waits = step.d() / 6 % 3 == 0;
        String request = step.d() / 24 % 4 == 0 ? "request-" + step.d() % 3 : "";
        String lease = "lease" + leases;
        String expected = model.allocate(sid, provider, account, merchant, lease, lock, waits, request);
        String found = allocateOnce(sid, provider, account, merchant, lock, waits, request);
        if (expected.equals("due") && found.equals("due")) {
            expireBoth();
            expected = model.allocate(sid, provider, account, merchant, lease, lock, waits, request);
            found = allocateOnce(sid, provider, account, merchant, lock, waits, request);
        }
        leases++;
        return new String[] {expected, found};
    }

    private String allocateOnce(
            String sid, String provider, String account, String merchant, String lock, boolean waits, String request) {
        Hold hold = new Hold(Duration.ofMillis(Model.LONGEST_WAIT), Duration.ofMillis(Model.POLL));
        AllocateReply reply = store.allocate(
                new AllocationRequest(
                        new CallId(sid),
                        orNull(provider),
                        orNull(account),
                        orNull(merchant),
                        waits ? hold : null,
                        orNull(request)),
                new Lease("lease" + leases),
                lock.isEmpty() ? Optional.empty() : Optional.of(lock));
        return switch (reply) {
            case AllocateReply.Busy busy -> "busy";
            case AllocateReply.Due due -> "due";
            case AllocateReply.Decided decided -> say(decided.outcome());
        };
    }

    private String say(AllocationOutcome outcome) {
        return switch (outcome) {
            case AllocationOutcome.Allocated allocated -> say(allocated.allocation(), allocated.existing());
            case AllocationOutcome.Waiting waiting ->
                "waiting " + waiting.since().toEpochMilli() + " " + text(waiting.merchant());
            case AllocationOutcome.CallEnded ended -> "ended " + ended.reason();
            case AllocationOutcome.NotOwner notOwner -> "not_owner";
            case AllocationOutcome.MerchantLimit limit -> "merchant_limit";
            case AllocationOutcome.Exhausted exhausted ->
                "exhausted " + text(exhausted.merchant()) + " " + String.join(" ", exhausted.chain());
        };
    }

    private String say(Allocation a, boolean existing) {
        if (existing) {
            return "existing " + a.pod() + " " + a.lease();
        }
        model.claims.add(new LeaseClaim(
                a.call(),
                a.pod(),
                a.incarnation(),
                a.pool(),
                a.lease(),
                a.allocatedAt(),
                a.connectBy(),
                a.provider(),
                a.account(),
                a.merchant(),
                a.continues()));
        return "allocated " + a.pod() + " " + a.lease() + " " + a.continues();
    }

    private String[] continues(Step step) {
        String sid = sid(step.a());
        String provider = PROVIDERS.get(1 + step.b() % (PROVIDERS.size() - 1));
        String account = ACCOUNTS.get(step.b() / 8 % ACCOUNTS.size());
        String lease = step.c() % 5 == 0 ? "" : lease(sid, step.c() / 5);
        String lock = step.d() % 6 == 0 ? "lock-" + step.d() % 4 : "";
        String found = List.of("", "", "serves", "fails").get(step.d() / 6 % 4);
        String foundLease = lease(sid, step.d() / 24);
        String next = "lease" + leases;
        String expected = model.continues(sid, provider, account, lease, next, lock, found, foundLease);
        String answered = continueOnce(sid, provider, account, lease, next, lock, found, foundLease);
        if (expected.equals("due") && answered.equals("due")) {
            expireBoth();
            expected = model.continues(sid, provider, account, lease, next, lock, found, foundLease);
            answered = continueOnce(sid, provider, account, lease, next, lock, found, foundLease);
        }
        leases++;
        return new String[] {expected, answered};
    }

    private String continueOnce(
            String sid,
            String provider,
            String account,
            String lease,
            String next,
            String lock,
            String found,
            String foundLease) {
        ContinueReply reply = store.continueCall(
                new ContinueRequest(
                        new CallId(sid), provider, orNull(account), lease.isEmpty() ? null : new Lease(lease)),
                new Lease(next),
                lock.isEmpty() ? Optional.empty() : Optional.of(lock),
                found.isEmpty() ? null : new PodFinding(new Lease(foundLease), found.equals("serves")));
        return switch (reply) {
            case ContinueReply.Busy busy -> "busy";
            case ContinueReply.Due due -> "due";
            case ContinueReply.Ask ask -> "ask " + ask.pod() + " " + ask.lease();
            case ContinueReply.Decided decided -> say(decided.outcome());
        };
    }

    private String say(ContinueOutcome outcome) {
        return switch (outcome) {
            case ContinueOutcome.Continues continues -> say(continues.allocation(), continues.existing());
            case ContinueOutcome.Over over -> "over " + over.reason();
            case ContinueOutcome.Limit limit -> "limit";
            case ContinueOutcome.Exhausted exhausted ->
                "exhausted " + text(exhausted.merchant()) + " " + String.join(" ", exhausted.chain());
            case ContinueOutcome.UnknownCall unknown -> "unknown";
            case ContinueOutcome.NotOwner other -> "not_owner";
        };
    }

    private String[] streamEvent(Step step) {
        String sid = sid(step.a());
        String provider = PROVIDERS.get(1 + step.b() % (PROVIDERS.size() - 1));
        String account = ACCOUNTS.get(step.b() / 8 % ACCOUNTS.size());
        String lease = lease(sid, step.c());
        boolean started = step.d() % 2 == 0;
        StreamEvent event = new StreamEvent(
                new CallId(sid),
                provider,
                orNull(account),
                new Lease(lease),
                started ? StreamEvent.Kind.STARTED : StreamEvent.Kind.ENDED);
        return new String[] {
            model.streamEvent(sid, provider, account, lease, started),
            store.streamEvent(event).name().toLowerCase(Locale.ROOT)
        };
    }

    private String[] replace(Step step) {
        String sid = sid(step.a());
        String held = lease(sid, step.b());
        String lock = lock(sid, step.b() / 4);
        String next = "lease" + leases++;
        Set<String> tried = new TreeSet<>();
        Model.Call call = model.calls.get(sid);
        if (call != null && !call.pod.isEmpty()) {
            tried.add(call.pod);
        }
        if (step.c() % 2 == 0) {
            tried.add(pod(step.c()));
        }
        String expected = model.replace(sid, held, lock, next, tried);
        return new String[] {
            expected, say(store.replace(new CallId(sid), new Lease(held), lock, new Lease(next), tried))
        };
    }

    private String[] withdraw(Step step) {
        String sid = sid(step.a());
        String held = lease(sid, step.b());
        String lock = lock(sid, step.b() / 4);
        return new String[] {
            model.withdraw(sid, held, lock), say(store.withdraw(new CallId(sid), new Lease(held), lock))
        };
    }

    private String say(ReplaceReply reply) {
        return switch (reply) {
            case ReplaceReply.Stale stale -> "stale";
            case ReplaceReply.Decided decided -> say(decided.outcome());
        };
    }

    private String[] unlock(String sid) {
        String lock = model.locks.remove(sid);
        store.unlock(new CallId(sid), lock == null ? "nobody" : lock);
        return same("unlocked");
    }

    private String[] release(Step step) {
        String sid = step.a() % 7 == 0 ? "request-" + step.a() % 3 : sid(step.a());
        String provider = PROVIDERS.get(1 + step.b() % (PROVIDERS.size() - 1));
        String account = ACCOUNTS.get(step.b() / 8 % ACCOUNTS.size());
        String lease = lease(sid, step.d());
        String right = List.of("owner", "operator", "operator_lease", "holder").get(step.c() % 4);
        Right by =
                switch (right) {
                    case "owner" -> new Right.Owner(provider, orNull(account));
                    case "operator" -> new Right.Operator(null);
                    case "operator_lease" -> new Right.Operator(new Lease(lease));
                    default -> new Right.Holder(new Lease(lease));
                };
        boolean owner = right.equals("owner");
        boolean named = right.equals("operator_lease") || right.equals("holder");
        String expected = model.release(
                sid,
                right.equals("holder") ? "holder" : owner ? "owner" : "operator",
                owner ? provider : "",
                owner ? account : "",
                named ? lease : "",
                "released");
        return new String[] {expected, say(store.release(new ReleaseRequest(new CallId(sid), by, "released")))};
    }

    private static String say(ReleaseOutcome outcome) {
        return switch (outcome) {
            case ReleaseOutcome.Released released ->
                "released " + released.pod() + " " + released.releasedTo() + " " + released.wasDraining();
            case ReleaseOutcome.AlreadyEnded ended -> "already_ended " + (ended.pod() == null ? "" : ended.pod());
            case ReleaseOutcome.UnknownCall unknown -> "unknown";
            case ReleaseOutcome.StaleLease stale -> "stale_lease";
            case ReleaseOutcome.NotOwner notOwner -> "not_owner";
            case ReleaseOutcome.Deferred deferred -> "deferred";
        };
    }

    private String[] heartbeat(Step step) {
        if (model.claims.isEmpty()) {
            return same("nobody");
        }
        // Mostly recent claims: the agents that are still there.
        int back = step.a() % 3 == 0 ? step.b() % model.claims.size() : step.b() % Math.min(6, model.claims.size());
        LeaseClaim claim = model.claims.get(model.claims.size() - 1 - back);
        boolean connecting = step.c() % 3 == 0;
        return new String[] {model.heartbeat(claim, connecting), connecting ? admitted(claim) : beaten(claim)};
    }

    private String beaten(LeaseClaim claim) {
        return store.heartbeat(claim).name().toLowerCase(Locale.ROOT);
    }

    private String admitted(LeaseClaim claim) {
        return switch (store.admit(claim)) {
            case Admission.Admitted admitted -> {
                if (!admitted.address().equals("10.0.0.1:80")) {
                    yield "let through to \"" + admitted.address() + "\"";
                }
                // A stream is told the address alone; whether its call was restored, the records say.
                Model.Call call = model.calls.get(claim.call().value());
                yield call != null && model.restoredLast ? "restored" : "live";
            }
            case Admission.Refused refused -> refused.why().name().toLowerCase(Locale.ROOT);
        };
    }

    // ------------------------------------------------------------------------------------------- pods

    private String[] observe(Step step) {
        String name = pod(step.a());
        Model.Pod known = model.pods.get(name);
        // Mostly the same object and container as before, with the next version.
        String uid = step.b() % 5 == 0 || known == null ? "uid" + step.b() % 4 : uidOf(known, name);
        String containerId = step.c() % 6 == 0 ? "" : step.c() % 6 == 1 ? "c" + step.c() % 5 : containerOf(known, uid);
        Incarnation incarnation = Incarnation.of(name, uid, containerId);
        long last = known == null ? 90 : known.version;
        long version = Math.max(1, step.d() % 4 == 0 ? last - 12 + step.d() % 25 : last + 1 + step.d() % 3);
        PodFacts.Readiness readiness = step.d() % 11 == 0
                ? PodFacts.Readiness.DELETING
                : step.d() % 7 == 0 ? PodFacts.Readiness.NOT_READY : PodFacts.Readiness.READY;
        boolean running = !containerId.isEmpty() && step.c() % 9 != 0;
        String wanted = WANTED.get(step.c() / 16 % WANTED.size());
        PodFacts facts = new PodFacts(
                name, incarnation, Long.toString(version), readiness, "10.0.0.1:80", running, null, orNull(wanted));
        String expected = model.observed(
                name,
                incarnation.object(),
                incarnation.container(),
                version,
                readiness.name().toLowerCase(Locale.ROOT),
                wanted,
                facts.isRegistrable(),
                false);
        return new String[] {expected.trim(), say(store.observe(facts))};
    }

    private static String uidOf(Model.Pod pod, String name) {
        for (int i = 0; i < 4; i++) {
            if (Incarnation.of(name, "uid" + i, "").object().equals(pod.object)) {
                return "uid" + i;
            }
        }
        return "uid0";
    }

    private static String containerOf(Model.@Nullable Pod pod, String uid) {
        if (pod != null) {
            for (int i = 0; i < 5; i++) {
                if (Incarnation.of(pod.name, uid, "c" + i).container().equals(pod.container)) {
                    return "c" + i;
                }
            }
        }
        return "c0";
    }

    private static String say(PodChange change) {
        return (change.kind().name().toLowerCase(Locale.ROOT) + " "
                        + change.lostCalls().stream()
                                .map(CallId::value)
                                .sorted()
                                .collect(Collectors.joining(" ")))
                .trim();
    }

    private String[] gone(Step step) {
        String name = pod(step.a());
        Model.Pod known = model.pods.get(name);
        String uid = step.b() % 3 == 0 || known == null ? "uid" + step.b() % 4 : uidOf(known, name);
        Incarnation incarnation = Incarnation.of(name, uid, "");
        long version = step.c() % 2 == 0 ? 0 : (known == null ? 90 : known.version) - 2 + step.c() % 6;
        String expected = model.gone(name, incarnation.object(), Math.max(0, version));
        return new String[] {
            expected.trim(),
            say(store.gone(name, incarnation, version <= 0 ? Optional.empty() : Optional.of(Long.toString(version))))
        };
    }

    private String[] drain(String name, boolean drained) {
        String found =
                switch (store.drain(name, drained)) {
                    case DrainOutcome.UnknownPod unknown -> "unknown";
                    case DrainOutcome.Done done -> "done " + done.state().word() + " " + done.liveCalls();
                };
        return new String[] {model.drain(name, drained), found};
    }

    private String[] probe(Step step) {
        String name = pod(step.a());
        Incarnation incarnation = incarnation(name, step.b());
        boolean answered = step.c() % 3 == 0;
        boolean refused = step.c() % 3 == 1;
        return new String[] {
            model.probed(name, incarnation.toString(), answered, refused),
            store.probed(
                            name,
                            incarnation,
                            answered ? ProbeResult.ANSWERED : refused ? ProbeResult.REFUSED : ProbeResult.SILENT)
                    .name()
                    .toLowerCase(Locale.ROOT)
        };
    }

    private String[] free(Step step) {
        String name = pod(step.a());
        Incarnation incarnation = incarnation(name, step.b());
        model.free(name, incarnation.toString());
        store.free(name, incarnation);
        return same("free");
    }

    private String[] place(Step step) {
        String name = pod(step.a());
        String pool = WANTED.get(3 + step.b() % 4);
        return new String[] {Boolean.toString(model.place(name, pool)), Boolean.toString(store.place(name, pool))};
    }

    private Incarnation incarnation(String name, int choice) {
        Model.Pod known = model.pods.get(name);
        return known == null || known.gone || choice % 5 == 0
                ? Incarnation.of(name, "uid" + choice % 4, "c" + choice % 5)
                : Incarnation.parse(known.incarnation());
    }

    // ------------------------------------------------------------------------------------------- the world

    private String[] advance(Step step) {
        long[] jumps = {10, 1_000, 4_000, 6_000, 31_000, 70_000, 3_600_000};
        model.now += jumps[step.a() % (step.b() % 8 == 0 ? jumps.length : jumps.length - 2)];
        fixture.setTime(model.now);
        return same("time " + model.now);
    }

    private String[] expire() {
        expireBoth();
        return same("expired");
    }

    private void expireBoth() {
        model.expireAll();
        for (int i = 0; i < 1_000; i++) {
            if (store.expire().isEmpty()) {
                return;
            }
        }
        throw new IllegalStateException("expire finds no end");
    }

    private void configure(ModelConfig config) {
        SortedMap<String, String> moves = config.moves(store.pods());
        fixture.pool().configurations().putTiers(config.tiers());
        for (String merchant : List.of("acme", "bob")) {
            fixture.pool().configurations().putMerchant(merchant, config.merchant(merchant));
        }
        model.config = config.compiled();
        if (config != configured) { // pods move when targets change, or a data set is new, and only then
            moves.forEach(model::place);
        }
        configured = config;
    }

    /** An hour after an end, Redis forgets it. */
    private String[] forget(Step step) {
        String sid = sid(step.a());
        Model.Call call = model.calls.get(sid);
        if (call != null && !call.live()) {
            model.calls.remove(sid);
            fixture.template().delete(PREFIX + ":call:" + sid);
        }
        model.waited.remove(sid);
        fixture.template().delete(PREFIX + ":waited:" + sid);
        String name = pod(step.b());
        Model.Pod pod = model.pods.get(name);
        if (pod != null && pod.gone && step.c() % 4 == 0) {
            model.pods.remove(name);
            fixture.template().delete(PREFIX + ":pod:" + name);
        }
        return same("forgotten");
    }

    private String[] loseRecord(String name) {
        if (model.loseRecord(name)) {
            fixture.template().delete(PREFIX + ":pod:" + name);
        }
        return same("lost");
    }

    private String[] flush() {
        List<Model.PodView> cluster = model.cluster();
        fixture.flush();
        fixture.setTime(model.now);
        fixture.cluster(cluster.stream()
                .map(view -> new PodFacts(
                        view.name(),
                        new Incarnation(view.object(), view.container()),
                        Long.toString(view.version()),
                        PodFacts.Readiness.valueOf(view.kubernetes().toUpperCase(Locale.ROOT)),
                        "10.0.0.1:80",
                        true,
                        null,
                        orNull(view.wanted())))
                .toList());
        fixture.pool().settlement().settle();
        configured = null;
        model.flushed(cluster);
        return same("flushed");
    }

    private String[] failover() {
        fixture.failOver();
        fixture.cluster(List.of());
        fixture.pool().settlement().settle();
        configured = null;
        model.failedOver();
        return same("failed over");
    }

    private static String[] same(String what) {
        return new String[] {what, what};
    }

    private static String sid(int choice) {
        return "call-" + choice % 9;
    }

    private static String pod(int choice) {
        return "voice-agent-" + choice / 16 % 7;
    }

    private String lease(String sid, int choice) {
        Model.Call call = model.calls.get(sid);
        return call == null || call.lease.isEmpty() || choice % 4 == 0 ? "lease" + choice % 5 : call.lease;
    }

    private String lock(String sid, int choice) {
        String lock = model.locks.get(sid);
        return lock == null || choice % 5 == 0 ? "lock-" + choice % 4 : lock;
    }

    private static String text(@Nullable String value) {
        return value == null ? "" : value;
    }

    private static @Nullable String orNull(String value) {
        return value.isEmpty() ? null : value;
    }

    @Override
    public void close() {
        fixture.close();
    }
}
