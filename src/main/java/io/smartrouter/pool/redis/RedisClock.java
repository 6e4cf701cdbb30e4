package io.smartrouter.pool.redis;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/** Redis' time as far as this router knows it: learned from each reply that carries it. */
final class RedisClock {
    private final AtomicLong offsetMs = new AtomicLong();

    /** Learns from a reply: it was made at this time of Redis', a moment ago. */
    void learn(long redisMs) {
        offsetMs.set(redisMs - monotonicMs());
    }

    /** The time of Redis' after which nobody waits for a command sent now. */
    long notAfter(Duration timeout) {
        return monotonicMs() + offsetMs.get() + timeout.toMillis();
    }

    /** No wall clock: one that is set, or wrong, must not make every command look late. */
    private static long monotonicMs() {
        return System.nanoTime() / 1_000_000;
    }
}
