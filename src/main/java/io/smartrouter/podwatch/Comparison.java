package io.smartrouter.podwatch;

import io.smartrouter.podwatch.PodNews.Missing;
import io.smartrouter.podwatch.PodNews.Seen;
import io.smartrouter.pool.Incarnation;
import io.smartrouter.pool.PodFacts;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The difference between what the watch sees and what the store has, as news that would end it. It closes what events
 * cannot: deletions while every router was down, and pods that a lost data set no longer knows. It proves nothing:
 * what the store has and the watch has not is a question. When both agree there is no news.
 */
public final class Comparison {
    private Comparison() {}

    /**
     * A pod that the store has, as far as it matters here.
     *
     * @param name its name
     * @param incarnation its life
     * @param version the version that the store knows
     */
    public record Stored(String name, Incarnation incarnation, String version) {}

    /**
     * The difference.
     *
     * @param watched all pods that the watch sees
     * @param stored all pods that the store has and that are not gone
     */
    public static List<PodNews> of(Collection<PodFacts> watched, Collection<Stored> stored) {
        List<PodNews> news = new ArrayList<>();
        Map<String, PodFacts> seen = new HashMap<>();
        watched.forEach(facts -> seen.put(facts.pod(), facts));
        Map<String, Stored> known = new HashMap<>();
        for (Stored pod : stored) {
            known.put(pod.name(), pod);
            if (!seen.containsKey(pod.name())) {
                news.add(new Missing(pod.name(), pod.incarnation(), Optional.empty()));
            }
        }
        for (PodFacts facts : watched) {
            Stored pod = known.get(facts.pod());
            boolean untold = pod == null ? facts.isRegistrable() : Versions.isNewer(facts.version(), pod.version());
            if (untold) {
                news.add(new Seen(facts));
            }
        }
        return news;
    }
}
