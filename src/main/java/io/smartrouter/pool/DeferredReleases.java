package io.smartrouter.pool;

import java.util.LinkedHashMap;
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

    private final Map<ReleaseRequest, Boolean> kept = new LinkedHashMap<>();
    private long refused;

    synchronized void keep(ReleaseRequest request) {
        if (kept.size() >= MOST_KEPT && !kept.containsKey(request)) {
            refused++;
            log.error("release given up, too many are kept sid={}", request.call());
            return;
        }
        kept.put(request, true);
    }

    /** Tries each kept release once; a fault ends the round and leaves the rest for the next. */
    void retry(Consumer<ReleaseRequest> release) {
        for (ReleaseRequest request : snapshot()) {
            try {
                release.accept(request);
            } catch (StoreUnavailableException e) {
                return; // still away: the next round begins with this one
            }
            synchronized (this) {
                kept.remove(request);
            }
            log.info("kept release stored sid={}", request.call());
        }
    }

    private synchronized java.util.List<ReleaseRequest> snapshot() {
        return java.util.List.copyOf(kept.keySet());
    }

    /** How many are kept now. */
    public synchronized int size() {
        return kept.size();
    }

    /** How many were given up since the start, for want of room. */
    public synchronized long refused() {
        return refused;
    }
}
