package io.smartrouter.podwatch;

import java.time.Duration;

/**
 * Whether a party answers, and when it may be asked again if not. After a pause one asks for all; the pause grows with
 * each failure. Not thread-safe: its owner guards it.
 */
final class Outage {
    private final Duration first;
    private final Duration longest;
    private int failures;
    private long until;

    /**
     * @param first the pause after the first failure
     * @param longest the longest pause; each further failure doubles it up to here
     */
    Outage(Duration first, Duration longest) {
        this.first = first;
        this.longest = longest;
    }

    /** Nanoseconds until it may be asked, not positive if now; then who asked here asks for all. */
    long waitFor(long now) {
        if (failures == 0) {
            return 0;
        }
        long left = until - now;
        if (left <= 0) {
            until = now + pause();
        }
        return left;
    }

    /** Takes a failure; true if it is the first. */
    boolean failed(long now) {
        failures++;
        until = now + pause();
        return failures == 1;
    }

    /** Takes an answer; true if it ended an outage. */
    boolean answered() {
        boolean was = failures > 0;
        failures = 0;
        return was;
    }

    private long pause() {
        Duration doubled = first.multipliedBy(1L << Math.min(failures - 1, 20));
        return (doubled.compareTo(longest) < 0 ? doubled : longest).toNanos();
    }
}
