package io.smartrouter.pool;

import io.smartrouter.pool.AllocationOutcome.Allocated;
import io.smartrouter.pool.PoolProperties.Probe;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Gives calls their pods: one step of the store where no probe is asked for, else a few under the call's lock. */
final class CallAllocator {
    private static final Logger log = LoggerFactory.getLogger(CallAllocator.class);
    private static final int MOST_PODS_PROBED = 3;
    private static final Duration POLL = Duration.ofMillis(20);
    private static final Duration SURE = Duration.ofMillis(200);

    private final PoolStore store;
    private final Settlement settlement;
    private final AgentProbe probe;
    private final PoolProperties properties;
    private final Tokens tokens;
    private final Ticker ticker;
    private final Runnable expire;
    private final Consumer<Consumer<PoolListener>> tell;

    /**
     * @param expire does some of what is due by time
     * @param tell tells the listeners
     */
    CallAllocator(
            PoolStore store,
            Settlement settlement,
            AgentProbe probe,
            PoolProperties properties,
            Tokens tokens,
            Ticker ticker,
            Runnable expire,
            Consumer<Consumer<PoolListener>> tell) {
        this.store = store;
        this.settlement = settlement;
        this.probe = probe;
        this.properties = properties;
        this.tokens = tokens;
        this.ticker = ticker;
        this.expire = expire;
        this.tell = tell;
    }

    /** An answer that was long on its way may be older than a loss that was settled meanwhile: asks once more. */
    AllocationOutcome allocate(AllocationRequest request) {
        long begun = ticker.nanos();
        AllocationOutcome outcome = decide(request);
        if (outcome instanceof Allocated first && isLong(begun)) {
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

    /** Whether what began then may by now be older than a loss that was settled meanwhile. */
    boolean isLong(long begun) {
        return ticker.since(begun).compareTo(SURE) > 0;
    }

    private AllocationOutcome decide(AllocationRequest request) {
        Optional<String> lock = newLock();
        long begun = ticker.nanos();
        boolean again = request.hold() != null;
        while (true) {
            switch (settled(() -> store.allocate(request, newLease(), lock))) {
                case AllocateReply.Decided decided -> {
                    AllocationOutcome outcome = decided.outcome();
                    if (outcome instanceof Allocated allocated && !allocated.existing() && lock.isPresent()) {
                        outcome = probed(request, allocated, lock.get());
                        if (outcome instanceof AllocationOutcome.Exhausted && again) {
                            again = false; // no pod answered: who may wait begins to
                            continue;
                        }
                    }
                    return outcome;
                }
                case AllocateReply.Due due -> expire.run();
                case AllocateReply.Busy busy -> waitForOther(begun);
            }
        }
    }

    /** A lock token if pods are asked before they are handed out: it guards the call meanwhile. */
    Optional<String> newLock() {
        return properties.probe() == Probe.OFF ? Optional.empty() : Optional.of(tokens.next());
    }

    Lease newLease() {
        return new Lease(tokens.next());
    }

    /**
     * Another request works on this call, and its result will be this one's too.
     *
     * @param begun when waiting for it began, see {@link Ticker#nanos}
     * @throws StoreUnavailableException if it takes longer than a lock lives
     */
    void waitForOther(long begun) {
        if (ticker.since(begun).compareTo(properties.lockLife()) > 0) {
            throw new StoreUnavailableException("another request still works on this call");
        }
        ticker.pause(POLL);
    }

    /**
     * Asks the pod that the call was given, and moves the call while it does not answer. The lease was written before
     * the question, so a router that dies here leaves a call that holds a pod, as any other. Who loses the lease or the
     * lock meanwhile (the pod went, the lock expired) reads again and answers what stands.
     */
    AllocationOutcome probed(AllocationRequest request, Allocated first, String lock) {
        CallId call = request.call();
        Set<String> tried = new LinkedHashSet<>();
        Allocated current = first;
        try {
            while (true) {
                Allocation allocation = current.allocation();
                boolean answered = probe.answers(allocation.address());
                settled(() -> store.probed(
                        allocation.pod(),
                        allocation.incarnation(),
                        answered ? ProbeResult.ANSWERED : ProbeResult.SILENT));
                tell.accept(listener -> listener.probed(allocation.pod(), answered));
                if (answered) {
                    return standing(request, current, lock);
                }
                log.warn("probe failed sid={} pod={}", call, allocation.pod());
                tried.add(allocation.pod());
                Set<String> excluded = tried.size() < MOST_PODS_PROBED ? tried : Set.of();
                if (excluded.isEmpty()) {
                    return withdrawn(request, allocation, lock, tried);
                }
                switch (settled(() -> store.replace(call, allocation.lease(), lock, newLease(), excluded))) {
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
        AllocateReply reply = settled(() -> store.allocate(request, newLease(), Optional.of(lock)));
        return reply instanceof AllocateReply.Decided decided ? decided.outcome() : decide(request);
    }

    /** As many pods as may be tried were: whoever asks next begins anew. */
    private AllocationOutcome withdrawn(AllocationRequest request, Allocation last, String lock, Set<String> tried) {
        ReplaceReply reply = settled(() -> store.withdraw(request.call(), last.lease(), lock));
        log.warn("no pod answered the probe sid={} pods={}", request.call(), tried);
        return reply instanceof ReplaceReply.Decided decided ? decided.outcome() : reread(request, lock);
    }

    private <T> T settled(Supplier<T> step) {
        return settlement.around(step);
    }
}
