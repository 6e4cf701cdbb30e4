package io.smartrouter.pool;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SequencedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlacementPlanTest {
    /** Pods are {@code name@pool}, then {@code *n} for calls, {@code >pool} for a move to come, {@code !pool} for a label. */
    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "nothing to do                         | a=1 b=1 | p0@a p1@b            | ''",
                "what is over stays                    | a=1 b=1 | p0@a p1@b p2@a       | ''",
                "what is over fills what lacks         | a=1 b=2 | p0@a p1@a p2@b       | p1→b",
                "the highest name goes first           | a=1 b=2 | p0@a p1@a p2@a       | p1→b p2→b",
                "an idle pod goes before a busy one    | a=1 b=1 | p0@a p1@a*1          | p0→b",
                "a busy one goes if there is no other  | a=0 b=1 | p0@a*1               | p0→b",
                "an idle one of a later pool goes first | a=0 b=0 c=1 | p0@a*1 p1@b     | p1→c",
                "the one furthest below goes first     | a=1 b=3 c=0 | p0@c p1@c        | p0→b p1→b",
                "of equal ones the first of the chain  | a=1 b=1 c=0 | p0@c             | p0→a",
                "a label keeps its pod                 | a=0 b=1 | p0@a!a               | ''",
                "a label brings its pod home           | a=1 b=0 | p0@b!a               | p0→a",
                "a label of no pool keeps nobody       | a=0 b=1 | p0@a!gone            | p0→b",
                "a pool that is gone empties           | a=1     | p0@gone p1@a         | p0→a",
                "the homeless fill before others move  | a=0 b=1 | p0@a p1@gone         | p1→b",
                "the homeless go to the last otherwise | a=0 b=0 | p0@gone              | p0→b",
                "a waiting move counts as done         | a=0 b=1 | p0@a*1>b p1@a        | ''",
                "a waiting move to a gone pool is mended | a=1 b=1 | p0@a*1>gone p1@b   | p0→a",
                "a pool of a merchant keeps its pods   | a=1     | p0@merchant:acme!merchant:acme | ''",
                "a pool of no merchant empties         | a=1     | p0@merchant:old      | p0→a",
                "a merchant's target is filled first   | merchant:acme=1 a=1 | p0@a p1@a | p1→merchant:acme",
            })
    void plans(String what, String targets, String pods, String moves) {
        assertThat(movesOf(configuration(targets), pods(pods))).isEqualTo(moves(moves));
    }

    @Test
    void aMerchantsOwnPoolKeepsItsPodsWithoutATarget() {
        var merchants = Map.of("m1", new MerchantPolicy(null, "acme", null, null));
        RoutingConfiguration configuration =
                new RoutingConfiguration(configuration("a=0").tiers(), List.of("a"), merchants);

        assertThat(movesOf(configuration, pods("p0@merchant:acme"))).isEmpty();
    }

    @Test
    void aPodThatStaysIsPlacedAgainForItsCapacityAndPlacement() {
        assertThat(PlacementPlan.of(configuration("a=1"), pods("p0@a")).moves()).isEqualTo(Map.of("p0", "a"));
    }

    /** Few moves, all pools real, targets filled as far as there are pods, and nothing left for a second plan. */
    @Test
    void randomPlansFillTargetsWithFewMovesAndASecondPlanMovesNothing() {
        long seed = Long.getLong("test.seed", System.nanoTime());
        System.out.println("PlacementPlanTest seed=" + seed);
        Random random = new Random(seed);
        int plans = 5_000;
        int moved = 0;
        for (int i = 0; i < plans; i++) {
            RoutingConfiguration configuration = randomConfiguration(random);
            List<Pod> pods = randomPods(random);
            Map<String, String> moves = movesOf(configuration, pods);
            String of = "seed " + seed + " plan " + i + ": " + configuration.tiersJson() + pods;
            Map<String, Integer> before = counts(configuration, pods, Map.of());
            Map<String, Integer> after = counts(configuration, pods, moves);

            assertThat(configuration.tiers().keySet()).as(of).containsAll(moves.values());
            assertThat(after).as(of).doesNotContainKey("");
            long homeless = pods.stream()
                    .filter(pod -> home(configuration, pod).isEmpty())
                    .count();
            int lacks = 0;
            long mayMove = homeless;
            for (var tier : configuration.tiers().entrySet()) {
                String name = tier.getKey();
                int over = before.getOrDefault(name, 0) - tier.getValue().targetOrZero();
                long free = pods.stream()
                        .filter(pod -> home(configuration, pod).equals(name))
                        .filter(pod -> !name.equals(pod.wantedPool()))
                        .count();
                lacks += Math.max(0, -over);
                mayMove += Math.min(Math.max(0, over), free);
                if (over >= 0) {
                    assertThat(after.getOrDefault(name, 0))
                            .as(of)
                            .isGreaterThanOrEqualTo(tier.getValue().targetOrZero());
                }
            }
            long leaves = pods.stream()
                    .filter(pod -> isHomeByLabelOnly(configuration, pod))
                    .count();
            assertThat(moves.size()).as(of).isEqualTo(Math.max(homeless, Math.min(lacks, mayMove)) + leaves);
            assertThat(movesOf(configuration, applied(pods, moves))).as(of).isEmpty();
            moved += moves.size();
        }
        System.out.println("PlacementPlanTest plans=" + plans + " moves=" + moved);
        assertThat(moved).isPositive();
    }

    /** Its label names a pool that exists, but it stands (or goes) elsewhere. */
    private static boolean isHomeByLabelOnly(RoutingConfiguration configuration, Pod pod) {
        String home = home(configuration, pod);
        return !home.isEmpty() && !home.equals(stands(pod));
    }

    private static String stands(Pod pod) {
        return pod.movesTo() == null ? pod.pool() : pod.movesTo();
    }

    private static String home(RoutingConfiguration configuration, Pod pod) {
        String wanted = pod.wantedPool();
        if (wanted != null && configuration.tiers().containsKey(wanted)) {
            return wanted;
        }
        return configuration.tiers().containsKey(stands(pod)) ? stands(pod) : "";
    }

    private static Map<String, Integer> counts(
            RoutingConfiguration configuration, List<Pod> pods, Map<String, String> moves) {
        Map<String, Integer> counts = new HashMap<>();
        for (Pod pod : pods) {
            counts.merge(moves.getOrDefault(pod.name(), home(configuration, pod)), 1, Integer::sum);
        }
        if (moves.isEmpty()) {
            counts.remove("");
        }
        return counts;
    }

    /** As the place script does it: an idle pod moves, a busy one waits. */
    private static List<Pod> applied(List<Pod> pods, Map<String, String> moves) {
        return pods.stream()
                .map(pod -> {
                    String to = moves.get(pod.name());
                    if (to == null) {
                        return pod;
                    }
                    return pod.calls() == 0 || to.equals(pod.pool())
                            ? pod(pod.name(), to, pod.calls(), null, pod.wantedPool())
                            : pod(pod.name(), pod.pool(), pod.calls(), to, pod.wantedPool());
                })
                .toList();
    }

    private static RoutingConfiguration randomConfiguration(Random random) {
        SequencedMap<String, TierPolicy> tiers = new LinkedHashMap<>();
        int count = 1 + random.nextInt(4);
        for (int i = 0; i < count; i++) {
            tiers.put("t" + i, new TierPolicy("exclusive", random.nextInt(6), null, null));
        }
        List<String> chain = new ArrayList<>(tiers.keySet());
        Collections.shuffle(chain, random);
        return new RoutingConfiguration(tiers, chain.subList(0, 1 + random.nextInt(count)), Map.of());
    }

    private static List<Pod> randomPods(Random random) {
        return IntStream.range(0, random.nextInt(15))
                .mapToObj(i -> {
                    int calls = random.nextInt(3) == 0 ? 1 + random.nextInt(2) : 0;
                    String next = calls > 0 && random.nextInt(4) == 0 ? "t" + random.nextInt(6) : null;
                    String label = random.nextInt(5) == 0 ? "t" + random.nextInt(6) : null;
                    return pod("p" + i, "t" + random.nextInt(6), calls, next, label);
                })
                .toList();
    }

    /** Only the entries that change where a pod belongs. */
    private static Map<String, String> movesOf(RoutingConfiguration configuration, List<Pod> pods) {
        Map<String, String> moves =
                new TreeMap<>(PlacementPlan.of(configuration, pods).moves());
        pods.forEach(pod -> moves.remove(pod.name(), stands(pod)));
        return moves;
    }

    private static RoutingConfiguration configuration(String targets) {
        SequencedMap<String, TierPolicy> tiers = new LinkedHashMap<>();
        for (String target : targets.split(" ", -1)) {
            String[] parts = target.split("=", -1);
            tiers.put(parts[0], new TierPolicy("exclusive", Integer.valueOf(parts[1]), null, null));
        }
        List<String> chain = tiers.keySet().stream()
                .filter(tier -> !tier.startsWith(RoutingConfiguration.MERCHANT_POOL))
                .toList();
        return new RoutingConfiguration(tiers, chain, Map.of());
    }

    private static List<Pod> pods(String text) {
        var form = java.util.regex.Pattern.compile("([^@]+)@([^*>!]+)(?:\\*(\\d+))?(?:>([^!]+))?(?:!(.+))?");
        return java.util.Arrays.stream(text.split(" ", -1))
                .map(pod -> {
                    var matcher = form.matcher(pod);
                    assertThat(matcher.matches()).as(pod).isTrue();
                    int calls = matcher.group(3) == null ? 0 : Integer.parseInt(matcher.group(3));
                    return pod(matcher.group(1), matcher.group(2), calls, matcher.group(4), matcher.group(5));
                })
                .toList();
    }

    private static Map<String, String> moves(String text) {
        Map<String, String> moves = new TreeMap<>();
        for (String move : text.isEmpty() ? new String[0] : text.split(" ", -1)) {
            String[] parts = move.split("→", -1);
            moves.put(parts[0], parts[1]);
        }
        return moves;
    }

    private static Pod pod(String name, String pool, int calls, @Nullable String movesTo, @Nullable String wanted) {
        @Nullable Instant never = null;
        return new Pod(
                name,
                Incarnation.of(name, "uid", "containerd://1"),
                "1",
                pool,
                wanted,
                movesTo,
                1,
                "127.0.0.1:9000",
                null,
                PodFacts.Readiness.READY,
                false,
                never,
                never,
                PodState.READY,
                calls);
    }
}
