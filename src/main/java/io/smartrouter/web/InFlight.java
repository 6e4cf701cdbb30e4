package io.smartrouter.web;

import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.LongAdder;
import org.springframework.stereotype.Component;

/**
 * How many requests are worked on at once, by kind: a flood of one kind takes nothing from the others. Above the limit
 * nobody waits here: who would be answered after its own patience is answered now, and what is begun stays quick.
 */
@Component
public class InFlight {
    private final int most;
    private final Map<Kind, Semaphore> places = new EnumMap<>(Kind.class);
    private final Map<Kind, LongAdder> refused = new EnumMap<>(Kind.class);

    InFlight(OverloadProperties properties) {
        most = properties.maxInFlight();
        for (Kind kind : Kind.values()) {
            places.put(kind, new Semaphore(most));
            refused.put(kind, new LongAdder());
        }
    }

    /** Who asks. */
    public enum Kind {
        /** Clients and operators with a key. */
        API,
        /** Agents, and the proxy that lets streams through. */
        STREAM,
        /** Telephone providers. */
        WEBHOOK;

        /** The word in metrics. */
        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** Takes a place, or counts the refusal and answers false; whoever got one gives it back. */
    public boolean enter(Kind kind) {
        boolean entered = of(kind).tryAcquire();
        if (!entered) {
            counter(kind).increment();
        }
        return entered;
    }

    /** Gives a place back. */
    public void leave(Kind kind) {
        of(kind).release();
    }

    /** How many are worked on now. */
    public int now(Kind kind) {
        return most - of(kind).availablePermits();
    }

    /** How many were refused since the start. */
    public long refused(Kind kind) {
        return counter(kind).sum();
    }

    private Semaphore of(Kind kind) {
        Semaphore all = places.get(kind);
        if (all == null) {
            throw new IllegalStateException("each kind has its places");
        }
        return all;
    }

    private LongAdder counter(Kind kind) {
        LongAdder all = refused.get(kind);
        if (all == null) {
            throw new IllegalStateException("each kind has its counter");
        }
        return all;
    }
}
