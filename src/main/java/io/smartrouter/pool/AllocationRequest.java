package io.smartrouter.pool;

import org.jspecify.annotations.Nullable;

/**
 * Asks for a pod for a call. Asking again for the same call is harmless and gives the same pod.
 *
 * @param call the call
 * @param provider the provider, or null if the client named none
 * @param account the provider's account, proven by the request's signature, else null
 * @param merchant the tenant, or null
 */
public record AllocationRequest(
        CallId call,
        @Nullable String provider,
        @Nullable String account,
        @Nullable String merchant) {
    /** Checks the names. */
    public AllocationRequest {
        Name.optional("provider", provider);
        Name.optional("account", account);
        Name.optional("merchant_id", merchant);
    }
}
