package io.smartrouter.pool.redis;

import static java.util.Objects.requireNonNullElse;

import io.smartrouter.pool.AllocateReply;
import io.smartrouter.pool.Allocation;
import io.smartrouter.pool.AllocationOutcome;
import io.smartrouter.pool.AllocationRequest;
import io.smartrouter.pool.Call;
import io.smartrouter.pool.CallId;
import io.smartrouter.pool.ConfigurationEdit;
import io.smartrouter.pool.DrainOutcome;
import io.smartrouter.pool.Expired;
import io.smartrouter.pool.HeartbeatOutcome;
import io.smartrouter.pool.Incarnation;
import io.smartrouter.pool.Lease;
import io.smartrouter.pool.LeaseClaim;
import io.smartrouter.pool.Pod;
import io.smartrouter.pool.PodChange;
import io.smartrouter.pool.PodFacts;
import io.smartrouter.pool.PodState;
import io.smartrouter.pool.PoolProperties;
import io.smartrouter.pool.PoolStore;
import io.smartrouter.pool.ProbeReply;
import io.smartrouter.pool.ReleaseOutcome;
import io.smartrouter.pool.ReleaseRequest;
import io.smartrouter.pool.ReplaceReply;
import io.smartrouter.pool.StoreUnavailableException;
import io.smartrouter.pool.StoredConfiguration;
import io.smartrouter.pool.redis.RedisCommands.Answer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Each method is one script, or one read: arguments in, the answer's word out. What a script keeps stands in it. */
final class RedisPoolStore implements PoolStore {
    private final RedisCommands redis;
    private final RedisScripts scripts;
    private final RedisKeys keys;
    private final RedisRecords records;
    private final PoolProperties properties;
    private final RedisClock clock = new RedisClock();

    RedisPoolStore(RedisCommands redis, RedisScripts scripts, RedisKeys keys, PoolProperties properties) {
        this.redis = redis;
        this.scripts = scripts;
        this.keys = keys;
        this.properties = properties;
        this.records = new RedisRecords(redis, keys);
    }

    @Override
    public AllocateReply allocate(AllocationRequest request, Lease lease, Optional<String> lockToken) {
        Answer answer = allocateBefore(request, lease, lockToken);
        if (answer.is("too_late")) { // our idea of Redis' time was wrong, or the command was long on its way: once more
            answer = allocateBefore(request, lease, lockToken);
        }
        return switch (answer.word()) {
            case "busy" -> new AllocateReply.Busy();
            case "due" -> new AllocateReply.Due();
            case "too_late" ->
                throw new StoreUnavailableException("Redis answers later than router.redis.command-timeout");
            default -> new AllocateReply.Decided(outcome(request, answer));
        };
    }

    private Answer allocateBefore(AllocationRequest request, Lease lease, Optional<String> lockToken) {
        Answer answer = redis.run(
                scripts.allocate,
                "",
                request.call().value(),
                text(request.provider()),
                text(request.account()),
                text(request.merchant()),
                lease.value(),
                Long.toString(clock.notAfter(properties.redis().commandTimeout())),
                ms(properties.call().maxLength()),
                ms(properties.call().connectTimeout()),
                lockToken.orElse(""),
                ms(properties.lockLife()));
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
            case "exhausted" -> new AllocationOutcome.Exhausted(answer.from(2));
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
                RedisRecords.present(answer.text(11))));
    }

    @Override
    public ReplaceReply replace(CallId call, Lease held, String lockToken, Lease next, Collection<String> tried) {
        return replaced(
                call,
                redis.run(
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
                                .toArray(String[]::new)));
    }

    @Override
    public ReplaceReply withdraw(CallId call, Lease held, String lockToken) {
        return replaced(call, redis.run(scripts.withdraw, "", call.value(), held.value(), lockToken));
    }

    private static ReplaceReply replaced(CallId call, Answer answer) {
        return switch (answer.word()) {
            case "stale" -> new ReplaceReply.Stale();
            case "exhausted" -> new ReplaceReply.Decided(new AllocationOutcome.Exhausted(answer.from(2)));
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
        Answer answer = redis.run(
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
                ms(properties.settle().quarantine()));
        return HeartbeatOutcome.valueOf(answer.word().toUpperCase(Locale.ROOT));
    }

    @Override
    public PodChange observe(PodFacts facts) {
        return observe("", facts);
    }

    PodChange observe(String token, PodFacts facts) {
        Answer answer = redis.run(
                scripts.podObserved,
                token,
                facts.pod(),
                facts.incarnation().toString(),
                facts.version(),
                facts.kubernetes().name().toLowerCase(Locale.ROOT),
                text(facts.address()),
                text(facts.revision()),
                text(facts.wantedPool()),
                facts.isRegistrable() ? "1" : "0",
                ms(properties.settle().quarantine()));
        return change(answer);
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
        Answer answer = redis.run(scripts.drain, "", pod, drained ? "1" : "0");
        return answer.is("unknown")
                ? new DrainOutcome.UnknownPod()
                : new DrainOutcome.Done(pod, PodState.of(answer.text(1)), (int) answer.number(2));
    }

    @Override
    public ProbeReply probed(String pod, Incarnation incarnation, boolean answered) {
        Answer answer = redis.run(
                scripts.podProbed,
                "",
                pod,
                incarnation.toString(),
                answered ? "1" : "0",
                ms(properties.probeBackOff()),
                ms(properties.probeBackOffMax()));
        return ProbeReply.valueOf(answer.word().toUpperCase(Locale.ROOT));
    }

    @Override
    public void free(String pod, Incarnation incarnation) {
        redis.run(scripts.podFree, "", pod, incarnation.toString());
    }

    @Override
    public Optional<Expired> expire() {
        Answer answer = redis.run(scripts.expire, "");
        return switch (answer.word()) {
            case "none" -> Optional.empty();
            case "call" ->
                Optional.of(new Expired.CallEnded(
                        new CallId(answer.text(1)), RedisRecords.present(answer.text(2)), answer.text(3)));
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
        return records.call(call);
    }

    @Override
    public Optional<Pod> pod(String name) {
        return records.pod(name);
    }

    @Override
    public List<Pod> pods() {
        return records.pods();
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
    public boolean configure(String madeFrom, ConfigurationEdit edit, Map<String, String> compiled) {
        return configure("", madeFrom, edit, compiled);
    }

    boolean configure(String token, String madeFrom, ConfigurationEdit edit, Map<String, String> compiled) {
        String[] source =
                switch (edit) {
                    case ConfigurationEdit.None none -> new String[] {"none", "", "", ""};
                    case ConfigurationEdit.Tiers tiers -> new String[] {"tiers", tiers.json(), "", ""};
                    case ConfigurationEdit.Merchant one -> new String[] {"merchant", "", one.merchant(), one.json()};
                    case ConfigurationEdit.MerchantRemoved one ->
                        new String[] {"merchant_removed", "", one.merchant(), ""};
                    case ConfigurationEdit.All all ->
                        new String[] {"all", all.tiers(), "", RedisRecords.json(all.merchants())};
                };
        List<String> args = new ArrayList<>();
        args.add(madeFrom);
        args.add(Long.toString(Long.parseLong(madeFrom) + 1));
        args.addAll(Arrays.asList(source));
        compiled.forEach((field, value) -> {
            args.add(field);
            args.add(value);
        });
        return redis.run(scripts.configure, token, args.toArray(String[]::new)).is("applied");
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
