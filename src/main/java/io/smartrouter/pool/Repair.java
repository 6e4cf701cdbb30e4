package io.smartrouter.pool;

import java.util.List;
import java.util.Locale;
import java.util.NavigableSet;
import org.jspecify.annotations.Nullable;

/**
 * One thing to mend, with the evidence that it was planned on: it is done only if the record is still the one that was
 * seen, and only what is wrong then. Repeating it does nothing.
 *
 * @param kind what is mended
 * @param name the call's sid or the pod's name
 * @param evidence the record as it was seen
 * @param places where the call, pod or waiter was seen, rightly or not
 * @param pool the pool that a pod belongs in; null unless its pool is what is wrong
 * @param proven whether Kubernetes said, past every cache, that the call's incarnation is gone
 * @param reasons what is wrong, in words
 */
public record Repair(
        Kind kind,
        String name,
        Evidence evidence,
        Places places,
        @Nullable String pool,
        boolean proven,
        List<String> reasons) {
    /** Copies the list. */
    public Repair {
        reasons = List.copyOf(reasons);
    }

    /** The same, with Kubernetes' word that the call's incarnation is gone. */
    public Repair withProof() {
        return new Repair(kind, name, evidence, places, pool, true, reasons);
    }

    /** What is mended. */
    public enum Kind {
        /** A call's indexes follow its record. */
        CALL_INDEXES,
        /** A call's deadline is no later than its record allows. */
        CALL_DEADLINE,
        /** A live call whose incarnation is gone is lost. */
        CALL_LOST,
        /** A call that its agent denies has ended. */
        CALL_DENIED,
        /** A pod's indexes follow its record. */
        POD_INDEXES,
        /** A pod's state follows from its facts. */
        POD_STATE,
        /** A pod stands in a pool that exists, and in the one that its labels ask for. */
        POD_POOL,
        /** A waiting call's queues follow its record. */
        WAITER;

        /** The word in metrics, JSON and logs. */
        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }

        /** Whether it names a pod, not a call. */
        public boolean isOfPod() {
            return this == POD_INDEXES || this == POD_STATE || this == POD_POOL;
        }
    }

    /**
     * A record as it was seen; what it lacked is empty.
     *
     * @param seq number of the transition that last changed it; of a waiter its place in the order
     * @param lease a call's lease
     * @param incarnation a pod's incarnation; of a call that its pod's no longer is, the pod's
     * @param version a pod's version
     */
    public record Evidence(String seq, String lease, String incarnation, String version) {
        /** No record was there. */
        public static final Evidence NONE = new Evidence("", "", "", "");
    }

    /**
     * Indexes in which a name was seen.
     *
     * @param pods whose sets hold the call
     * @param merchants whose sets hold the call
     * @param pools whose indexes hold the pod, or whose queues the waiter
     */
    public record Places(NavigableSet<String> pods, NavigableSet<String> merchants, NavigableSet<String> pools) {}
}
