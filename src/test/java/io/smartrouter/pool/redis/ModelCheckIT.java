package io.smartrouter.pool.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.smartrouter.testing.TestRedis;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Random sequences of every transition, on the scripts and on a plain model at once: each answer, all records and
 * DESIGN's invariants are compared after every step. A failing sequence is made as short as it gets.
 *
 * <p>And the other way round: scripts with one rule broken must be caught by it, or the check is worth nothing.
 */
class ModelCheckIT {
    private static final int STEPS_PER_SEQUENCE = 500;
    private static final int SEQUENCES = 20;

    private final TestRedis redis = TestRedis.start(); // each test's own: several run at once

    @AfterEach
    void stopRedis() {
        redis.close();
    }

    @Execution(ExecutionMode.CONCURRENT)
    @ParameterizedTest
    @ValueSource(longs = {1, 20_260_101, 0x5EED})
    void scriptsDoAsTheModelSays(long seed) {
        // Besides the seeds that anybody can repeat, each run tries one that nobody has tried.
        long tried = seed == 0x5EED ? System.nanoTime() : seed;
        try (ModelRun run = run(UnaryOperator.identity())) {
            Optional<List<Step>> failing = failing(run, tried, SEQUENCES);
            Optional<String> failure = failing.map(steps -> shortest(run, steps));
            assertThat(failure).as("seed %d", tried).isEmpty();
        }
        System.out.printf("model check: seed %d, %d steps, no difference%n", tried, SEQUENCES * STEPS_PER_SEQUENCE);
    }

    @Execution(ExecutionMode.CONCURRENT)
    @ParameterizedTest(name = "{0}")
    @MethodSource("mutations")
    void aBrokenRuleIsNoticed(String rule, String original, String broken) {
        boolean[] applied = {false};
        UnaryOperator<String> mutation = script -> {
            applied[0] |= script.contains(original);
            return script.replace(original, broken);
        };
        try (ModelRun run = run(mutation)) {
            Optional<String> difference = failing(run, 7, 40).flatMap(run::play);
            assertThat(applied[0]).as("the text to break stands in no script").isTrue();
            assertThat(difference)
                    .as("nothing noticed that this rule is broken: %s", rule)
                    .isPresent();
            assertThat(difference.orElseThrow()).doesNotContain("compiling script");
            System.out.printf("mutation caught: %s: %s%n", rule, difference.orElseThrow());
        }
    }

    @Test
    void aFailingSequenceIsMadeShort() {
        try (ModelRun run = run(script -> script.replace(
                "if call.state == 'ended' then return { 'ended', time, call.ended_at, call.end_reason } end", ""))) {
            List<Step> failing = failing(run, 7, 40).orElseThrow();
            List<Step> shortest =
                    Shrinker.shrink(failing, candidate -> run.play(candidate).isPresent());
            assertThat(shortest).hasSizeLessThan(20).hasSizeLessThan(failing.size());
            System.out.printf("made short: %d steps to%n%s%n", failing.size(), shortest(run, shortest));
        }
    }

