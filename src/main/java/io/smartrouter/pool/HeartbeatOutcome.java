package io.smartrouter.pool;

/** What the store says of an agent's claim to serve a call. */
public enum HeartbeatOutcome {
    /** The lease is the call's. */
    LIVE,
    /** The data set had lost the call; the claim brought it back. */
    RESTORED,
    /** The call has ended: the agent should close its stream. */
    ENDED,
    /** The call has another lease, or its incarnation is gone: the agent should close its stream. */
    STALE_LEASE,
    /** The call is unknown, and younger than the data set or claimed minutes after its opening: it has ended. */
    UNKNOWN_CALL,
    /** The pod of the claim is not registered (yet): the call could not be brought back; try again. */
    UNKNOWN_POD,
    /** To a stream alone: it did not come to its pod in time. */
    TOO_LATE
}
