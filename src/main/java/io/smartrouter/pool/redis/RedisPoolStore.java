package io.smartrouter.pool.redis;

import static java.util.Objects.requireNonNullElse;

import io.smartrouter.pool.Admission;
import io.smartrouter.pool.AllocateReply;
import io.smartrouter.pool.Allocation;
import io.smartrouter.pool.AllocationOutcome;
import io.smartrouter.pool.AllocationRequest;
import io.smartrouter.pool.Call;
import io.smartrouter.pool.CallId;
import io.smartrouter.pool.ConfigurationEdit;
import io.smartrouter.pool.ContinueOutcome;
import io.smartrouter.pool.ContinueReply;
import io.smartrouter.pool.ContinueRequest;
import io.smartrouter.pool.DrainOutcome;
import io.smartrouter.pool.Expired;
import io.smartrouter.pool.HeartbeatOutcome;
import io.smartrouter.pool.Incarnation;
import io.smartrouter.pool.Lease;
import io.smartrouter.pool.LeaseClaim;
import io.smartrouter.pool.Pod;
import io.smartrouter.pool.PodChange;
import io.smartrouter.pool.PodFacts;
import io.smartrouter.pool.PodFinding;
import io.smartrouter.pool.PodState;
import io.smartrouter.pool.PoolProperties;
import io.smartrouter.pool.PoolStore;
import io.smartrouter.pool.ProbeReply;
import io.smartrouter.pool.ProbeResult;
import io.smartrouter.pool.ReleaseOutcome;
import io.smartrouter.pool.ReleaseRequest;
import io.smartrouter.pool.ReplaceReply;
import io.smartrouter.pool.RouterMirror;
import io.smartrouter.pool.StoreUnavailableException;
import io.smartrouter.pool.StoredConfiguration;
import io.smartrouter.pool.StreamEvent;
import io.smartrouter.pool.redis.RedisCommands.Answer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Each method is one script, or one read: arguments in, the answer's word out. What a script keeps stands in it. */
final class RedisPoolStore implements PoolStore {
    private static final int NUMBERS_AT_ONCE = 2_000;
    private static final Duration RESTORE_LIFE = Duration.ofMinutes(1);

    private final RedisCommands redis;
    private final RedisScripts scripts;
    private final RedisKeys keys;
    private final RedisRecords records;
    private final PoolProperties properties;
    private final OwnOutcomes own;
    private final RedisClock clock = new RedisClock();

    RedisPoolStore(
            RedisCommands redis, RedisScripts scripts, RedisKeys keys, PoolProperties properties, RouterMirror mirror) {
        this.redis = redis;
        this.scripts = scripts;
        this.keys = keys;
        this.properties = properties;
        this.records = new RedisRecords(redis, keys);
        this.own = new OwnOutcomes(mirror, properties);
    }

    @Override
    public AllocateReply allocate(AllocationRequest request, Lease lease, Optional<String> lockToken) {
        long begun = own.begin();
        Answer answer = inTime(notAfter -> redis.run(
                scripts.allocate,
                "",
                request.call().value(),
                text(request.provider()),
                text(request.account()),
                text(request.merchant()),
                lease.value(),
                notAfter,
                ms(properties.call().maxLength()),
                ms(properties.call().connectTimeout()),
                lockToken.orElse(""),
                ms(properties.lockLife()),
                request.hold() == null ? "0" : ms(request.hold().longest()),
                request.hold() == null ? "0" : ms(request.hold().poll()),
                text(request.request())));
        own.holding(begun, request.call().value(), text(request.request()), answer);
        return switch (answer.word()) {
            case "busy" -> new AllocateReply.Busy();
            case "due" -> new AllocateReply.Due();
            default -> new AllocateReply.Decided(outcome(request, answer));
        };
    }

    /** Runs what may be executed only while its caller waits, and learns Redis' time from the answer. */
    private Answer inTime(Function<String, Answer> script) {
        Answer answer = before(script);
        if (answer.is("too_late")) { // our idea of Redis' time was wrong, or the command was long on its way: once more
            answer = before(script);
        }
        if (answer.is("too_late")) {
            throw new StoreUnavailableException("Redis answers later than router.redis.command-timeout");
        }
        return answer;
    }

    private Answer before(Function<String, Answer> script) {
        long notAfter = clock.notAfter(properties.redis().commandTimeout());
        Answer answer = script.apply(Long.toString(notAfter));
        if (!answer.is("busy")) {
            clock.learn(answer.number(1));
        }
        return answer;
    }

