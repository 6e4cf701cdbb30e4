package io.smartrouter.pool;

import io.smartrouter.pool.AllocationOutcome.Allocated;
import io.smartrouter.pool.ContinueOutcome.Continues;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides whether a call whose stream is over has lost its pod. A stream that breaks because its pod died is reported
 * within milliseconds, and Kubernetes often says it a second later. So where all that is recorded says that the pod is
 * well, the agent's machine is asked now, and then Kubernetes; only a proof moves the call. Silence moves nothing: the
 * caller of a conversation that was over must not be sent to another agent.
 */
final class CallContinuation {
    private static final Logger log = LoggerFactory.getLogger(CallContinuation.class);
    private static final Duration LONGEST_QUESTION = Duration.ofSeconds(1);

    private final PoolStore store;
    private final Settlement settlement;
    private final CallAllocator allocator;
    private final AgentProbe probe;
    private final PodSource pods;
    private final PoolManager manager;
    private final Ticker ticker;

    CallContinuation(
            PoolStore store,
            Settlement settlement,
            CallAllocator allocator,
            AgentProbe probe,
            PodSource pods,
            PoolManager manager,
            Ticker ticker) {
        this.store = store;
        this.settlement = settlement;
        this.allocator = allocator;
        this.probe = probe;
        this.pods = pods;
        this.manager = manager;
        this.ticker = ticker;
    }

    ContinueOutcome of(ContinueRequest request) {
        Optional<String> lock = allocator.newLock();
        long begun = ticker.nanos();
        PodFinding found = null; // nothing yet
        while (true) {
            PodFinding finding = found;
            switch (settlement.around(() -> store.continueCall(request, allocator.newLease(), lock, finding))) {
                case ContinueReply.Decided decided -> {
                    return sure(request, decided.outcome(), lock, begun);
                }
                case ContinueReply.Ask ask -> found = find(request.call(), ask);
                case ContinueReply.Due due -> manager.expireSome();
                case ContinueReply.Busy busy -> allocator.waitForOther(begun);
            }
        }
    }

    /** A new pod is probed as any other; and an answer that took long is asked once more, see {@link CallAllocator}. */
    private ContinueOutcome sure(ContinueRequest request, ContinueOutcome outcome, Optional<String> lock, long begun) {
        if (!(outcome instanceof Continues continues)) {
            return outcome;
        }
        AllocationRequest same = new AllocationRequest(request.call(), request.provider(), request.account(), null);
        if (!continues.existing() && lock.isPresent()) {
            Allocated given = new Allocated(continues.allocation(), false);
            return outcome(allocator.probed(same, given, lock.get()), continues.existing());
        }
        return allocator.isLong(begun) ? outcome(allocator.allocate(same), continues.existing()) : outcome;
    }

    private static ContinueOutcome outcome(AllocationOutcome outcome, boolean existing) {
        return switch (outcome) {
            case Allocated allocated -> new Continues(allocated.allocation(), existing);
            case AllocationOutcome.CallEnded ended -> new ContinueOutcome.Over(ended.reason());
            case AllocationOutcome.NotOwner other -> new ContinueOutcome.NotOwner();
            case AllocationOutcome.Exhausted exhausted ->
                new ContinueOutcome.Exhausted(exhausted.chain(), exhausted.merchant());
            case AllocationOutcome.MerchantLimit limit -> new ContinueOutcome.Exhausted(List.of(), limit.merchant());
            case AllocationOutcome.Waiting waiting -> new ContinueOutcome.Exhausted(List.of(), waiting.merchant());
        };
    }

    /**
     * The agent first: one that is back after a crash accepts again, and what Kubernetes is asked after that is at least
     * as new. The other way round, a container that restarted between the two questions would look well in both.
     */
    private PodFinding find(CallId call, ContinueReply.Ask ask) {
        boolean refused = probe.refuses(ask.address());
        String kubernetes =
                switch (pods.ask(ask.pod(), LONGEST_QUESTION)) {
                    case PodWord.Present present -> {
                        manager.observe(present.facts());
                        yield "present";
                    }
                    case PodWord.Absent absent -> {
                        manager.gone(ask.pod(), ask.incarnation(), Optional.empty());
                        yield "absent";
                    }
                    case PodWord.Silent silent -> "silent";
                };
        if (refused) {
            settlement.around(() -> store.probed(ask.pod(), ask.incarnation(), ProbeResult.REFUSED));
        }
        log.info("stream over sid={} pod={} kubernetes={} refused={}", call, ask.pod(), kubernetes, refused);
        return new PodFinding(ask.lease(), !refused);
    }
}
