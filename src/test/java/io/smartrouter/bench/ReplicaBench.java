package io.smartrouter.bench;

import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * One router, two that share the load, and one beside others that only follow what it does. Three groups with a Redis
 * each, so that all routers are warm; a group without load does next to nothing meanwhile.
 */
class ReplicaBench {
    private static final int PODS = 200;
    private static final String ALONE = "one";
    private static final String TWO = "two share the load";
    private static final String FOLLOWED = "one has the load, one follows";
    private static final String FOLLOWED_TWICE = "one has the load, two follow";

    @Test
    void replicas() {
        try (BenchRig one = new BenchRig(PODS, Map.of());
                BenchRig two = new BenchRig(PODS, Map.of()).with(1);
                BenchRig three = new BenchRig(PODS, Map.of()).with(2)) {
            Rounds rounds = new Rounds("replicas, JSON pairs", 24)
                    .add(ALONE, () -> one.pairs(""))
                    .add(TWO, two::pairsAtAll)
                    .add(FOLLOWED, () -> two.pairs(""))
                    .add(FOLLOWED_TWICE, () -> three.pairs(""))
                    .run();
            Page.show(
                    "replicas",
                    rounds.table(ALONE)
                            + """

                            | ratio to one, median of %d rounds | pairs per second | Redis CPU for a pair |
                            |---|---|---|
                            | two share the load | %.2f | %.2f |
                            | one follows | %.2f | %.2f |
                            | two follow | %.2f | %.2f |
                            """.formatted(
                                            Rounds.COUNT,
                                            rounds.ratio(TWO, ALONE),
                                            rounds.ratio(TWO, ALONE, Figure::redisUs),
                                            rounds.ratio(FOLLOWED, ALONE),
                                            rounds.ratio(FOLLOWED, ALONE, Figure::redisUs),
                                            rounds.ratio(FOLLOWED_TWICE, ALONE),
                                            rounds.ratio(FOLLOWED_TWICE, ALONE, Figure::redisUs)));
            Page.draw("replicas.svg", "Replicas on the same two cores, JSON pairs", rounds);
        }
    }
}
