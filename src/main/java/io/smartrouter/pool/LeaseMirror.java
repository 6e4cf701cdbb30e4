package io.smartrouter.pool;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

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
    private long newestEnd;

    void put(Copy copy) {
        newestEnd = Math.max(newestEnd, copy.endedAt());
        (copy.kind() == Copy.Kind.CALL ? calls : pods).merge(copy.name(), copy, Copy::later);
    }

    void join(LeaseMirror other) {
        other.calls.values().forEach(this::put);
        other.pods.values().forEach(this::put);
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
     * Begins anew from what the store holds, and keeps what no snapshot shows: ends and pods, and what is later than it.
     *
     * @param upTo the snapshot shows all live calls of this seq or less
     */
    LeaseMirror renewed(long upTo, Collection<Copy> snapshot) {
        LeaseMirror next = new LeaseMirror();
        snapshot.forEach(next::put);
        for (Copy copy : all()) {
            if (!copy.mayHoldPod() || copy.seq() > upTo) {
                next.put(copy);
            }
        }
        return next;
    }

    /** Forgets what is over for long; by the store's time, which the newest end tells. */
    void forget() {
        calls.values().removeIf(copy -> isOld(copy, KEEP_ENDS_MS));
        pods.values().removeIf(copy -> isOld(copy, KEEP_GONE_MS));
        List<Copy> ends = new ArrayList<>(
                calls.values().stream().filter(copy -> copy.endedAt() > 0).toList());
        if (ends.size() > MOST_ENDS) {
            ends.sort(Comparator.comparingLong(Copy::endedAt));
            ends.subList(0, ends.size() - MOST_ENDS).forEach(copy -> calls.remove(copy.name()));
        }
    }

    private boolean isOld(Copy copy, long keepMs) {
        return copy.endedAt() > 0 && copy.endedAt() < newestEnd - keepMs;
    }

    int size() {
        return calls.size() + pods.size();
    }
}
