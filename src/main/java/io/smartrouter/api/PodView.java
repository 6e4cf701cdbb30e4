package io.smartrouter.api;

import io.smartrouter.pool.CallId;
import io.smartrouter.pool.Pod;
import io.smartrouter.web.JsonBody;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A pod's record in JSON; {@link Pod} says what each means. */
record PodView(
        String podName,
        String state,
        String pool,
        @Nullable String wantedPool,
        @Nullable String movesTo,
        int capacity,
        List<String> calls,
        boolean overbooked,
        String address,
        String incarnation,
        @Nullable String revision,
        String kubernetes,
        boolean drained,
        @Nullable Instant probeFailedUntil,
        @Nullable Instant quarantinedUntil)
        implements JsonBody {
    static PodView of(Pod pod, List<CallId> calls) {
        return new PodView(
                pod.name(),
                pod.state().word(),
                pod.pool(),
                pod.wantedPool(),
                pod.movesTo(),
                pod.capacity(),
                calls.stream().map(CallId::value).toList(),
                pod.isOverbooked(),
                pod.address(),
                pod.incarnation().toString(),
                pod.revision(),
                pod.kubernetes().name().toLowerCase(Locale.ROOT),
                pod.drained(),
                pod.probeFailedUntil(),
                pod.quarantinedUntil());
    }
}
