package io.smartrouter.pool;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * Ends of calls that the store could not take: kept in memory, oldest first, and tried again until it can. One per
 * call and right; bounded. What is refused for want of room is counted and logged by sid: the agent's own release, its
 * silence and the maximum length stand behind it.
 */
@Component
public class DeferredReleases {
    private static final Logger log = LoggerFactory.getLogger(DeferredReleases.class);
    private static final int MOST_KEPT = 100_000;

    /** Each with whether it was said that a damaged record holds it up. */
    private final Map<ReleaseRequest, Boolean> kept = new LinkedHashMap<>();

    private long refused;

    synchronized void keep(ReleaseRequest request) {
        if (kept.size() >= MOST_KEPT && !kept.containsKey(request)) {
            refused++;
            log.error("release given up, too many are kept sid={}", request.call());
            return;
        }
        kept.putIfAbsent(request, false);
    }

    /**
     * Tries each kept release once. That the store is away ends the round and leaves the rest for the next; one that a
     * damaged record holds up stays, and those behind it are tried.
     */
    void retry(Consumer<ReleaseRequest> release) {
        for (ReleaseRequest request : snapshot()) {
            try {
                release.accept(request);
            } catch (StoreFaultException e) {
                if (isNew(request)) {
                    log.error("kept release cannot be stored sid={} problem=\"{}\"", request.call(), e.getMessage());
                }
                continue;
            } catch (StoreUnavailableException e) {
                return; // still away: the next round begins with this one
            }
            synchronized (this) {
                kept.remove(request);
            }
            log.info("kept release stored sid={}", request.call());
        }
    }

    private synchronized List<ReleaseRequest> snapshot() {
        return List.copyOf(kept.keySet());
    }

    /** Whether nothing was said of it yet. */
    private synchronized boolean isNew(ReleaseRequest request) {
        return Boolean.FALSE.equals(kept.replace(request, true));
    }

    /**
     * Gives up all that are kept, because the router stops: each is said by sid. Their agents, the maximum length and
     * the reconciler end these calls.
     */
    public synchronized void giveUp() {
        kept.keySet().forEach(request -> log.error("release given up, the router stops sid={}", request.call()));
        refused += kept.size();
        kept.clear();
    }

    /** How many are kept now. */
    public synchronized int size() {
        return kept.size();
    }

    /** How many were given up since the start, for want of room or because the router stops. */
    public synchronized long refused() {
        return refused;
    }
}
