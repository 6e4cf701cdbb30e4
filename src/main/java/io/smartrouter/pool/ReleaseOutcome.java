package io.smartrouter.pool;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** What became of a {@link ReleaseRequest}. */
public sealed interface ReleaseOutcome {
    /**
     * The call ended now, and its slot is free.
     *
     * @param pod the pod that it held
     * @param releasedTo the pool that the pod stands in now
     * @param wasDraining whether the pod takes no new calls because it drains
     */
    record Released(String pod, String releasedTo, boolean wasDraining) implements ReleaseOutcome {}

    /**
     * The call had ended before; nothing changed.
     *
     * @param pod the pod that it held, or null if it never had one
     * @param releasedTo the pool that the pod had been taken from, or null
     * @param endedAt when it ended
     */
    record AlreadyEnded(@Nullable String pod, @Nullable String releasedTo, Instant endedAt) implements ReleaseOutcome {}

    /** Nobody knows this call. If the end was proven, it is remembered: a late allocate or heartbeat holds no pod. */
    record UnknownCall() implements ReleaseOutcome {}

    /** The lease named is not the one that the call has now; nothing changed. */
    record StaleLease() implements ReleaseOutcome {}

    /** The call belongs to another provider or account; nothing changed. */
    record NotOwner() implements ReleaseOutcome {}

    /** Redis could not take it; it is kept and tried again. */
    record Deferred() implements ReleaseOutcome {}
}
