package io.smartrouter.pool;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Copies of what must survive a loss: live calls, ends (10 minutes back, and not more than the heap has room for: a live
 * call that a whole mirror lacks has ended all the same), operators' drains, gone pods (an hour back).
 * A plain set of registers, see {@link Copy}; who follows, and whether it is whole, is {@link RouterMirror}'s.
 */
final class LeaseMirror {
    private static final long KEEP_ENDS_MS = 600_000;
    private static final long KEEP_GONE_MS = 3_600_000;
    static final int MOST_ENDS = 50_000;

    private final Map<String, Copy> calls = new HashMap<>();
    private final Map<String, Copy> pods = new HashMap<>();
    /** What is over, in the order in which it came: about that of its ends. Some have been replaced since. */
    private final Deque<Copy> endedCalls = new ArrayDeque<>();

    private final Deque<Copy> gonePods = new ArrayDeque<>();
    private int ends;
    private long newestEnd;

    void put(Copy copy) {
        boolean isCall = copy.kind() == Copy.Kind.CALL;
        Map<String, Copy> copies = isCall ? calls : pods;
        Copy known = copies.get(copy.name());
        if (known != null && !copy.isLaterThan(known)) {
            return;
        }
        copies.put(copy.name(), copy);
        newestEnd = Math.max(newestEnd, copy.endedAt());
        if (copy.endedAt() > 0) {
            (isCall ? endedCalls : gonePods).addLast(copy);
        }
        if (isCall) {
            ends += (copy.endedAt() > 0 ? 1 : 0) - (known != null && known.endedAt() > 0 ? 1 : 0);
        }
    }

    Optional<Copy> call(String sid) {
        return Optional.ofNullable(calls.get(sid));
    }

    /** Pods first: a call on a pod that is gone is lost. */
    List<Copy> all() {
        List<Copy> all = new ArrayList<>(pods.size() + calls.size());
        all.addAll(pods.values());
        all.addAll(calls.values());
        return all;
    }

    /**
     * Takes over from the mirror before it what a snapshot need not show: older ends, pods, and what is later than it.
     *
     * @param upTo this one shows all live calls of this seq or less
     */
    void takeOver(LeaseMirror before, long upTo) {
        List<Copy> newerEnds = List.copyOf(endedCalls);
        List<Copy> newerGone = List.copyOf(gonePods);
        endedCalls.clear();
        gonePods.clear();
        Stream.of(
                        before.endedCalls.stream().filter(before::isHeld),
                        before.gonePods.stream().filter(before::isHeld),
                        before.all().stream())
                .flatMap(Function.identity())
                .filter(copy -> !copy.mayHoldPod() || copy.seq() > upTo)
                .forEach(this::put); // what is over first, for its order
        endedCalls.addAll(newerEnds);
        gonePods.addAll(newerGone);
    }

    /**
     * Forgets what is over for long, by the store's time, which the newest end tells. It looks at that alone, for it is
     * asked with each copy that is put, and callers wait meanwhile.
     *
     * @return sids of the calls that were forgotten
     */
    List<String> forget() {
        while (!gonePods.isEmpty() && isOld(gonePods.getFirst(), KEEP_GONE_MS)) {
            Copy oldest = gonePods.removeFirst();
            if (isHeld(oldest)) {
                pods.remove(oldest.name());
            }
        }
        List<String> forgotten = new ArrayList<>(0);
        while (!endedCalls.isEmpty() && (ends > MOST_ENDS || isOld(endedCalls.getFirst(), KEEP_ENDS_MS))) {
            Copy oldest = endedCalls.removeFirst();
            if (isHeld(oldest)) {
                calls.remove(oldest.name());
                ends--;
                forgotten.add(oldest.name());
            }
        }
        return forgotten;
    }

    private boolean isHeld(Copy copy) {
        return copy.equals((copy.kind() == Copy.Kind.CALL ? calls : pods).get(copy.name()));
    }

    private boolean isOld(Copy copy, long keepMs) {
        return copy.endedAt() > 0 && copy.endedAt() < newestEnd - keepMs;
    }

    int size() {
        return calls.size() + pods.size();
    }
}
