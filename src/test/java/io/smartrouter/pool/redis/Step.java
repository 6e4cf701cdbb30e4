package io.smartrouter.pool.redis;

import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * One step of a sequence: what to do, and numbers whose meaning is resolved against the model when the step is played,
 * so that a sequence stays playable when steps before it are left out.
 */
record Step(Op op, int a, int b, int c, int d) {
    /** What a step does, and how often among others. */
    enum Op {
        ALLOCATE(30),
        RELEASE(16),
        HEARTBEAT(14),
        STREAM(10),
        CONTINUE(10),
        OBSERVE(22),
        GONE(4),
        DRAIN(3),
        UNDRAIN(3),
        PROBE(5),
        FREE(2),
        PLACE(2),
        REPLACE(5),
        WITHDRAW(2),
        UNLOCK(6),
        ADVANCE(10),
        EXPIRE(4),
        CONFIGURE(1),
        FORGET(2),
        LOSE_RECORD(2),
        FLUSH(1),
        FAILOVER(1);

        private final int weight;

        Op(int weight) {
            this.weight = weight;
        }
    }

    static List<Step> random(RandomGenerator random, int count) {
        List<Op> bag = new ArrayList<>();
        for (Op op : Op.values()) {
            for (int i = 0; i < op.weight; i++) {
                bag.add(op);
            }
        }
        List<Step> steps = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            steps.add(new Step(
                    bag.get(random.nextInt(bag.size())),
                    random.nextInt(1 << 20),
                    random.nextInt(1 << 20),
                    random.nextInt(1 << 20),
                    random.nextInt(1 << 20)));
        }
        return steps;
    }
}
