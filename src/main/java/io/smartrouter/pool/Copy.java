package io.smartrouter.pool;

import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A record of the store as a router saw it: a register of which the higher {@code seq} wins, and of equal ones the later
 * state. The order is total, so copies can be joined in any order, and again and again.
 *
 * <p>A mirror holds one for each live call, up to a million, so the fields are packed into one text: as a map of strings
 * each copy would be some thirty objects, which the collector has to go through, and take twice the heap.
 */
public final class Copy {
    private static final Map<String, Integer> RANKS =
            Map.of("allocated", 1, "connected", 2, "lost", 3, "ended", 4, "withdrawn", 5);
    private static final int HIGHEST_LIVE = 2;
    private static final int OTHER = 0;
    private static final int WITHOUT_STATE = -1;
    private static final Comparator<Copy> ORDER = Comparator.comparingLong(Copy::seq)
            .thenComparingInt(copy -> copy.rank)
            .thenComparingInt(Copy::size) // what an answer said of it is less than the record
            .thenComparing(copy -> copy.packed);

    private static final Set<String> OF_THE_LIVE =
            Set.of("deadline", "allocated_at", "connect_by", "connected_at", "stream_ended_at");
    /** After each name and each value; no record has one in them. */
    private static final char END = '\0';

    private final Kind kind;
    private final String name;
    private final String packed;
    private final int rank;
    private final long seq;
    private final long endedAt;

    /** What it is a copy of. */
    public enum Kind {
        /** A call: allocated, connected, lost, ended, or withdrawn as if it had never been. */
        CALL,
        /** A pod: drained, undrained or gone. */
        POD
    }

    /**
     * Keeps only what counts: of a call that is over not when it began.
     *
     * @param kind what it is a record of
     * @param name the call's sid or the pod's name
     * @param fields the record's fields, and of a live call its {@code deadline}; empty if the record could not be read
     */
    public Copy(Kind kind, String name, Map<String, String> fields) {
        this.kind = kind;
        this.name = name;
        Map<String, String> readable = canBePacked(fields) ? fields : Map.of();
        rank = rank(readable.get("state"));
        packed = packed(readable, isLive(rank));
        seq = number(readable.get("seq"));
        endedAt = isLive(rank) ? 0 : number(readable.get("ended_at"));
    }

    /** Whether it can be told apart again; else somebody wrote what no router does. */
    private static boolean canBePacked(Map<String, String> fields) {
        return fields.entrySet().stream()
                .noneMatch(field ->
                        field.getKey().indexOf(END) >= 0 || field.getValue().indexOf(END) >= 0);
    }

    /** In the order of the fields' names. */
    private static String packed(Map<String, String> fields, boolean live) {
        StringBuilder packed = new StringBuilder(384);
        String[] names = fields.keySet().toArray(String[]::new);
        Arrays.sort(names);
        for (String field : names) {
            if (live || !OF_THE_LIVE.contains(field)) {
                packed.append(field).append(END).append(fields.get(field)).append(END);
            }
        }
        return packed.toString();
    }

    private static long number(@Nullable String text) {
        try {
            return text == null ? 0 : Long.parseLong(text);
        } catch (NumberFormatException e) {
            return 0; // damaged by hand
        }
    }

    private static int rank(@Nullable String state) {
        return state == null || state.isEmpty() ? WITHOUT_STATE : RANKS.getOrDefault(state, OTHER);
    }

    private static boolean isLive(int rank) {
        return rank > OTHER && rank <= HIGHEST_LIVE;
    }

    /** What it is a copy of. */
    public Kind kind() {
        return kind;
    }

    /** The call's sid or the pod's name. */
    public String name() {
        return name;
    }

    /** The fields in the order of their names, unpacked each time. */
    public Map<String, String> fields() {
        String[] parts = packed.split(String.valueOf(END), -1);
        Map<String, String> fields = new LinkedHashMap<>();
        for (int i = 0; i + 1 < parts.length; i += 2) {
            fields.put(parts[i], parts[i + 1]);
        }
        return fields;
    }

    private int size() {
        return (int) packed.chars().filter(c -> c == END).count() / 2;
    }

    /** Number of the transition that made it; 0 if it could not be read. */
    public long seq() {
        return seq;
    }

    /** Whether it holds a pod. */
    public boolean isLive() {
        return isLive(rank);
    }

    /** Whether it is a call that holds a pod, or may: nobody knows what an unreadable one says. */
    boolean mayHoldPod() {
        return kind == Kind.CALL && (isLive() || !isReadable());
    }

    /** Whether it could be read, so that it says something. */
    public boolean isReadable() {
        return seq > 0 && rank != WITHOUT_STATE;
    }

    /** When it was over, in ms of the store's time; 0 if it is not, or nobody knows. */
    long endedAt() {
        return endedAt;
    }

    /** Whether it wins against another of the same record; not if both say the same, as most do that a router follows. */
    boolean isLaterThan(Copy other) {
        return !packed.equals(other.packed) && ORDER.compare(this, other) > 0;
    }

    /** What this call is after its end. */
    public Copy ended(Map<String, String> end) {
        Map<String, String> all = new HashMap<>(fields());
        all.putAll(end);
        all.put("state", "ended");
        return new Copy(kind, name, all);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Copy copy && kind == copy.kind && name.equals(copy.name) && packed.equals(copy.packed);
    }

    @Override
    public int hashCode() {
        return Objects.hash(kind, name, packed);
    }

    @Override
    public String toString() {
        return kind + " " + name + " " + fields();
    }
}
