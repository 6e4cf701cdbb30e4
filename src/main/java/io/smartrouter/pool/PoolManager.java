package io.smartrouter.pool;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.stereotype.Service;

/**
 * The one door to calls and pods. It keeps no state: each question is one atomic step of the {@link PoolStore}, and
 * what takes more than one step is guarded here by the lock of the call.
 *
 * <p>Whoever meets a shut gate first settles the data set, or waits for who does, bounded, and asks again. Every method
 * throws {@link StoreUnavailableException} when the store gives no answer in time; then nothing may be assumed.
 */
@Service
public class PoolManager {
    private static final Logger log = LoggerFactory.getLogger(PoolManager.class);
    private static final int MOST_EXPIRED_AT_ONCE = 1_000;
    private static final int MOST_EXPIRED_BY_A_CALLER = 20;
    private static final int AGENTS_AT_ONCE = 16;

    private final PoolStore store;
    private final Settlement settlement;
    private final DeferredReleases deferred;
    private final AgentProbe probe;
    private final Ticker ticker;
    private final CallAllocator allocator;
    private final CallContinuation continuation;
    private final List<PoolListener> listeners;

    PoolManager(
            PoolStore store,
            Settlement settlement,
            DeferredReleases deferred,
            AgentProbe probe,
            PoolProperties properties,
            Tokens tokens,
            Ticker ticker,
            PodSource pods) {
        this(store, settlement, deferred, probe, properties, tokens, ticker, pods, List.of());
    }

    @Autowired
    PoolManager(
            PoolStore store,
            Settlement settlement,
            DeferredReleases deferred,
            AgentProbe probe,
            PoolProperties properties,
            Tokens tokens,
            Ticker ticker,
            PodSource pods,
            List<PoolListener> listeners) {
        this.store = store;
        this.settlement = settlement;
        this.deferred = deferred;
        this.probe = probe;
        this.ticker = ticker;
        this.listeners = List.copyOf(listeners);
        this.allocator =
                new CallAllocator(store, settlement, probe, properties, tokens, ticker, this::expireSome, this::tell);
        this.continuation = new CallContinuation(store, settlement, allocator, probe, pods, this, ticker);
    }

    /**
     * Gives the call a pod, or says which it has. Any number of requests for one call, at any number of routers, get
     * the same pod and lease until the call ends or its pod is gone.
     */
    public AllocationOutcome allocate(AllocationRequest request) {
        long begun = ticker.nanos();
        try {
            AllocationOutcome outcome = allocator.allocate(request);
            tell(listener -> listener.allocated(request, outcome, ticker.since(begun)));
            return outcome;
        } catch (StoreUnavailableException e) {
            tell(listener -> listener.allocationFailed(request, ticker.since(begun)));
            throw e;
        }
    }

    /**
     * Says what comes next for a call whose stream is over while its caller is still there: another pod if its own no
     * longer serves, else the end of the call. The same question asked again gets the same answer.
     */
    public ContinueOutcome continueCall(ContinueRequest request) {
        long begun = ticker.nanos();
        ContinueOutcome outcome = continuation.of(request);
        tell(listener -> listener.continued(request, outcome, ticker.since(begun)));
        return outcome;
    }

    /** Takes a provider's word on a call's stream. */
    public StreamEvent.Outcome streamEvent(StreamEvent event) {
        return settled(() -> store.streamEvent(event));
    }

    /** Lets a stream with a genuine token through to its pod, which makes the call {@code connected}; or says why not. */
    public Admission admit(LeaseClaim claim) {
        return settled(() -> store.admit(claim));
    }

    /**
     * Ends a call. If the store cannot take it now, it is kept and tried again, and the answer is
     * {@link ReleaseOutcome.Deferred}.
     */
    public ReleaseOutcome release(ReleaseRequest request) {
        ReleaseOutcome outcome;
        try {
            outcome = settled(() -> store.release(request));
        } catch (StoreUnavailableException e) {
            deferred.keep(request);
            outcome = new ReleaseOutcome.Deferred();
        }
        ReleaseOutcome told = outcome;
        tell(listener -> listener.released(request, told));
        return outcome;
    }

    /** Keeps the end of a call for the next try, without asking the store now; {@link #retryReleases} stores it. */
    public void releaseLater(ReleaseRequest request) {
        deferred.keep(request);
        ReleaseOutcome kept = new ReleaseOutcome.Deferred();
        tell(listener -> listener.released(request, kept));
    }

    /** Tries the kept releases again; stops when Redis is away, and goes past those that damaged records hold up. */
    public void retryReleases() {
        deferred.retry(request -> settled(() -> store.release(request)));
    }

    /** Takes an agent's claim to serve a call; it also makes the call {@code connected}. */
    public HeartbeatOutcome heartbeat(LeaseClaim claim) {
        return settled(() -> store.heartbeat(claim));
    }

