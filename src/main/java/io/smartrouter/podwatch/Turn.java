package io.smartrouter.podwatch;

import java.util.concurrent.Delayed;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A pod whose turn comes at a time of {@link System#nanoTime()}; without a pod it wakes a worker that shall end. */
final class Turn implements Delayed {
    private final @Nullable String pod;
    private final long at;

    Turn(@Nullable String pod, long at) {
        this.pod = pod;
        this.at = at;
    }

    @Nullable
    String pod() {
        return pod;
    }

    long at() {
        return at;
    }

    @Override
    public long getDelay(TimeUnit unit) {
        return unit.convert(at - System.nanoTime(), TimeUnit.NANOSECONDS);
    }

    @Override
    public int compareTo(Delayed other) {
        return Long.signum(at - ((Turn) other).at);
    }
}