    private static AllocationOutcome outcome(AllocationRequest request, Answer answer) {
        return switch (answer.word()) {
            case "allocated" -> new AllocationOutcome.Allocated(allocation(request.call(), answer), false);
            case "existing" -> new AllocationOutcome.Allocated(allocation(request.call(), answer), true);
            case "ended" -> new AllocationOutcome.CallEnded(Instant.ofEpochMilli(answer.number(2)), answer.text(3));
            case "not_owner" -> new AllocationOutcome.NotOwner();
            case "merchant_limit" ->
                new AllocationOutcome.MerchantLimit(text(request.merchant()), (int) answer.number(2));
            case "waiting" ->
                new AllocationOutcome.Waiting(
                        Instant.ofEpochMilli(answer.number(2)), RedisRecords.present(answer.text(3)));
            case "exhausted" -> new AllocationOutcome.Exhausted(answer.from(3), RedisRecords.present(answer.text(2)));
            default -> throw answer.unexpected();
        };
    }

    private static Allocation allocation(CallId call, Answer answer) {
        return RedisRecords.whole(() -> new Allocation(
                call,
                answer.text(2),
                Incarnation.parse(answer.text(3)),
                answer.text(4),
                answer.text(5),
                new Lease(answer.text(6)),
                Instant.ofEpochMilli(answer.number(7)),
                RedisRecords.instant(answer.text(8)),
                RedisRecords.present(answer.text(9)),
                RedisRecords.present(answer.text(10)),
                RedisRecords.present(answer.text(11)),
                (int) answer.number(12)));
    }

    @Override
    public ReplaceReply replace(CallId call, Lease held, String lockToken, Lease next, Collection<String> tried) {
        long begun = own.begin();
        Answer answer = redis.run(
                scripts.replace,
                "",
                Stream.concat(
                                Stream.of(
                                        call.value(),
                                        held.value(),
                                        lockToken,
                                        next.value(),
                                        ms(properties.call().maxLength()),
                                        ms(properties.call().connectTimeout()),
                                        ms(properties.lockLife())),
                                tried.stream())
                        .toArray(String[]::new));
        own.holding(begun, call.value(), "", answer);
        return replaced(call, answer);
    }

    @Override
    public ReplaceReply withdraw(CallId call, Lease held, String lockToken) {
        return replaced(call, redis.run(scripts.withdraw, "", call.value(), held.value(), lockToken));
    }

    private static ReplaceReply replaced(CallId call, Answer answer) {
        return switch (answer.word()) {
            case "stale" -> new ReplaceReply.Stale();
            case "exhausted" ->
                new ReplaceReply.Decided(
                        new AllocationOutcome.Exhausted(answer.from(3), RedisRecords.present(answer.text(2))));
            case "allocated" ->
                new ReplaceReply.Decided(new AllocationOutcome.Allocated(allocation(call, answer), false));
            default -> throw answer.unexpected();
        };
    }

    @Override
    public void unlock(CallId call, String lockToken) {
        redis.runOn(keys.callLock(call), scripts.unlock, lockToken);
    }

    @Override
    public ReleaseOutcome release(ReleaseRequest request) {
        long begun = own.begin();
        Answer answer =
                switch (request.right()) {
                    case ReleaseRequest.Right.Owner owner ->
                        release(request, "owner", owner.provider(), text(owner.account()), "");
                    case ReleaseRequest.Right.Operator operator ->
                        release(
                                request,
                                "operator",
                                "",
                                "",
                                operator.lease() == null ? "" : operator.lease().value());
                    case ReleaseRequest.Right.Holder holder ->
                        release(request, "holder", "", "", holder.lease().value());
                };
        own.ended(begun, request, answer);
        return switch (answer.word()) {
            case "released" ->
                new ReleaseOutcome.Released(
                        answer.text(1), answer.text(2), answer.text(3).equals("1"));
            case "already_ended" ->
                new ReleaseOutcome.AlreadyEnded(
                        RedisRecords.present(answer.text(1)),
                        RedisRecords.present(answer.text(2)),
                        Instant.ofEpochMilli(answer.number(3)));
            case "unknown" -> new ReleaseOutcome.UnknownCall();
            case "stale_lease" -> new ReleaseOutcome.StaleLease();
            case "not_owner" -> new ReleaseOutcome.NotOwner();
            default -> throw answer.unexpected();
        };
    }

