package io.smartrouter.podwatch;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** How well the router sees the cluster, for health and metrics. Each answer is a snapshot, and none ever blocks. */
public interface WatchStatus {
    /** Whether the whole cluster was seen once since the start. */
    boolean isSynced();

    /** Whether a watch looks open, so that changes arrive as they happen; one whose connection is dead does for a while. */
    boolean isWatching();

    /**
     * When the cluster was last surely heard: a list, an event, the opening of a watch, or what must have arrived
     * lately on a connection that still stands; empty before the first.
     */
    Optional<Instant> lastContact();

    /** When the last list or event arrived; old in a quiet cluster. Empty before the first. */
    Optional<Instant> lastEvent();

    /**
     * How old what the router knows of the cluster may be at most: time since the last contact. While a watch is open
     * it does not pass the longest silence of a connection; empty before the first contact.
     */
    Optional<Duration> age();

    /** Why the cluster's API cannot be watched, in one line without secrets; empty while it can. */
    Optional<String> problem();

    /** How many pods have news that the store has not taken yet. */
    int waiting();
}
