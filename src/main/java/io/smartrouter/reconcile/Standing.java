package io.smartrouter.reconcile;

import io.smartrouter.pool.Repair;
import io.smartrouter.pool.StoreView;
import java.util.Collection;
import java.util.Collections;
import java.util.Map;
import java.util.NavigableSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** Where each name stands, rightly or not: the indexes of a view turned round. */
final class Standing {
    private static final NavigableSet<String> NOWHERE = Collections.unmodifiableNavigableSet(new TreeSet<>());

    private final Map<String, NavigableSet<String>> podsOfCall = new TreeMap<>();
    private final Map<String, NavigableSet<String>> merchantsOfCall = new TreeMap<>();
    private final Map<String, NavigableSet<String>> poolsOfPod = new TreeMap<>();
    private final Map<String, NavigableSet<String>> queuesOfCall = new TreeMap<>();

    Standing(StoreView view) {
        view.podCalls().forEach((pod, sids) -> put(podsOfCall, sids, pod));
        view.merchantCalls().forEach((merchant, sids) -> put(merchantsOfCall, sids, merchant));
        view.pools().forEach((name, pool) -> {
            put(poolsOfPod, pool.pods(), name);
            put(poolsOfPod, pool.available(), name);
            put(poolsOfPod, pool.probeFailed(), name);
            put(queuesOfCall, pool.queue(), name);
        });
    }

    private static void put(Map<String, NavigableSet<String>> index, Collection<String> members, String place) {
        members.forEach(
                member -> index.computeIfAbsent(member, name -> new TreeSet<>()).add(place));
    }

    NavigableSet<String> pods(String sid) {
        return podsOfCall.getOrDefault(sid, NOWHERE);
    }

    NavigableSet<String> merchants(String sid) {
        return merchantsOfCall.getOrDefault(sid, NOWHERE);
    }

    NavigableSet<String> pools(String pod) {
        return poolsOfPod.getOrDefault(pod, NOWHERE);
    }

    NavigableSet<String> queues(String sid) {
        return queuesOfCall.getOrDefault(sid, NOWHERE);
    }

    /** All names of calls that stand anywhere. */
    NavigableSet<String> calls() {
        NavigableSet<String> names = new TreeSet<>(podsOfCall.keySet());
        names.addAll(merchantsOfCall.keySet());
        return names;
    }

    /** All names of pods that stand in a pool. */
    Collection<String> podsInPools() {
        return poolsOfPod.keySet();
    }

    Repair.Places ofCall(String sid) {
        return new Repair.Places(pods(sid), merchants(sid), NOWHERE);
    }

    Repair.Places ofPod(String pod) {
        return new Repair.Places(NOWHERE, NOWHERE, pools(pod));
    }

    Repair.Places ofWaiter(String sid) {
        return new Repair.Places(NOWHERE, NOWHERE, queues(sid));
    }
}