    private Answer release(ReleaseRequest request, String right, String provider, String account, String lease) {
        return redis.run(
                scripts.release, "", request.call().value(), right, provider, account, lease, request.reason());
    }

    @Override
    public HeartbeatOutcome heartbeat(LeaseClaim claim) {
        return HeartbeatOutcome.valueOf(heartbeat(claim, "0").word().toUpperCase(Locale.ROOT));
    }

    @Override
    public HeartbeatOutcome connected(LeaseClaim claim) {
        return HeartbeatOutcome.valueOf(heartbeat(claim, "").word().toUpperCase(Locale.ROOT));
    }

    @Override
    public Admission admit(LeaseClaim claim) {
        Answer answer = heartbeat(claim, "1");
        HeartbeatOutcome outcome = HeartbeatOutcome.valueOf(answer.word().toUpperCase(Locale.ROOT));
        return switch (outcome) {
            case LIVE, RESTORED -> new Admission.Admitted(answer.text(1));
            case ENDED, STALE_LEASE, UNKNOWN_CALL, UNKNOWN_POD, TOO_LATE -> new Admission.Refused(outcome);
        };
    }

    private Answer heartbeat(LeaseClaim claim, String what) {
        return redis.run(
                scripts.heartbeat,
                "",
                claim.call().value(),
                claim.pod(),
                claim.incarnation().toString(),
                claim.pool(),
                claim.lease().value(),
                Long.toString(claim.allocatedAt().toEpochMilli()),
                claim.connectBy() == null ? "" : Long.toString(claim.connectBy().toEpochMilli()),
                text(claim.provider()),
                text(claim.account()),
                text(claim.merchant()),
                ms(properties.call().maxLength()),
                ms(properties.settle().quarantine()),
                Integer.toString(claim.continues()),
                what);
    }

    @Override
    public StreamEvent.Outcome streamEvent(StreamEvent event) {
        Answer answer = redis.run(
                scripts.streamEvent,
                "",
                event.call().value(),
                event.provider(),
                text(event.account()),
                event.lease().value(),
                event.kind().name().toLowerCase(Locale.ROOT),
                ms(properties.call().maxLength()),
                ms(properties.call().streamGrace()));
        return switch (answer.word()) {
            case "noted" -> StreamEvent.Outcome.NOTED;
            case "unknown" -> StreamEvent.Outcome.UNKNOWN_CALL;
            case "ended" -> StreamEvent.Outcome.CALL_ENDED;
            case "stale_lease" -> StreamEvent.Outcome.STALE_LEASE;
            case "not_owner" -> StreamEvent.Outcome.NOT_OWNER;
            default -> throw answer.unexpected();
        };
    }

    @Override
    public ContinueReply continueCall(
            ContinueRequest request, Lease next, Optional<String> lockToken, @Nullable PodFinding finding) {
        long begun = own.begin();
        Answer answer = inTime(notAfter -> redis.run(
                scripts.continueCall,
                "",
                request.call().value(),
                request.provider(),
                text(request.account()),
                request.lease() == null ? "" : request.lease().value(),
                next.value(),
                notAfter,
                ms(properties.call().maxLength()),
                ms(properties.call().connectTimeout()),
                lockToken.orElse(""),
                ms(properties.lockLife()),
                Integer.toString(properties.call().maxContinues()),
                finding == null ? "" : finding.serves() ? "serves" : "fails",
                finding == null ? "" : finding.lease().value(),
                ms(properties.call().streamGrace()),
                ms(properties.probeBackOff()),
                ms(properties.probeBackOffMax())));
        own.holding(begun, request.call().value(), "", answer);
        return switch (answer.word()) {
            case "busy" -> new ContinueReply.Busy();
            case "due" -> new ContinueReply.Due();
            case "ask" ->
                new ContinueReply.Ask(
                        answer.text(2),
                        RedisRecords.whole(() -> Incarnation.parse(answer.text(3))),
                        answer.text(4),
                        RedisRecords.whole(() -> new Lease(answer.text(5))));
            default -> new ContinueReply.Decided(continued(request.call(), answer));
        };
    }

