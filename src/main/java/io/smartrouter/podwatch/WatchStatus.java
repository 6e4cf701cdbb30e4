package io.smartrouter.podwatch;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** How well the router sees the cluster, for health and metrics. Each answer is a snapshot, and none ever blocks. */
public interface WatchStatus {
    /** Whether the whole cluster was seen once since the start. */
    boolean isSynced();

    /** Whether a watch is open now, so that changes arrive as they happen. */
    boolean isWatching();

    /** When the watch was last known to be open or to bring something (to about a second); empty before the first. */
    Optional<Instant> lastContact();

    /** When the last list or event arrived; old in a quiet cluster. Empty before the first. */
    Optional<Instant> lastEvent();

    /** How old what the router knows of the cluster may be: time since the last contact; empty before the first. */
    Optional<Duration> age();

    /** Why the cluster's API cannot be watched, in one line without secrets; empty while it can. */
    Optional<String> problem();

    /** How many pods have news that the store has not taken yet. */
    int waiting();
}
