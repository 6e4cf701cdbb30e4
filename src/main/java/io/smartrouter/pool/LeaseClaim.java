package io.smartrouter.pool;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Our own signed word that a call holds a pod, as a genuine stream token carries it. It is trusted for what it says of
 * the past; whether the lease is still the call's is asked of the store.
 *
 * @param call the call
 * @param pod the pod
 * @param incarnation the pod's life
 * @param pool the pool that the pod was taken from
 * @param lease the lease
 * @param allocatedAt when the lease began
 * @param connectBy until when the stream had to reach the pod, or null
 * @param provider the provider, or null
 * @param account the provider's account, or null
 * @param merchant the tenant, or null
 * @param continues how many pods the call had before this one
 */
public record LeaseClaim(
        CallId call,
        String pod,
        Incarnation incarnation,
        String pool,
        Lease lease,
        Instant allocatedAt,
        @Nullable Instant connectBy,
        @Nullable String provider,
        @Nullable String account,
        @Nullable String merchant,
        int continues) {}