    /** Takes an agent's word that the stream has arrived; as {@link #heartbeat}, but no further one is expected. */
    public HeartbeatOutcome connected(LeaseClaim claim) {
        return settled(() -> store.connected(claim));
    }

    /** Takes what Kubernetes says of a pod. */
    public PodChange observe(PodFacts facts) {
        PodChange change = settled(() -> store.observe(facts));
        lost(facts.pod(), change);
        return change;
    }

    /**
     * Takes the end of a pod's object.
     *
     * @param pod its name
     * @param incarnation its UID's; the container does not matter
     * @param version of the DELETE event, or empty if a fresh GET showed it
     */
    public PodChange gone(String pod, Incarnation incarnation, Optional<String> version) {
        PodChange change = settled(() -> store.gone(pod, incarnation, version));
        lost(pod, change);
        return change;
    }

    /** Keeps new calls from a pod; it keeps those that it has. */
    public DrainOutcome drain(String pod) {
        return settled(() -> store.drain(PodFacts.requirePodName(pod), true));
    }

    /** Lets a drained pod take calls again. */
    public DrainOutcome undrain(String pod) {
        return settled(() -> store.drain(PodFacts.requirePodName(pod), false));
    }

    /**
     * Does what is due by time: ends calls past their deadline, and takes pods out of suspicion whose time is over. A
     * router that is down does no harm: any other does it, and so does an allocation that finds no free pod.
     */
    public void expire() {
        expire(MOST_EXPIRED_AT_ONCE);
    }

    /** A little of it, for a caller who then asks again: where much is due at once, the first pods are free long before the last. */
    void expireSome() {
        expire(MOST_EXPIRED_BY_A_CALLER);
    }

    private void expire(int most) {
        for (int i = 0; i < most; i++) {
            Optional<Expired> expired = settled(store::expire);
            if (expired.isEmpty()) {
                return;
            }
            tell(listener -> listener.expired(expired.get()));
            switch (expired.get()) {
                case Expired.CallEnded call ->
                    log.info("call ended sid={} pod={} reason={}", call.call(), call.pod(), call.reason());
                case Expired.WaiterLeft waiter -> log.info("waiting call did not ask again sid={}", waiter.call());
                case Expired.PutOff damaged ->
                    log.error(
                            "put off, a record is damaged {}={} problem=\"{}\"",
                            damaged.kind(),
                            damaged.name(),
                            damaged.why());
                case Expired.PodDerived pod -> log.info("pod state pod={} state={}", pod.pod(), pod.state());
            }
        }
    }

    /** Asks the agents of quarantined pods whether they are free, and lets those go that say so. */
    public void askQuarantined() {
        List<Pod> quarantined = settled(store::pods).stream()
                .filter(pod -> pod.quarantinedUntil() != null && pod.calls() == 0)
                .toList();
        Batches.atOnce(quarantined, AGENTS_AT_ONCE, pod -> {
            boolean free = probe.saysFree(pod.address());
            if (free) {
                free(pod);
            }
            return free;
        });
    }

    private void free(Pod pod) {
        try {
            settled(() -> {
                store.free(pod.name(), pod.incarnation());
                return true;
            });
        } catch (StoreFaultException e) { // what is damaged of one pod keeps no other from calls
            log.error("pod stays in quarantine, a record is damaged pod={} problem=\"{}\"", pod.name(), e.getMessage());
        }
    }

    /** The call's record, or empty. */
    public Optional<Call> call(CallId call) {
        return settled(() -> store.call(call));
    }

    /** The pod's record, or empty; one that is gone stays readable for an hour. */
    public Optional<Pod> pod(String name) {
        return settled(() -> store.pod(PodFacts.requirePodName(name)));
    }

    /** All pods that are not gone, read page by page: no picture of one moment. */
    public List<Pod> pods() {
        return settled(store::pods);
    }

    /** Which live calls these pods hold, sorted; as {@link #pods}, no picture of one moment. */
    public Map<String, List<CallId>> callsOn(Collection<String> pods) {
        return settled(() -> store.callsOn(pods));
    }

    /** How many calls of a merchant are live. */
    public long liveCalls(String merchant) {
        return settled(() -> store.liveCalls(Name.require("merchant_id", merchant)));
    }

    /** How many calls are live. */
    public long liveCalls() {
        return settled(store::liveCalls);
    }

    /** A way in which the store is set up that can lose live calls by itself, and how to mend it; empty if none. */
    public Optional<String> hazard() {
        return store.hazard();
    }

    private <T> T settled(Supplier<T> step) {
        return settlement.around(step);
    }

    private void lost(String pod, PodChange change) {
        for (CallId call : change.lostCalls()) {
            log.warn("call lost sid={} pod={} change={}", call, pod, change.kind());
        }
        tell(listener -> listener.changed(pod, change));
    }

    private void tell(Consumer<PoolListener> event) {
        listeners.forEach(event);
    }
}
