package io.smartrouter.pool;

/** Whether a stream with a genuine token may go to its pod. */
public sealed interface Admission {
    /**
     * It may; the call is {@code connected}.
     *
     * @param address where its pod's agent listens, {@code host:port}, from the pod's record
     */
    record Admitted(String address) implements Admission {}

    /**
     * It may not.
     *
     * @param why never {@code LIVE} or {@code RESTORED}
     */
    record Refused(HeartbeatOutcome why) implements Admission {}
}
