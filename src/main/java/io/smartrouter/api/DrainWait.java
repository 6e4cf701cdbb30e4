package io.smartrouter.api;

import io.smartrouter.pool.Incarnation;
import io.smartrouter.pool.Pod;
import io.smartrouter.pool.PodFacts;
import io.smartrouter.pool.PodState;
import io.smartrouter.pool.PoolManager;
import io.smartrouter.pool.StoreUnavailableException;
import io.smartrouter.pool.Ticker;
import io.smartrouter.web.Stopping;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Waits until a drained pod has no call. Each waiter is a request on a virtual thread, which costs no thread of a pool,
 * and their number is bounded all the same. It reads the pod's record once a second: the last release may happen at any
 * router, and 100 reads a second are less to Redis than one call more.
 */
@Component
class DrainWait {
    private static final Duration LOOK = Duration.ofSeconds(1);
    private static final int MOST_WAITING = 100;

    private final PoolManager pool;
    private final Stopping stopping;
    private final Ticker ticker;
    private final Semaphore places = new Semaphore(MOST_WAITING);

    DrainWait(PoolManager pool, Stopping stopping, Ticker ticker) {
        this.pool = pool;
        this.stopping = stopping;
        this.ticker = ticker;
    }

    /** How it ended. */
    enum End {
        /** Its last call has ended. */
        EMPTY,
        /** Its incarnation is gone, and its calls with it. */
        GONE,
        /** Somebody undrained it meanwhile. */
        UNDRAINED,
        /** The time is over, and it has calls. */
        TIME_OVER,
        /** The router stops: another one can be asked. */
        STOPPING
    }

    /**
     * The end of a wait.
     *
     * @param end how it ended
     * @param pod the pod as it was read last, or null if it is no longer known
     */
    record Waited(End end, @Nullable Pod pod) {}

    /** Takes one of the places, or answers false if there is none; whoever got one gives it back. */
    boolean enter() {
        return places.tryAcquire();
    }

    void leave() {
        places.release();
    }

    /**
     * Waits.
     *
     * @param name the pod, which was just drained
     * @param atMost how long
     * @throws StoreUnavailableException if at the end of the time nothing is known
     */
    Waited await(String name, Duration atMost) {
        long begun = ticker.nanos();
        Incarnation drained = null;
        while (true) {
            @Nullable StoreUnavailableException away = null;
            @Nullable Waited waited = null;
            try {
                Optional<Pod> pod = pool.pod(name);
                if (drained == null) {
                    drained = pod.map(Pod::incarnation).orElse(null);
                }
                waited = judge(pod.orElse(null), drained);
            } catch (StoreUnavailableException e) {
                away = e; // unknown is not drained: the next look may know
            }
            if (waited != null && waited.end() != End.TIME_OVER) {
                return waited;
            }
            if (ticker.since(begun).compareTo(atMost) >= 0) {
                if (away != null) {
                    throw away;
                }
                return waited == null ? new Waited(End.TIME_OVER, null) : waited;
            }
            if (stops(atMost.minus(ticker.since(begun)))) {
                return new Waited(End.STOPPING, null);
            }
        }
    }

    /** The end if it has come, else that it would be the time's. */
    private static Waited judge(@Nullable Pod pod, @Nullable Incarnation drained) {
        if (pod == null || pod.state() == PodState.GONE || !pod.incarnation().equals(drained)) {
            return new Waited(End.GONE, pod);
        }
        if (pod.calls() == 0) {
            return new Waited(End.EMPTY, pod);
        }
        boolean drains = pod.drained() || pod.kubernetes() == PodFacts.Readiness.DELETING;
        return new Waited(drains ? End.TIME_OVER : End.UNDRAINED, pod);
    }

    private boolean stops(Duration left) {
        try {
            Duration next = left.compareTo(LOOK) < 0 ? left : LOOK;
            return stopping.awaitBegin(next.isNegative() ? Duration.ZERO : next);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return true;
        }
    }
}
