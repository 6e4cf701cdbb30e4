package io.smartrouter.pool;

import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A record of the store as a router saw it: a register of which the higher {@code seq} wins, and of equal ones the later
 * state. The order is total, so copies can be joined in any order, and again and again.
 *
 * @param kind what it is a record of
 * @param name the call's sid or the pod's name
 * @param fields the record's fields, and of a live call its {@code deadline}; empty if the record could not be read
 */
public record Copy(Kind kind, String name, Map<String, String> fields) {
    private static final Map<String, Integer> RANK =
            Map.of("allocated", 1, "connected", 2, "lost", 3, "ended", 4, "withdrawn", 5);
    private static final Comparator<Copy> ORDER = Comparator.comparingLong(Copy::seq)
            .thenComparingInt(copy -> RANK.getOrDefault(copy.state(), 0))
            .thenComparingInt(copy -> copy.fields().size()) // what an answer said of it is less than the record
            .thenComparing(copy -> new TreeMap<>(copy.fields()).toString());

    private static final Set<String> OF_THE_LIVE =
            Set.of("deadline", "allocated_at", "connect_by", "connected_at", "stream_ended_at");
    /** Names of fields and states: they are few and copies many, so all share one string of each. */
    private static final Map<String, String> WORDS = Stream.concat(
                    Stream.concat(RANK.keySet().stream(), OF_THE_LIVE.stream()),
                    Stream.of(
                            "state",
                            "seq",
                            "pod",
                            "incarnation",
                            "pool",
                            "lease",
                            "provider",
                            "account",
                            "merchant",
                            "request",
                            "continues",
                            "ended_at",
                            "end_reason"))
            .collect(Collectors.toUnmodifiableMap(Function.identity(), Function.identity()));

    /** What it is a copy of. */
    public enum Kind {
        /** A call: allocated, connected, lost, ended, or withdrawn as if it had never been. */
        CALL,
        /** A pod: drained, undrained or gone. */
        POD
    }

    /** Keeps only what counts: of a call that is over not when it began. */
    public Copy {
        Map<String, String> kept = HashMap.newHashMap(fields.size());
        boolean live = "allocated".equals(fields.get("state")) || "connected".equals(fields.get("state"));
        fields.forEach((field, value) -> {
            if (live || !OF_THE_LIVE.contains(field)) {
                kept.put(shared(field), field.equals("state") ? shared(value) : value);
            }
        });
        fields = Map.copyOf(kept);
    }

    private static String shared(String word) {
        return WORDS.getOrDefault(word, word);
    }

    /** Number of the transition that made it; 0 if it could not be read. */
    public long seq() {
        try {
            return Long.parseLong(fields.getOrDefault("seq", "0"));
        } catch (NumberFormatException e) {
            return 0; // damaged by hand
        }
    }

    String state() {
        return fields.getOrDefault("state", "");
    }

    /** Whether it holds a pod. */
    public boolean isLive() {
        return state().equals("allocated") || state().equals("connected");
    }

    /** Whether it is a call that holds a pod, or may: nobody knows what an unreadable one says. */
    boolean mayHoldPod() {
        return kind == Kind.CALL && (isLive() || !isReadable());
    }

    /** Whether it could be read, so that it says something. */
    public boolean isReadable() {
        return seq() > 0 && !state().isEmpty();
    }

    /** When it was over, in ms of the store's time; 0 if it is not, or nobody knows. */
    long endedAt() {
        if (isLive()) {
            return 0;
        }
        try {
            return Long.parseLong(fields.getOrDefault("ended_at", "0"));
        } catch (NumberFormatException e) {
            return 0;
        }
    }

    /** Whether it wins against another of the same record; not if both say the same, as most do that a router follows. */
    boolean isLaterThan(Copy other) {
        return !fields.equals(other.fields) && ORDER.compare(this, other) > 0;
    }

    /** What this call is after its end. */
    Copy ended(Map<String, String> end) {
        Map<String, String> all = new HashMap<>(fields);
        all.putAll(end);
        all.put("state", "ended");
        return new Copy(kind, name, all);
    }
}
