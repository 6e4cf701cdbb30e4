package io.smartrouter.pool;

import java.time.Duration;

/** Elapsed time and pauses, so that tests can hold both in their hands. */
public interface Ticker {
    /** Nanoseconds since some moment; only differences mean something. */
    long nanos();

    /** Lets the calling (virtual) thread wait. */
    void pause(Duration time);

    /** Time since an earlier {@link #nanos()}. */
    default Duration since(long earlier) {
        return Duration.ofNanos(nanos() - earlier);
    }

    /** The machine's own. */
    static Ticker system() {
        return new Ticker() {
            @Override
            public long nanos() {
                return System.nanoTime();
            }

            @Override
            public void pause(Duration time) {
                try {
                    Thread.sleep(time);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw new StoreUnavailableException("interrupted while waiting", e);
                }
            }
        };
    }
}
