package io.smartrouter.pool.redis;

import io.smartrouter.pool.Incarnation;
import io.smartrouter.pool.PodFacts;
import io.smartrouter.pool.PodFacts.Readiness;
import java.util.List;
import java.util.stream.IntStream;

/** Pods as tests write them. */
public final class Cluster {
    private Cluster() {}

    /** {@code voice-agent-0} and on, ready, of no particular pool. */
    public static List<PodFacts> ready(int count) {
        return IntStream.range(0, count).mapToObj(Cluster::pod).toList();
    }

    /** One ready pod. */
    public static PodFacts pod(int ordinal) {
        return pod("voice-agent-" + ordinal, "uid-" + ordinal, "c0", 100, Readiness.READY);
    }

    /** A pod as an event shows it; an empty container id is one that is not known. */
    public static PodFacts pod(String name, String uid, String container, long version, Readiness readiness) {
        return new PodFacts(
                name,
                Incarnation.of(name, uid, container),
                Long.toString(version),
                readiness,
                "10.0.0." + Math.floorMod(name.hashCode(), 250) + ":8080",
                !container.isEmpty(),
                null,
                null);
    }
}
