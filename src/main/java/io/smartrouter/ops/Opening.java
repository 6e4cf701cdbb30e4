package io.smartrouter.ops;

import io.smartrouter.pool.PodSource;
import io.smartrouter.pool.PoolManager;
import io.smartrouter.pool.Settlement;
import io.smartrouter.pool.StoreUnavailableException;
import java.time.Clock;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.stereotype.Component;

/**
 * Looks at Redis again and again, and opens the data set where nobody has: the first one at the start, and later ones
 * where no request came first. What health says of Redis was seen here, so a hanging Redis cannot hang a health call.
 */
@Component
class Opening {
    private static final Logger log = LoggerFactory.getLogger(Opening.class);

    /** How Redis was found. */
    enum State {
        /** Nobody looked yet. */
        UNSEEN,
        /** It did not answer in time. */
        UNAVAILABLE,
        /** It answers, but is set up so that it can lose live calls by itself: refused until it is mended. */
        HAZARDOUS,
        /** It answers, but its data set is not open. */
        SHUT,
        /** It answers, and its data set is open. */
        OPEN
    }

    /**
     * One look.
     *
     * @param state what was found
     * @param reason why it is not open, or what endangers it though it is; else empty
     * @param at when
     */
    record Look(State state, String reason, Instant at) {}

    private final PoolManager manager;
    private final Settlement settlement;
    private final PodSource pods;
    private final ApplicationEventPublisher events;
    private final Clock clock;
    private final AtomicBoolean opened = new AtomicBoolean();
    private volatile Look last;

    @Autowired
    Opening(PoolManager manager, Settlement settlement, PodSource pods, ApplicationEventPublisher events) {
        this(manager, settlement, pods, events, Clock.systemUTC());
    }

    Opening(PoolManager manager, Settlement settlement, PodSource pods, ApplicationEventPublisher events, Clock clock) {
        this.manager = manager;
        this.settlement = settlement;
        this.pods = pods;
        this.events = events;
        this.clock = clock;
        this.last = new Look(State.UNSEEN, "Redis was not asked yet", clock.instant());
    }

    /** Looks once; throws nothing that Redis can cause. */
    void look() {
        Look before = last;
        Look now = found();
        last = now;
        if (now.state() != before.state() || !now.reason().equals(before.reason())) {
            if (now.state() == State.OPEN && now.reason().isEmpty()) {
                log.info("redis state=open");
            } else {
                log.warn("redis state={} reason=\"{}\"", now.state().name().toLowerCase(Locale.ROOT), now.reason());
            }
        }
        if (now.state() == State.OPEN && pods.isComplete() && opened.compareAndSet(false, true)) {
            log.info("ready: the data set is open and the cluster was seen");
            events.publishEvent(new FirstOpening());
        }
    }

    private Look found() {
        Optional<String> hazard;
        try {
            hazard = manager.hazard();
        } catch (StoreUnavailableException e) {
            return at(State.UNAVAILABLE, String.valueOf(e.getMessage()));
        }
        if (hazard.isPresent() && !opened.get()) {
            return at(State.HAZARDOUS, hazard.get()); // not ready until it is mended
        }
        try {
            if (settlement.settle()) {
                return at(State.OPEN, hazard.orElse(""));
            }
            return at(
                    State.SHUT,
                    pods.isComplete()
                            ? "another router settles the data set"
                            : "the cluster was not seen yet, and without its pods no data set is opened");
        } catch (StoreUnavailableException e) {
            return at(State.UNAVAILABLE, String.valueOf(e.getMessage()));
        }
    }

    private Look at(State state, String reason) {
        return new Look(state, reason, clock.instant());
    }

    /** The last look. */
    Look last() {
        return last;
    }

    /** Whether Redis and the cluster were seen once; never false again. */
    boolean hasOpened() {
        return opened.get();
    }
}