    static List<Arguments> mutations() {
        return List.of(
                Arguments.of(
                        "a replaced incarnation keeps its calls",
                        "local sids = lose(lost, seq)\nif known",
                        "local sids = {}\nif known"),
                Arguments.of("no version check", "if pod and not is_newer(version, pod.version) then", "if false then"),
                Arguments.of(
                        "a pod without a record is registered as if it were free",
                        "for _, call in ipairs(kept) do redis.call('SADD', pod_calls_key(name), call.sid) end",
                        ""),
                Arguments.of(
                        "a pod whose record was lost needs no quarantine",
                        "if lost_record then\n  quarantined_until = now + quarantine_ms\nelseif",
                        "if"),
                Arguments.of(
                        "a pod without a record keeps the calls of another incarnation",
                        "local its = call.incarnation == incarnation and kept or lost",
                        "local its = kept"),
                Arguments.of(
                        "a pod without a record stays in its old pool",
                        "for _, stray in ipairs(strays) do leave_pool({ name = name, pool = stray }) end",
                        ""),
                Arguments.of(
                        "the end of a pod without a record loses no calls",
                        "local lost = lost_record and calls_without_record(name) or {}",
                        "local lost = {}"),
                Arguments.of(
                        "a call cannot end whose pod has no record",
                        "if not pod or pod.state == 'gone' then\n    redis.call('SISMEMBER'",
                        "if pod.state == 'gone' then\n    redis.call('SISMEMBER'"),
                Arguments.of(
                        "a call stays on a pod without a record",
                        "found == 'fails' or not old or",
                        "found == 'fails' or old and"),
                Arguments.of(
                        "a stream is let through to nowhere",
                        "if connecting and address == '' then return { 'unknown_pod' } end",
                        ""),
                Arguments.of(
                        "an agent is free while its next stream is on its way",
                        "if now < began + tonumber(ARGV[5]) then return { pod.state } end",
                        ""),
                Arguments.of(
                        "an agent's end of a call that was lost is forgotten",
                        "if right ~= 'holder' and lease ~= '' then return { 'unknown' } end",
                        "if lease ~= '' then return { 'unknown' } end"),
                Arguments.of(
                        "an agent's end of one lease ends another",
                        "if (not call or of_another) and unforgotten",
                        "if not call and unforgotten"),
                Arguments.of(
                        "an agent's late end takes its call out of the queue",
                        "if right == 'holder' then return { 'unknown' } end",
                        ""),
                Arguments.of(
                        "a call is restored however late",
                        "unforgotten = now < opened_at + math.max(2 * tonumber(ARGV[13]), RESTORE_MS)",
                        "unforgotten = true"),
                Arguments.of("versions compared as text", "if #version ~= #than then return #version > #than end", ""),
                Arguments.of(
                        "release without the lease",
                        "if lease ~= '' and (call.lease ~= lease or call.state == 'lost') then",
                        "if false then"),
                Arguments.of(
                        "release by another account",
                        "if right == 'owner' and not is_owner(call, ARGV[4], ARGV[5]) then",
                        "if false then"),
                Arguments.of(
                        "an ended call gets a pod again",
                        "if call.state == 'ended' then return { 'ended', time, call.ended_at, call.end_reason } end",
                        ""),
                Arguments.of(
                        "an unknown container is another incarnation",
                        "(container_of(incarnation) ~= '' and incarnation ~= pod.incarnation)",
                        "incarnation ~= pod.incarnation"),
                Arguments.of("capacity ignored", "pod.calls < pod.capacity", "true"),
                Arguments.of("a draining pod takes calls", "or pod.drained == '1'", ""),
                Arguments.of("a pod that is not Ready takes calls", "pod.kubernetes ~= 'ready' or", ""),
                Arguments.of(
                        "quarantine ignored",
                        "or pod.quarantined_until > now then return 'suspect'",
                        "then return 'suspect'"),
                Arguments.of(
                        "no tombstone for an end that came first",
                        "redis.call('HSET', call_key(sid), 'state', 'ended', 'ended_at', at, 'end_reason', reason,"
                                + " 'seq', seq)\n"
                                + "  for _",
                        "for _"),
                Arguments.of(
                        "a call gets a pod though its request's end came first",
                        "if not call and begun_by ~= '' then",
                        "if false then"),
                Arguments.of(
                        "another account's end of a request ends the call",
                        "named.lease == '' and is_owner(named, provider, account)",
                        "named.lease == ''"),
                Arguments.of(
                        "an earlier lease's end ends the call that its request began",
                        "named.state == 'ended' and named.lease == ''",
                        "named.state == 'ended'"),
                Arguments.of("a gone object comes back", "if pod and not known and same_object then", "if false then"),
                Arguments.of(
                        "a call is moved without its lock",
                        "redis.call('GET', call_lock_key(sid)) ~= ARGV[4] or not call",
                        "not call"),
                Arguments.of(
                        "the lock of another is ignored",
                        "if lock and lock ~= ARGV[10] then return { 'busy' } end",
                        ""),
                Arguments.of("the merchant's limit is ignored", ">= limit then", ">= 1e9 then"),
                Arguments.of(
                        "a lost call keeps its old pod's name in the index of deadlines",
                        "redis.call('ZREM', calls_key, call.sid)\n"
                                + "  redis.call('SREM', pod_calls_key(call.pod), call.sid)",
                        "redis.call('SREM', pod_calls_key(call.pod), call.sid)"),
                Arguments.of(
                        "a moved deadline of a settlement is forgotten",
                        "if #due == 0 then return { 'done' } end",
                        "if true then return { 'done' } end"),
                Arguments.of(
                        "a heartbeat restores a call on another incarnation",
                        "and pod and pod.incarnation == claimed then",
                        "and pod then"),
                Arguments.of(
                        "more than half of a pool suspect by probes",
                        "return failed * 2 <= redis.call('SCARD', pool_pods_key(pod.pool))",
                        "return true"),
                Arguments.of(
                        "a pod that awaits a move takes calls",
                        "pod.state == 'ready' and pod.calls < pod.capacity and pod.moves_to == ''",
                        "pod.state == 'ready' and pod.calls < pod.capacity"),
                Arguments.of("a new call overtakes those that wait", "if taken then names = {} end", ""),
                Arguments.of(
                        "who does not ask any more is waited for",
                        "if tonumber(redis.call('ZSCORE', waiting_key, sid) or 0) > now then",
                        "if true then"),
                Arguments.of(
                        "who waited first is served last",
                        "redis.call('ZADD', pool_waiting_key(pool), arrived, sid)",
                        "redis.call('ZADD', pool_waiting_key(pool), text(-tonumber(arrived)), sid)"),
                Arguments.of(
                        "a call that ended goes on waiting",
                        "leave_queues(waiter) end\n  add_event(seq, 'call_ended'",
                        "end\n  add_event(seq, 'call_ended'"),
                Arguments.of(
                        "a waiter of a shared pool keeps every slot of it from others",
                        "free_slots(pool, before + 1) <= before",
                        "redis.call('ZCARD', pool_available_key(pool)) <= before"),
                Arguments.of(
                        "a waiter whose chain was edited stays in its old queues",
                        "if not waiter or table.concat(waiter.pools, ' ') ~= pools then",
                        "if not waiter then"),
                Arguments.of(
                        "a lost call is kept out by its merchant's limit",
                        "if limit and merchant ~= '' and not call then",
                        "if limit and merchant ~= '' then"),
                Arguments.of(
                        "a late question about an earlier lease moves the call",
                        "  local repeated = ARGV[5] ~= '' and ARGV[5] ~= call.lease\n",
                        "  local repeated = not fails and ARGV[5] ~= '' and ARGV[5] ~= call.lease\n"),
                Arguments.of(
                        "a stream that never came ends the call",
                        "unreached = call.state == 'allocated' and call.connect_by ~= ''",
                        "unreached = false"),
                Arguments.of(
                        "a call moves off a pod that is well",
                        "local fails = unreached or found == 'fails' or not old or old.kubernetes ~= 'ready'",
                        "local fails = true"),
                Arguments.of("a repeated question gets another pod", "if repeated then return", "if false then return"),
                Arguments.of(
                        "what was found of another lease counts",
                        "local found = ARGV[14] == call.lease and ARGV[13] or ''",
                        "local found = ARGV[13]"),
                Arguments.of(
                        "a call gets pods without end",
                        "local limit = fails and call.continues >= tonumber(ARGV[12])",
                        "local limit = false"),
                Arguments.of(
                        "a continued call keeps its old slot",
                        "  free_slot(old, seq)\n  if old and unreached then",
                        "  if old and unreached then"),
                Arguments.of(
                        "a stream of another lease ends the call",
                        "if not is_live(call) or call.lease ~= ARGV[5] then return { 'stale_lease' } end",
                        "if not is_live(call) then return { 'stale_lease' } end"),
                Arguments.of(
                        "the end of a stream is forgotten",
                        "text(math.min(deadline, now + tonumber(ARGV[8])))",
                        "text(deadline)"),
                Arguments.of(
                        "a stream comes late",
                        "if connecting and first and call.connect_by ~= '' and now > tonumber(call.connect_by) then"
                                + " return { 'too_late' } end",
                        ""),
                Arguments.of(
                        "a pod that nobody reaches stays ready",
                        "if pod.unconnected >= 1 and may then",
                        "if false then"),
                Arguments.of(
                        "a call that connects does not speak for its pod",
                        "if unconnected ~= '0' then redis.call('HSET', pod_key(call.pod), 'unconnected', '0') end",
                        ""),
                Arguments.of(
                        "a call cannot be ended by the id of the request that began it",
                        "    sid = begun\n    call = read_holding(sid)\n",
                        ""),
                Arguments.of(
                        "mirrors are told another deadline",
                        "'deadline', ends, unpack(record, 5)",
                        "'deadline', text(deadline + 1), unpack(record, 5)"),
                Arguments.of(
                        "mirrors are told another time of an end",
                        "'ended_at', time)\nend",
                        "'ended_at', text(now + 1))\nend"),
                Arguments.of(
                        "the last used pod is taken first",
                        "  return pod.used\nend",
                        "  return text(-tonumber(pod.used))\nend"));
    }

