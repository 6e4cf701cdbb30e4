package io.smartrouter.pool;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The shared record of calls, pods and pools. Each method that changes something is one atomic step; what it promises
 * is written at the head of its script.
 *
 * <p>Every method throws {@link StoreUnavailableException} when the store cannot answer, and those that change
 * something throw {@link UnsettledException} when its data set must be settled first; neither changed anything that
 * its caller may rely on.
 */
public interface PoolStore {
    /**
     * Gives the call a pod, or says what it has.
     *
     * @param request the request
     * @param lease the lease to give if a pod is taken now
     * @param lockToken if present, a newly taken pod leaves the call locked with this token, for the probe
     */
    AllocateReply allocate(AllocationRequest request, Lease lease, Optional<String> lockToken);

    /**
     * Moves a call off a pod that did not answer.
     *
     * @param call the call
     * @param held the lease that the mover began with
     * @param lockToken its lock's token
     * @param next the lease to give with the next pod
     * @param tried pods that were tried, at most three
     */
    ReplaceReply replace(CallId call, Lease held, String lockToken, Lease next, Collection<String> tried);

    /**
     * Takes a call back that no pod answered: it leaves nothing, and the outcome is exhausted.
     *
     * @param call the call
     * @param held the lease that the mover began with
     * @param lockToken its lock's token
     */
    ReplaceReply withdraw(CallId call, Lease held, String lockToken);

    /** Gives the lock of a call back, if it is still this token's. */
    void unlock(CallId call, String lockToken);

    /** Ends a call. */
    ReleaseOutcome release(ReleaseRequest request);

    /**
     * Takes an agent's claim to serve a call, which is also its word that the stream has arrived. Whoever sends one is
     * expected to send more: its silence is a question then.
     */
    HeartbeatOutcome heartbeat(LeaseClaim claim);

    /** Takes an agent's word that the stream has arrived; no further one is expected. */
    HeartbeatOutcome connected(LeaseClaim claim);

    /**
     * Lets a stream with a genuine token through to its pod, or says why not.
     *
     * @param claim what its token says
     */
    Admission admit(LeaseClaim claim);

    /** Takes a provider's word on a call's stream. */
    StreamEvent.Outcome streamEvent(StreamEvent event);

    /**
     * Continues a call whose stream is over, or ends it.
     *
     * @param request the question
     * @param next the lease to give with another pod
     * @param lockToken as for {@link #allocate}
     * @param finding what was found out about its pod, or null if nothing yet
     */
    ContinueReply continueCall(
            ContinueRequest request, Lease next, Optional<String> lockToken, @Nullable PodFinding finding);

    /** Takes what Kubernetes says of a pod. */
    PodChange observe(PodFacts facts);

    /**
     * Takes the end of a pod's object.
     *
     * @param pod its name
     * @param incarnation its UID's; the container does not matter
     * @param version of the DELETE event, or empty if a fresh GET showed it
     */
    PodChange gone(String pod, Incarnation incarnation, Optional<String> version);

    /** Drains or undrains a pod. */
    DrainOutcome drain(String pod, boolean drained);

    /** Takes the result of a probe. */
    ProbeReply probed(String pod, Incarnation incarnation, ProbeResult result);

    /** Takes an agent's word that it serves no call; too early, while a stream may be on its way, it counts for nothing. */
    void free(String pod, Incarnation incarnation);

    /** Does one thing that is due, or answers empty if nothing is. */
    Optional<Expired> expire();

    /** Puts a pod in a pool, at once or with its last release; false if the pod or the pool is unknown. */
    boolean place(String pod, String pool);

    /** The call's record, or empty. */
    Optional<Call> call(CallId call);

    /** The pod's record, or empty; one that is gone stays readable for an hour. */
    Optional<Pod> pod(String name);

    /** All pods that are not gone, read page by page: no picture of one moment. */
    List<Pod> pods();

    /** Which live calls these pods hold, sorted; a pod that is not known holds none. */
    Map<String, List<CallId>> callsOn(Collection<String> pods);

    /** How many calls are live. */
    long liveCalls();

    /** A way in which the store is set up that can lose live calls by itself, and how to mend it; empty if none. */
    Optional<String> hazard();

    /** The live calls of a merchant. */
    long liveCalls(String merchant);

    /** What stands in the store as configuration. */
    StoredConfiguration configuration();

    /**
     * Makes a configuration effective, if the applied one is still the one that it was made from.
     *
     * @param madeFrom revision of the applied configuration that was read
     * @param revision its own revision
     * @param edit what to write to the source with it
     * @param compiled the compiled form
     * @return false if another router applied one meanwhile
     */
    boolean configure(String madeFrom, String revision, ConfigurationEdit edit, Map<String, String> compiled);

    /**
     * Takes a lock for a task that one replica at a time should do.
     *
     * @param task its name
     * @param token a random token
     * @param life how long at most
     * @return whether it is ours now
     */
    boolean lockTask(String task, String token, Duration life);

    /** Gives the lock of a task back, if it is still this token's. */
    void unlockTask(String task, String token);
}
