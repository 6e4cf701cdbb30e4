package io.smartrouter.pool;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A call's record as it stood when it was read; it may have changed since.
 *
 * @param id its sid
 * @param provider the provider that asked, or null
 * @param account the provider's proven account, or null
 * @param merchant the tenant, or null
 * @param pod the pod that it holds or held, or null if it ended before it had one
 * @param incarnation which life of that pod
 * @param address where that pod's agent listens, {@code host:port}; null if the pod is no longer known
 * @param pool the pool that the pod was taken from
 * @param state its state
 * @param lease the proof that it holds the pod
 * @param seq number of the transition that last changed it
 * @param allocatedAt when it got the pod, in Redis' time
 * @param connectBy until when its stream must reach the pod, or null where connecting is not seen
 * @param connectedAt when its stream reached the pod, or null
 * @param endedAt when it ended or was lost, or null
 * @param endReason why it ended, or null
 * @param continues how many pods it had before this one
 */
public record Call(
        CallId id,
        @Nullable String provider,
        @Nullable String account,
        @Nullable String merchant,
        @Nullable String pod,
        @Nullable Incarnation incarnation,
        @Nullable String address,
        @Nullable String pool,
        CallState state,
        @Nullable Lease lease,
        long seq,
        @Nullable Instant allocatedAt,
        @Nullable Instant connectBy,
        @Nullable Instant connectedAt,
        @Nullable Instant endedAt,
        @Nullable String endReason,
        int continues) {}
