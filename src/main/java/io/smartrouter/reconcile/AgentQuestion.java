package io.smartrouter.reconcile;

import io.smartrouter.pool.StoreView;
import io.smartrouter.pool.StoreView.CallLine;
import io.smartrouter.pool.StoreView.PodLine;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * A pod with calls that its agent can be asked about.
 *
 * @param pod its name
 * @param incarnation its life
 * @param address where its agent listens
 * @param heard calls that are old enough to be counted, and whose agent sent a heartbeat lately
 * @param unheard calls that are old enough to be counted, without a late heartbeat
 * @param silent whether one of these was heard before, and is silent now
 */
public record AgentQuestion(
        String pod, String incarnation, String address, List<CallLine> heard, List<CallLine> unheard, boolean silent) {
    /** Copies the lists. */
    public AgentQuestion {
        heard = List.copyOf(heard);
        unheard = List.copyOf(unheard);
    }

    static List<AgentQuestion> of(StoreView store, Limits limits) {
        List<AgentQuestion> questions = new ArrayList<>();
        store.liveBy(CallLine::pod).forEach((name, sids) -> {
            PodLine pod = store.pods().get(name);
            if (pod != null && pod.isThere()) {
                questions.add(of(store, pod, sids, limits));
            }
        });
        return questions.stream()
                .filter(question ->
                        !question.heard().isEmpty() || !question.unheard().isEmpty())
                .toList();
    }

    private static AgentQuestion of(StoreView store, PodLine pod, Set<String> sids, Limits limits) {
        List<CallLine> heard = new ArrayList<>();
        List<CallLine> unheard = new ArrayList<>();
        boolean silent = false;
        long since = store.nowMs() - limits.silentAfter().toMillis();
        for (String sid : sids) {
            CallLine call = store.calls().get(sid);
            if (call == null || !call.incarnation().equals(pod.incarnation())) {
                continue;
            }
            boolean sends = call.heartbeatAtMs() > 0;
            silent |= sends && call.heartbeatAtMs() < since;
            if (call.allocatedAtMs() < store.nowMs() - Limits.YOUNG_MS) {
                (sends && call.heartbeatAtMs() >= since ? heard : unheard).add(call);
            }
        }
        return new AgentQuestion(pod.name(), pod.incarnation(), pod.address(), heard, unheard, silent);
    }
}
