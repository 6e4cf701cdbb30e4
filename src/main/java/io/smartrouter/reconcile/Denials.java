package io.smartrouter.reconcile;

import io.smartrouter.pool.Repair;
import io.smartrouter.pool.Repair.Evidence;
import io.smartrouter.pool.StoreView.CallLine;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeSet;

/**
 * What agents say against the record. An agent that counts fewer calls than stand on it denies some; which, is known
 * only where all that were not heard lately must be among them. A call is ended when the same lease was denied twice
 * with a pause between and no other word in between; silence is no word. Not thread-safe: the holder of the task's lock
 * uses it.
 */
final class Denials {
    /** Between the two questions, in ms. */
    static final long PAUSE_MS = 10_000;

    private final Map<String, Long> deniedSince = new HashMap<>();

    /**
     * Takes an agent's answer.
     *
     * @param question what it was asked about
     * @param active how many calls it says that it serves, or empty if it did not say
     * @param nowMs when, in Redis' time
     * @return the calls to end
     */
    List<Repair> take(AgentQuestion question, OptionalInt active, long nowMs) {
        List<Repair> ends = new ArrayList<>();
        int old = question.heard().size() + question.unheard().size();
        boolean all = active.isPresent() && question.unheard().size() <= old - active.getAsInt();
        question.heard().forEach(call -> deniedSince.remove(call.lease()));
        for (CallLine call : question.unheard()) {
            if (!all) {
                deniedSince.remove(call.lease());
                continue;
            }
            long since = deniedSince.computeIfAbsent(call.lease(), lease -> nowMs);
            if (nowMs - since >= PAUSE_MS) {
                ends.add(denied(question, call));
            }
        }
        return ends;
    }

    /** Forgets leases that nobody is asked about any more. */
    void keepOnly(List<AgentQuestion> asked) {
        TreeSet<String> leases = new TreeSet<>();
        asked.forEach(question -> question.unheard().forEach(call -> leases.add(call.lease())));
        deniedSince.keySet().retainAll(leases);
    }

    private static Repair denied(AgentQuestion question, CallLine call) {
        Evidence seen = new Evidence(call.seq(), call.lease(), question.incarnation(), "");
        return new Repair(
                Repair.Kind.CALL_DENIED,
                call.sid(),
                seen,
                new Repair.Places(new TreeSet<>(), new TreeSet<>(), new TreeSet<>()),
                null,
                false,
                List.of("the agent of pod " + question.pod() + " said twice that it does not serve it"));
    }
}
