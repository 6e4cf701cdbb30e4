package io.smartrouter.pool.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.smartrouter.testing.TestRedis;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
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

    private static TestRedis redis;

    @BeforeAll
    static void startRedis() {
        redis = TestRedis.start();
    }

    @AfterAll
    static void stopRedis() {
        redis.close();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 20_260_101, 0x5EED})
    void scriptsDoAsTheModelSays(long seed) {
        // Besides the seeds that anybody can repeat, each run tries one that nobody has tried.
        long tried = seed == 0x5EED ? System.nanoTime() : seed;
        Optional<String> failure = check(tried, SEQUENCES, UnaryOperator.identity());
        assertThat(failure).as("seed %d", tried).isEmpty();
        System.out.printf("model check: seed %d, %d steps, no difference%n", tried, SEQUENCES * STEPS_PER_SEQUENCE);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("mutations")
    void aBrokenRuleIsNoticed(String rule, String original, String broken) {
        boolean[] applied = {false};
        UnaryOperator<String> mutation = script -> {
            applied[0] |= script.contains(original);
            return script.replace(original, broken);
        };
        Optional<String> failure = check(7, 40, mutation);
        assertThat(applied[0]).as("the text to break stands in no script").isTrue();
        assertThat(failure)
                .as("nothing noticed that this rule is broken: %s", rule)
                .isPresent();
        assertThat(failure.orElseThrow()).doesNotContain("compiling script");
        System.out.printf("mutation caught: %s%n%s%n", rule, failure.orElseThrow());
    }

    static List<Arguments> mutations() {
        return List.of(
                Arguments.of(
                        "a replaced incarnation keeps its calls",
                        "local sids = lose(lost, seq)\nif known",
                        "local sids = {}\nif known"),
                Arguments.of("no version check", "if pod and not is_newer(version, pod.version) then", "if false then"),
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
                        "redis.call('HSET', call_key(sid), 'state', 'ended', 'ended_at', text(now), 'end_reason',"
                                + " reason, 'seq', seq)\n"
                                + "  if ARGV[4]",
                        "if ARGV[4]"),
                Arguments.of("a gone object comes back", "if pod and not known and same_object then", "if false then"),
                Arguments.of(
                        "a call is moved without its lock",
                        "redis.call('GET', call_lock_key(sid)) ~= ARGV[4] or not call",
                        "not call"),
                Arguments.of(
                        "the lock of another is ignored",
                        "if lock and lock ~= ARGV[10] then return { 'busy' } end",
                        ""),
                Arguments.of("the merchant's limit is ignored", ">= tonumber(limit) then", ">= 1e9 then"),
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
                        "if failed * 2 > redis.call('SCARD', pool_pods_key(pod.pool)) then return { 'kept' } end",
                        ""),
                Arguments.of(
                        "a pod that awaits a move takes calls",
                        "pod.state == 'ready' and pod.calls < pod.capacity and pod.moves_to == ''",
                        "pod.state == 'ready' and pod.calls < pod.capacity"),
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
    private static Optional<String> check(long seed, int sequences, UnaryOperator<String> mutation) {
        RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
        UnaryOperator<String> change =
                script -> mutation.apply(StoreFixture.heldClock().apply(script));
        try (ModelRun run = new ModelRun(redis, change)) {
            for (int sequence = 0; sequence < sequences; sequence++) {
                List<Step> steps = Step.random(random, STEPS_PER_SEQUENCE);
                Optional<String> difference = run.play(steps);
                if (difference.isPresent()) {
                    List<Step> shortest = Shrinker.shrink(
                            steps, candidate -> run.play(candidate).isPresent());
                    return Optional.of("  %d steps: %s%n  %s"
                            .formatted(shortest.size(), run.play(shortest).orElse("?"), run.told()));
                }
            }
            return Optional.empty();
        }
    }
}
