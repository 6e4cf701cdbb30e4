package io.smartrouter.pool;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A call that holds a pod. Every field comes from the call's record, so that a repeated request is answered with the
 * same one.
 *
 * @param call the call
 * @param pod the pod's name
 * @param incarnation which life of that pod
 * @param address where the pod's agent listens, {@code host:port}
 * @param pool the pool that the pod was taken from
 * @param lease the proof that the call holds the pod
 * @param allocatedAt when it got the pod, in Redis' time
 * @param connectBy until when its stream must reach the pod, or null where connecting is not seen
 * @param provider the provider, or null
 * @param account the provider's account, or null
 * @param merchant the tenant, or null
 * @param continues how many pods the call had before this one: above 0 the agent takes over
 */
public record Allocation(
        CallId call,
        String pod,
        Incarnation incarnation,
        String address,
        String pool,
        Lease lease,
        Instant allocatedAt,
        @Nullable Instant connectBy,
        @Nullable String provider,
        @Nullable String account,
        @Nullable String merchant,
        int continues) {
    /** Whether the caller was already talking to another pod. */
    public boolean takesOver() {
        return continues > 0;
    }
}
