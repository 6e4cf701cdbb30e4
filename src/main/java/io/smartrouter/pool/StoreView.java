package io.smartrouter.pool;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * The whole data set as far as its indexes reach, read page by page while the routers go on working: no picture of one
 * moment. What is found wrong here is a suspicion; that it is there again, with the same evidence, in a second look
 * that began after the first one ended proves it, for each transition gives what it changes another seq. Texts are
 * unchecked: a damaged record must not hide the rest.
 *
 * @param epoch id of the data set
 * @param open whether it was open
 * @param nowMs Redis' time when the look began
 * @param openedAtMs when the data set was opened
 * @param calls all records of calls that any index names, by sid
 * @param deadlines sid → when it must have ended (ms): the index of live calls
 * @param pods all records of pods that any index, call or the cluster names, gone ones included
 * @param podNames the set of pods that are not gone
 * @param podsDue pod → when its state changes by time alone (ms)
 * @param podCalls pod → the sids in its set
 * @param merchantCalls merchant → the sids in its set
 * @param pools each pool's indexes
 * @param waiters all records of waiting calls that any queue names
 * @param waiting sid → when it must have asked again (ms)
 * @param policies pool → its policy; merchants' own pools have an entry each
 * @param order the tiers, in the order in which pods are shared out
 */
public record StoreView(
        String epoch,
        boolean open,
        long nowMs,
        long openedAtMs,
        Map<String, CallLine> calls,
        Map<String, Long> deadlines,
        Map<String, PodLine> pods,
        Set<String> podNames,
        Map<String, Long> podsDue,
        Map<String, Set<String>> podCalls,
        Map<String, Set<String>> merchantCalls,
        Map<String, PoolLine> pools,
        Map<String, WaiterLine> waiters,
        Map<String, Long> waiting,
        Map<String, Policy> policies,
        List<String> order) {

    /**
     * A call's record; what is absent is empty or 0.
     *
     * @param sid its name
     * @param state its state
     * @param pod the pod that it holds or held
     * @param incarnation which life of it
     * @param merchant the tenant
     * @param lease the proof
     * @param seq number of the transition that last changed it
     * @param allocatedAtMs when it got the pod
     * @param connectByMs until when its stream must come
     * @param heartbeatAtMs when its agent last sent a heartbeat
     * @param streamEnded whether its stream is over
     */
    public record CallLine(
            String sid,
            String state,
            String pod,
            String incarnation,
            String merchant,
            String lease,
            String seq,
            long allocatedAtMs,
            long connectByMs,
            long heartbeatAtMs,
            boolean streamEnded) {
        /** Whether it holds a pod. */
        public boolean isLive() {
            return state.equals("allocated") || state.equals("connected");
        }
    }

    /**
     * A pod's record; what is absent is empty or 0.
     *
     * @param name its name
     * @param state its state
     * @param incarnation its life
     * @param version the resourceVersion that its facts are from
     * @param pool its pool
     * @param wanted the pool that its labels ask for
     * @param movesTo the pool that it moves to with its last release
     * @param capacity how many calls it may hold
     * @param address where its agent listens
     * @param kubernetes what Kubernetes says
     * @param drained whether it is drained
     * @param probeFailedUntilMs until when a failed probe keeps it from calls
     * @param quarantinedUntilMs until when it may serve unknown calls
     * @param seq number of the transition that last changed it
     */
    public record PodLine(
            String name,
            String state,
            String incarnation,
            String version,
            String pool,
            String wanted,
            String movesTo,
            int capacity,
            String address,
            String kubernetes,
            boolean drained,
            long probeFailedUntilMs,
            long quarantinedUntilMs,
            String seq) {
        /** Whether its incarnation still exists. */
        public boolean isThere() {
            return !state.equals("gone");
        }

        /** The state that follows from its facts at a time. */
        public String derivedAt(long ms) {
            if (kubernetes.equals("deleting") || drained) {
                return "draining";
            }
            boolean ready = kubernetes.equals("ready") && probeFailedUntilMs <= ms && quarantinedUntilMs <= ms;
            return ready ? "ready" : "suspect";
        }
    }

    /**
     * A pool's indexes.
     *
     * @param pods its pods
     * @param available its ready pods with a free slot
     * @param probeFailed its pods that a failed probe keeps from calls
     * @param queue the sids that wait for it
     */
    public record PoolLine(Set<String> pods, Set<String> available, Set<String> probeFailed, Set<String> queue) {
        /** Whether a pod stands in any of them. */
        public boolean holds(String pod) {
            return pods.contains(pod) || available.contains(pod) || probeFailed.contains(pod);
        }
    }

    /**
     * A waiting call's record.
     *
     * @param sid its name
     * @param arrived its place in the order
     * @param pools in whose queues it stands
     */
    public record WaiterLine(String sid, String arrived, List<String> pools) {}

    /**
     * What the applied configuration says of a pool.
     *
     * @param capacity calls per pod
     * @param target pods that it should have
     */
    public record Policy(int capacity, int target) {}

    /** The live calls by what each names: {@code StoreView.CallLine::pod}, for instance. */
    public Map<String, Set<String>> liveBy(Function<CallLine, String> what) {
        Map<String, Set<String>> by = new TreeMap<>();
        calls.values().stream()
                .filter(CallLine::isLive)
                .forEach(call -> by.computeIfAbsent(what.apply(call), name -> new TreeSet<>())
                        .add(call.sid()));
        return by;
    }
}