    private static ContinueOutcome continued(CallId call, Answer answer) {
        return switch (answer.word()) {
            case "allocated" -> new ContinueOutcome.Continues(allocation(call, answer), false);
            case "existing" -> new ContinueOutcome.Continues(allocation(call, answer), true);
            case "over" -> new ContinueOutcome.Over(answer.text(2));
            case "limit" -> new ContinueOutcome.Limit();
            case "exhausted" -> new ContinueOutcome.Exhausted(answer.from(3), RedisRecords.present(answer.text(2)));
            case "unknown" -> new ContinueOutcome.UnknownCall();
            case "not_owner" -> new ContinueOutcome.NotOwner();
            default -> throw answer.unexpected();
        };
    }

    @Override
    public PodChange observe(PodFacts facts) {
        return change(redis.run(
                scripts.podObserved,
                "",
                observed(facts, properties.settle().quarantine()).toArray(String[]::new)));
    }

    /** What the script is told of a pod. */
    static Stream<String> observed(PodFacts facts, Duration quarantine) {
        return Stream.of(
                facts.pod(),
                facts.incarnation().toString(),
                facts.version(),
                facts.kubernetes().name().toLowerCase(Locale.ROOT),
                text(facts.address()),
                text(facts.revision()),
                text(facts.wantedPool()),
                facts.isRegistrable() ? "1" : "0",
                ms(quarantine));
    }

    @Override
    public PodChange gone(String pod, Incarnation incarnation, Optional<String> version) {
        return change(redis.run(scripts.podGone, "", pod, incarnation.toString(), version.orElse("")));
    }

    private static PodChange change(Answer answer) {
        return new PodChange(
                PodChange.Kind.valueOf(answer.word().toUpperCase(Locale.ROOT)),
                answer.from(2).stream().map(CallId::new).toList());
    }

    @Override
    public DrainOutcome drain(String pod, boolean drained) {
        long begun = own.begin();
        Answer answer = redis.run(scripts.drain, "", pod, drained ? "1" : "0");
        own.drained(begun, pod, drained, answer);
        return answer.is("unknown")
                ? new DrainOutcome.UnknownPod()
                : new DrainOutcome.Done(pod, PodState.of(answer.text(1)), (int) answer.number(2));
    }

    @Override
    public ProbeReply probed(String pod, Incarnation incarnation, ProbeResult result) {
        Answer answer = redis.run(
                scripts.podProbed,
                "",
                pod,
                incarnation.toString(),
                switch (result) {
                    case ANSWERED -> "1";
                    case SILENT -> "0";
                    case REFUSED -> "refused";
                },
                ms(properties.probeBackOff()),
                ms(properties.probeBackOffMax()));
        return ProbeReply.valueOf(answer.word().toUpperCase(Locale.ROOT));
    }

    @Override
    public void free(String pod, Incarnation incarnation) {
        redis.run(
                scripts.podFree,
                "",
                pod,
                incarnation.toString(),
                ms(properties.settle().quarantine()),
                ms(properties.call().timeToConnect()));
    }

    @Override
    public Optional<Expired> expire() {
        Answer answer = redis.run(scripts.expire, "", ms(properties.probeBackOff()), ms(properties.probeBackOffMax()));
        return switch (answer.word()) {
            case "none" -> Optional.empty();
            case "call" ->
                Optional.of(RedisRecords.whole(() -> new Expired.CallEnded(
                        new CallId(answer.text(1)), RedisRecords.present(answer.text(2)), answer.text(3))));
            case "waiter" -> Optional.of(RedisRecords.whole(() -> new Expired.WaiterLeft(new CallId(answer.text(1)))));
            case "put_off" -> Optional.of(new Expired.PutOff(answer.text(1), answer.text(2), answer.text(3)));
            case "pod" -> Optional.of(new Expired.PodDerived(answer.text(1), PodState.of(answer.text(2))));
            default -> throw answer.unexpected();
        };
    }

    @Override
    public boolean place(String pod, String pool) {
        Answer answer = redis.run(scripts.place, "", pod, pool);
        return !answer.is("unknown") && !answer.is("no_pool");
    }

    @Override
    public Optional<Call> call(CallId call) {
        return unlessLost(() -> records.call(call));
    }

    @Override
    public Optional<Pod> pod(String name) {
        return unlessLost(() -> records.pod(name));
    }

    /** What is not found may have been lost: that there is no record is said of an open data set alone. */
    private <T> Optional<T> unlessLost(Supplier<Optional<T>> read) {
        Optional<T> found = read.get();
        if (found.isEmpty()) {
            redis.run(scripts.gate, "");
            found = read.get();
        }
        return found;
    }

