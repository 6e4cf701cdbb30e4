package io.smartrouter.pool;

import io.smartrouter.pool.AllocateReply.Busy;
import io.smartrouter.pool.AllocateReply.Due;
import io.smartrouter.pool.AllocationOutcome.Allocated;
import io.smartrouter.pool.PoolProperties.Probe;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
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
    private static final int MOST_PODS_PROBED = 3;
    private static final int MOST_EXPIRED_AT_ONCE = 1_000;
    private static final long POLL_MS = 20;
    private static final Duration SURE = Duration.ofMillis(200);

    private final PoolStore store;
    private final Settlement settlement;
    private final DeferredReleases deferred;
    private final AgentProbe probe;
    private final PoolProperties properties;
    private final Tokens tokens;
    private final Ticker ticker;
    private final List<PoolListener> listeners;

    PoolManager(
            PoolStore store,
            Settlement settlement,
            DeferredReleases deferred,
            AgentProbe probe,
            PoolProperties properties,
            Tokens tokens,
            Ticker ticker) {
        this(store, settlement, deferred, probe, properties, tokens, ticker, List.of());
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
            List<PoolListener> listeners) {
        this.store = store;
        this.settlement = settlement;
        this.deferred = deferred;
        this.probe = probe;
        this.properties = properties;
        this.tokens = tokens;
        this.ticker = ticker;
        this.listeners = List.copyOf(listeners);
    }

    /**
     * Gives the call a pod, or says which it has. Any number of requests for one call, at any number of routers, get
     * the same pod and lease until the call ends or its pod is gone.
     */
    public AllocationOutcome allocate(AllocationRequest request) {
        long begun = ticker.nanos();
        try {
            AllocationOutcome outcome = sure(request, begun);
            tell(listener -> listener.allocated(request, outcome, ticker.since(begun)));
            return outcome;
        } catch (StoreUnavailableException e) {
            tell(listener -> listener.allocationFailed(request, ticker.since(begun)));
            throw e;
        }
    }

    /** An answer that was long on its way may be older than a loss that was settled meanwhile: asks once more. */
    private AllocationOutcome sure(AllocationRequest request, long begun) {
        AllocationOutcome outcome = decide(request);
        if (outcome instanceof Allocated first && ticker.since(begun).compareTo(SURE) > 0) {
            AllocationOutcome again = decide(request);
            return again instanceof Allocated second
                            && second.allocation()
                                    .lease()
                                    .equals(first.allocation().lease())
                    ? first
                    : again;
        }
        return outcome;
    }

    private AllocationOutcome decide(AllocationRequest request) {
        Optional<String> lock = properties.probe() == Probe.OFF ? Optional.empty() : Optional.of(tokens.next());
        long begun = ticker.nanos();
        while (true) {
            switch (settled(() -> store.allocate(request, new Lease(tokens.next()), lock))) {
                case AllocateReply.Decided decided -> {
                    return decided.outcome() instanceof Allocated allocated && !allocated.existing() && lock.isPresent()
                            ? probed(request, allocated, lock.get())
                            : decided.outcome();
                }
                case Due due -> expire();
                case Busy busy -> {
                    if (ticker.since(begun).compareTo(properties.lockLife()) > 0) {
                        throw new StoreUnavailableException("another request still works on this call");
                    }
                    ticker.pause(Duration.ofMillis(POLL_MS));
                }
            }
        }
    }

    /**
     * Asks the pod that the call was given, and moves the call while it does not answer. The lease was written before
     * the question, so a router that dies here leaves a call that holds a pod, as any other. Who loses the lease or the
     * lock meanwhile (the pod went, the lock expired) reads again and answers what stands.
     */
    private AllocationOutcome probed(AllocationRequest request, Allocated first, String lock) {
        CallId call = request.call();
        Set<String> tried = new LinkedHashSet<>();
        Allocated current = first;
        try {
            while (true) {
                Allocation allocation = current.allocation();
                boolean answered = probe.answers(allocation.address());
                settled(() -> store.probed(allocation.pod(), allocation.incarnation(), answered));
                tell(listener -> listener.probed(allocation.pod(), answered));
                if (answered) {
                    return standing(request, current, lock);
                }
                log.warn("probe failed sid={} pod={}", call, allocation.pod());
                tried.add(allocation.pod());
                Set<String> excluded = tried.size() < MOST_PODS_PROBED ? tried : Set.of();
                if (excluded.isEmpty()) {
                    return withdrawn(request, allocation, lock, tried);
                }
                switch (settled(
                        () -> store.replace(call, allocation.lease(), lock, new Lease(tokens.next()), excluded))) {
                    case ReplaceReply.Stale stale -> {
                        return reread(request, lock);
                    }
                    case ReplaceReply.Decided decided -> {
                        if (!(decided.outcome() instanceof Allocated next)) {
                            return decided.outcome();
                        }
                        current = next;
                    }
                }
            }
        } finally {
            unlock(call, lock);
        }
    }

    private void unlock(CallId call, String lock) {
        try {
            store.unlock(call, lock);
        } catch (StoreUnavailableException e) {
            log.warn("lock left to expire sid={}", call); // what was decided stands without it
        }
    }

    /** The pod answered; but while it was asked, the call may have ended, been lost, or moved by another. */
    private AllocationOutcome standing(AllocationRequest request, Allocated probed, String lock) {
        AllocationOutcome now = reread(request, lock);
        return now instanceof Allocated allocated
                        && allocated
                                .allocation()
                                .lease()
                                .equals(probed.allocation().lease())
                ? probed
                : now;
    }

    private AllocationOutcome reread(AllocationRequest request, String lock) {
        AllocateReply reply = settled(() -> store.allocate(request, new Lease(tokens.next()), Optional.of(lock)));
        return reply instanceof AllocateReply.Decided decided ? decided.outcome() : decide(request);
    }

    /** As many pods as may be tried were: whoever asks next begins anew. */
    private AllocationOutcome withdrawn(AllocationRequest request, Allocation last, String lock, Set<String> tried) {
        ReplaceReply reply = settled(() -> store.withdraw(request.call(), last.lease(), lock));
        log.warn("no pod answered the probe sid={} pods={}", request.call(), tried);
        return reply instanceof ReplaceReply.Decided decided ? decided.outcome() : reread(request, lock);
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

    /** Tries the kept releases again; stops at the first that cannot be stored. */
    public void retryReleases() {
        deferred.retry(request -> settled(() -> store.release(request)));
    }

    /** Takes an agent's claim to serve a call; it also makes the call {@code connected}. */
    public HeartbeatOutcome heartbeat(LeaseClaim claim) {
        return settled(() -> store.heartbeat(claim));
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
        for (int i = 0; i < MOST_EXPIRED_AT_ONCE; i++) {
            Optional<Expired> expired = settled(store::expire);
            if (expired.isEmpty()) {
                return;
            }
            tell(listener -> listener.expired(expired.get()));
            switch (expired.get()) {
                case Expired.CallEnded call ->
                    log.info("call ended sid={} pod={} reason={}", call.call(), call.pod(), call.reason());
                case Expired.PodDerived pod -> log.info("pod state pod={} state={}", pod.pod(), pod.state());
            }
        }
    }

    /** Asks the agents of quarantined pods whether they are free, and lets those go that say so. */
    public void askQuarantined() {
        for (Pod pod : settled(store::pods)) {
            if (pod.quarantinedUntil() != null && pod.calls().isEmpty() && probe.saysFree(pod.address())) {
                settled(() -> {
                    store.free(pod.name(), pod.incarnation());
                    return true;
                });
            }
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