    @Test
    void sequencesAreMadeShort() {
        // The shrinker itself: of a thousand steps, the two that matter together are left.
        List<Step> steps = new ArrayList<>();
        for (int i = 0; i < 1_000; i++) {
            steps.add(new Step(Step.Op.ADVANCE, i, 0, 0, 0));
        }
        List<Step> shortest = Shrinker.shrink(
                steps,
                candidate -> candidate.stream().anyMatch(step -> step.a() == 17)
                        && candidate.stream().anyMatch(step -> step.a() == 900));
        assertThat(shortest).extracting(Step::a).containsExactly(17, 900);
    }

    /** The first difference, with the shortest sequence that shows it; empty if there is none. */
    private ModelRun run(UnaryOperator<String> mutation) {
        return new ModelRun(
                redis, script -> mutation.apply(StoreFixture.heldClock().apply(script)));
    }

    /** The first of these random sequences after which scripts and model differ. */
    private static Optional<List<Step>> failing(ModelRun run, long seed, int sequences) {
        RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
        for (int sequence = 0; sequence < sequences; sequence++) {
            List<Step> steps = Step.random(random, STEPS_PER_SEQUENCE);
            if (run.play(steps).isPresent()) {
                return Optional.of(steps);
            }
        }
        return Optional.empty();
    }

    private static String shortest(ModelRun run, List<Step> failing) {
        List<Step> shortest =
                Shrinker.shrink(failing, candidate -> run.play(candidate).isPresent());
        return "  %d steps: %s%n  %s"
                .formatted(shortest.size(), run.play(shortest).orElse("?"), run.told());
    }
}