    @Override
    public List<Pod> pods() {
        return records.pods();
    }

    @Override
    public Map<String, List<CallId>> callsOn(Collection<String> pods) {
        return records.callsOn(List.copyOf(pods));
    }

    @Override
    public long liveCalls() {
        return redis.read(template -> requireNonNullElse(template.opsForZSet().zCard(keys.calls()), 0L));
    }

    @Override
    public long liveCalls(String merchant) {
        return redis.read(template -> requireNonNullElse(template.opsForSet().size(keys.merchantCalls(merchant)), 0L));
    }

    @Override
    public Optional<String> hazard() {
        return records.evictionPolicy()
                .filter(policy -> !policy.equals("noeviction"))
                .map(policy -> "Redis may drop live calls: set its maxmemory-policy to noeviction, not " + policy);
    }

    @Override
    public StoredConfiguration configuration() {
        return records.configuration();
    }

    @Override
    public boolean configure(String madeFrom, String revision, ConfigurationEdit edit, Map<String, String> compiled) {
        return configure("", madeFrom, revision, edit, compiled, revision);
    }

    /**
     * As {@link #configure(String, String, ConfigurationEdit, Map)}, also for a settlement.
     *
     * @param ready where all numbers stand ready before the step, if it writes all
     */
    boolean configure(
            String token,
            String madeFrom,
            String revision,
            ConfigurationEdit edit,
            Map<String, String> compiled,
            String ready) {
        String[] source =
                switch (edit) {
                    case ConfigurationEdit.None none -> new String[] {"none", "", "", "", ""};
                    case ConfigurationEdit.Tiers tiers -> new String[] {"tiers", tiers.json(), "", "", ""};
                    case ConfigurationEdit.Merchant one ->
                        new String[] {"merchant", "", one.merchant(), one.json(), ""};
                    case ConfigurationEdit.MerchantRemoved one ->
                        new String[] {"merchant_removed", "", one.merchant(), "", ""};
                    case ConfigurationEdit.NumberGiven one ->
                        new String[] {"number", "", one.number(), one.merchant(), ""};
                    case ConfigurationEdit.NumberRemoved one ->
                        new String[] {"number_removed", "", one.number(), "", ""};
                    case ConfigurationEdit.All all ->
                        new String[] {
                            "all",
                            all.tiers(),
                            ready,
                            RedisRecords.json(all.merchants()),
                            makeReady(ready, all.numbers())
                        };
                };
        List<String> args = new ArrayList<>();
        args.add(madeFrom);
        args.add(revision);
        args.addAll(Arrays.asList(source));
        compiled.forEach((field, value) -> {
            args.add(field);
            args.add(value);
        });
        Answer answer = redis.run(scripts.configure, token, args.toArray(String[]::new));
        if (answer.is("incomplete")) {
            throw new StoreUnavailableException("Redis lost the numbers while they were restored");
        }
        return answer.is("applied");
    }

    /**
     * Writes all numbers to where the script takes them from in one step: a hundred thousand at once would hold Redis
     * up for longer than a command may take. What a settlement leaves behind that died in the middle goes by itself.
     *
     * @return how many
     */
    private String makeReady(String id, Map<String, String> numbers) {
        String key = keys.numberRestore(id);
        redis.read(template -> template.delete(key));
        List<String> all = List.copyOf(numbers.keySet());
        for (int i = 0; i < all.size(); i += NUMBERS_AT_ONCE) {
            Map<String, String> some = new HashMap<>();
            all.subList(i, Math.min(all.size(), i + NUMBERS_AT_ONCE))
                    .forEach(number -> some.put(number, numbers.getOrDefault(number, "")));
            redis.read(template -> {
                template.opsForHash().putAll(key, some);
                return template.expire(key, RESTORE_LIFE);
            });
        }
        return Integer.toString(all.size());
    }

    @Override
    public boolean lockTask(String task, String token, Duration life) {
        return redis.read(template ->
                requireNonNullElse(template.opsForValue().setIfAbsent(keys.taskLock(task), token, life), false));
    }

    @Override
    public void unlockTask(String task, String token) {
        redis.runOn(keys.taskLock(task), scripts.unlock, token);
    }

    private static String ms(Duration duration) {
        return Long.toString(duration.toMillis());
    }

    private static String text(@Nullable String value) {
        return value == null ? "" : value;
    }
}
