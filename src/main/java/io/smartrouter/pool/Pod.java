package io.smartrouter.pool;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A pod's record as it stood when it was read.
 *
 * @param name its name
 * @param incarnation its current or last life
 * @param version the resourceVersion that its facts are from
 * @param pool the pool that it stands in
 * @param wantedPool the pool that its labels ask for, or null
 * @param movesTo the pool that it moves to when its last call ends, or null
 * @param capacity how many calls it may hold
 * @param address where its agent listens, {@code host:port}
 * @param revision its controller revision, or null
 * @param kubernetes what Kubernetes says
 * @param drained whether an operator drained this incarnation
 * @param probeFailedUntil until when a failed probe keeps it from calls, or null
 * @param quarantinedUntil until when it may serve calls that the data set does not know, or null
 * @param state the state that follows from these
 * @param calls how many live calls it holds; a pod may hold a thousand, so their names are asked for apart
 */
public record Pod(
        String name,
        Incarnation incarnation,
        String version,
        String pool,
        @Nullable String wantedPool,
        @Nullable String movesTo,
        int capacity,
        String address,
        @Nullable String revision,
        PodFacts.Readiness kubernetes,
        boolean drained,
        @Nullable Instant probeFailedUntil,
        @Nullable Instant quarantinedUntil,
        PodState state,
        int calls) {
    /** Whether it holds more calls than it may, as a settled data set can have it. */
    public boolean isOverbooked() {
        return calls > capacity;
    }
}
