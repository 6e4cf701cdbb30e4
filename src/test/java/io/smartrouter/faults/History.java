package io.smartrouter.faults;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Collectors;

/**
 * What clients and agents saw, and what was done to the system meanwhile. All times are {@link System#nanoTime} of the
 * one JVM that observes, so they can be compared; the routers' and Redis' clocks are not asked.
 */
final class History {
    /** From the sending of a request until its answer, or of anything else from its begin to its end. */
    record Span(long begun, long ended) {
        boolean overlaps(Span other) {
            return begun < other.ended && other.begun < ended;
        }

        boolean isWithin(Span other) {
            return begun >= other.begun && ended <= other.ended;
        }

        /** How much of it is in the other. */
        long millisIn(Span other) {
            return overlaps(other) ? new Span(Math.max(begun, other.begun), Math.min(ended, other.ended)).millis() : 0;
        }

        long millis() {
            return (ended - begun) / 1_000_000;
        }
    }

    sealed interface Answer {}

    /** The pod, which incarnation of it, and the token (one per lease) that an allocate got. */
    record Given(String pod, String incarnation, String token) implements Answer {}

    /** A release that ended the call, or found it ended. */
    record Freed() implements Answer {}

    /** An answer that is no success. */
    record Refused(String code) implements Answer {}

    /** No answer: what was asked may have happened. */
    record Unanswered() implements Answer {}

    sealed interface Entry {}

    /** Routers are named by their ports. */
    record Allocate(String sid, Span span, Answer answer, int router) implements Entry {}

    record Release(String sid, Span span, Answer answer, int router) implements Entry {}

    /** By the agent's own account: from when to when a stream was connected to it. */
    record Stream(String sid, String pod, String token, Span span) implements Entry {}

    /** A router told the agent that the call of this lease is over. */
    record ToldOver(String sid, String token, Span span, String code, int router) implements Entry {
        long at() {
            return span.ended();
        }
    }

    /** The incarnation of a pod ended: its streams broke, and it takes no more. The routers hear of it later. */
    record PodLost(String incarnation, long at) implements Entry {}

    record Fault(String name, Span span) implements Entry {}

    /** The router stood still. */
    record Paused(int router, Span span) implements Entry {}

    /** The router was started and not ready yet: no Service would have asked it. */
    record Starting(int router, Span span) implements Entry {}

    /**
     * The data set was lost while this router could contribute nothing to what was made of it.
     *
     * @param joined when all that it alone knew had come to the others
     */
    record Away(int router, Span span, long joined) implements Entry {
        /** Longer than it takes a router that goes on to miss a data set and to join a mirror of thousands of copies. */
        private static final long JOINS_NS = 2_000_000_000;

        Away(int router, Span span) {
            this(router, span, span.ended() + JOINS_NS);
        }
    }

    private final Queue<Entry> entries = new ConcurrentLinkedQueue<>();

    private final Instant began = Instant.now();
    private final long beganNs = System.nanoTime();

    void add(Entry entry) {
        entries.add(entry);
    }

    List<Entry> entries() {
        return List.copyOf(entries);
    }

    <T extends Entry> List<T> all(Class<T> type) {
        List<T> found = new ArrayList<>();
        for (Entry entry : entries) {
            if (type.isInstance(entry)) {
                found.add(type.cast(entry));
            }
        }
        return found;
    }

    Set<String> sids() {
        return all(Allocate.class).stream().map(Allocate::sid).collect(Collectors.toSet());
    }

    /** What there is of a call, and what was done to the system: each with its begin by the wall's clock. */
    List<String> told(String sid) {
        List<String> told = new ArrayList<>();
        for (Entry entry : entries) {
            Span span =
                    switch (entry) {
                        case Allocate one when one.sid().equals(sid) -> one.span();
                        case Release one when one.sid().equals(sid) -> one.span();
                        case Stream one when one.sid().equals(sid) -> one.span();
                        case ToldOver one when one.sid().equals(sid) -> one.span();
                        case Fault fault -> fault.span();
                        case Paused paused -> paused.span();
                        case Starting starting -> starting.span();
                        case Away away -> away.span();
                        default -> null;
                    };
            if (span != null) {
                told.add("%s for %d ms %s".formatted(began.plusNanos(span.begun() - beganNs), span.millis(), entry));
            }
        }
        return told;
    }
}
