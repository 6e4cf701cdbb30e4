package io.smartrouter.podwatch;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * When the cluster was last heard, and why it is not; says each change of that once.
 *
 * <p>That a watch looks open is no word of the cluster: its connection may have died in silence. But it would not look
 * open any longer if the silence were longer than {@linkplain DeadConnections is allowed}; so that much is known of it,
 * and no more.
 */
final class Contact {
    private static final Logger log = LoggerFactory.getLogger(Contact.class);
    /** A watch that closes by the clock is open again sooner; nobody needs to hear of it. */
    static final Duration SHORT = Duration.ofSeconds(5);

    private final Clock clock;
    private final Duration longestSilence;
    private volatile @Nullable Instant last;
    private volatile @Nullable Instant lastEvent;
    private @Nullable String problem;
    private boolean away;

    /** @param longestSilence after it a connection on which nothing arrives is open no longer */
    Contact(Clock clock, Duration longestSilence) {
        this.clock = clock;
        this.longestSilence = longestSilence;
    }

    /** A watch was opened just now: the cluster answered. */
    synchronized void opened() {
        last = clock.instant();
        stillOpen();
    }

    /** The watch looks open, as it did before. */
    synchronized void stillOpen() {
        Instant heard = last;
        Instant surely = clock.instant().minus(longestSilence);
        last = heard == null || heard.isBefore(surely) ? surely : heard;
        problem = null;
        if (away) {
            away = false;
            log.info("pod watch is open again");
        }
    }

    /** A list or an event arrived. */
    synchronized void event() {
        Instant now = clock.instant();
        last = now;
        lastEvent = now;
    }

    /** The watch is not open, for a known reason. */
    synchronized void failed(String reason) {
        problem = reason;
        if (!away) {
            away = true;
            log.warn("pod watch is away, routing goes on with what is known problem={}", reason);
        }
    }

    synchronized Optional<String> problem() {
        return Optional.ofNullable(problem);
    }

    Optional<Instant> last() {
        return Optional.ofNullable(last);
    }

    Optional<Instant> lastEvent() {
        return Optional.ofNullable(lastEvent);
    }

    Optional<Duration> age() {
        return last().map(then -> Duration.between(then, clock.instant())).map(d -> d.isNegative() ? Duration.ZERO : d);
    }
}
