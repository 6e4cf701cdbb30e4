package io.smartrouter.pool.redis;

import io.smartrouter.pool.Copy;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * What a row of events touched. The event of an allocation brings the call's record with it, and that of an end all that
 * changed of it; what else was touched is named, to be read. A router's own outcomes are in its mirror before, and what
 * an answer said may be less than the record: then the event says the rest, or the record is read.
 */
final class TouchedRecords {
    /** Fields of an event that name records; of a call's event its pod is none, for it changes nothing that a mirror holds. */
    private static final Map<String, Copy.Kind> NAMING = Map.of(
            "sid", Copy.Kind.CALL,
            "sids", Copy.Kind.CALL,
            "lost", Copy.Kind.CALL,
            "call", Copy.Kind.CALL,
            "pod", Copy.Kind.POD,
            "pods", Copy.Kind.POD);

    private static final Set<String> SAY_NOTHING_OF_RECORDS = Set.of("call_waits", "call_waited", "index_mended");
    private static final Set<String> NOT_OF_THE_RECORD = Set.of("type", "sid");

    private final Function<String, Optional<Copy>> known;
    private final Map<String, Copy> told = new LinkedHashMap<>();
    private final Map<Touched, String> toRead = new LinkedHashMap<>();
    private Map<byte[], byte[]> last = Map.of();

    private record Touched(Copy.Kind kind, String name) {}

    /** @param known the copy that is held of a call, by its sid */
    TouchedRecords(Function<String, Optional<Copy>> known) {
        this.known = known;
    }

    /**
     * Takes the next event.
     *
     * @param seq its transition
     */
    void add(long seq, Map<byte[], byte[]> event) {
        last = event;
        Map<String, String> fields = new HashMap<>();
        event.forEach((field, value) -> fields.put(text(field), text(value)));
        String sid = fields.get("sid");
        if (sid != null && isTold(sid, seq, fields)) {
            return;
        }
        boolean says = !SAY_NOTHING_OF_RECORDS.contains(fields.getOrDefault("type", ""));
        String after = says ? Long.toString(seq) : "";
        fields.forEach((field, names) -> {
            Copy.Kind kind = NAMING.get(field);
            if (kind == Copy.Kind.CALL || (kind == Copy.Kind.POD && sid == null)) {
                name(kind, names, after);
            }
        });
    }

    /** Whether what is known and the event say all of the call; else its record must be read. */
    private boolean isTold(String sid, long seq, Map<String, String> event) {
        Optional<Copy> before = Optional.ofNullable(told.get(sid)).or(() -> known.apply(sid));
        Optional<Copy> later = before.filter(copy -> copy.seq() > seq);
        if (later.isPresent()) {
            // An own outcome: it may not have said by which request the call began.
            return !event.containsKey("request") || later.orElseThrow().fields().containsKey("request");
        }
        Optional<Copy> copy = copy(sid, seq, before, event);
        copy.ifPresent(now -> told.put(sid, now));
        return copy.isPresent();
    }

    /** The call after this event, if that and what was known before say all of it. */
    private static Optional<Copy> copy(String sid, long seq, Optional<Copy> before, Map<String, String> event) {
        if (event.containsKey("allocated_at")) {
            Map<String, String> record = new HashMap<>(event);
            record.keySet().removeAll(NOT_OF_THE_RECORD);
            record.put("state", "allocated");
            record.put("seq", Long.toString(seq));
            return Optional.of(new Copy(Copy.Kind.CALL, sid, record));
        }
        if (before.isEmpty() || !event.containsKey("ended_at")) {
            return Optional.empty();
        }
        Copy known = before.orElseThrow();
        Map<String, String> held = known.fields();
        boolean isSame = event.getOrDefault("lease", "").equals(held.get("lease"))
                && event.getOrDefault("pod", "").equals(held.get("pod"));
        if (!isSame) {
            return Optional.empty(); // it had moved, or nothing but its end is known
        }
        if (known.seq() == seq) {
            return before; // an own outcome
        }
        if (!known.isLive()) {
            return Optional.empty();
        }
        return Optional.of(known.ended(Map.of(
                "seq", Long.toString(seq),
                "ended_at", event.getOrDefault("ended_at", ""),
                "end_reason", event.getOrDefault("reason", ""))));
    }

    private void name(Copy.Kind kind, String names, String after) {
        for (String name : names.split(" ", -1)) {
            if (!name.isEmpty()) {
                toRead.merge(new Touched(kind, name), after, (old, newer) -> newer.isEmpty() ? old : newer);
            }
        }
    }

    /** Copies of calls, as far as events brought them. */
    Collection<Copy> told() {
        return told.values();
    }

    /** How many records must be read. */
    int unread() {
        return toRead.size();
    }

    /** What the script must be asked for: kind, name and seq of each record, so many at a time; once at least. */
    List<List<String>> toRead(int atOnce) {
        List<List<String>> questions = new ArrayList<>();
        questions.add(new ArrayList<>());
        toRead.forEach((record, after) -> {
            if (questions.getLast().size() == 3 * atOnce) {
                questions.add(new ArrayList<>());
            }
            questions.getLast().addAll(List.of(record.kind().name().toLowerCase(Locale.ROOT), record.name(), after));
        });
        return questions;
    }

    /** Fields and values of the last event, in its order. */
    List<String> last() {
        return last.entrySet().stream()
                .flatMap(field -> Stream.of(text(field.getKey()), text(field.getValue())))
                .toList();
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
