package io.smartrouter.pool;

import org.jspecify.annotations.Nullable;

/**
 * Asks for a pod for a call. Asking again for the same call is harmless and gives the same pod.
 *
 * @param call the call
 * @param provider the provider, or null if the client named none
 * @param account the provider's account, proven by the request's signature, else null
 * @param merchant the tenant, or null
 * @param hold how it may wait where no pod is free, or null if it does not
 * @param request id of the request that began the call, or null: another name by which it can be found and ended
 */
public record AllocationRequest(
        CallId call,
        @Nullable String provider,
        @Nullable String account,
        @Nullable String merchant,
        @Nullable Hold hold,
        @Nullable String request) {
    /** Checks the names. */
    public AllocationRequest {
        Name.optional("provider", provider);
        Name.optional("account", account);
        Name.optional("merchant_id", merchant);
        if (request != null && !CallId.isValid(request)) {
            throw new InvalidInputException("request", "must be 1 to 128 characters of A-Z a-z 0-9 . _ : -");
        }
    }

    /** The same request, waiting where no pod is free. */
    public AllocationRequest waiting(Hold wait) {
        return new AllocationRequest(call, provider, account, merchant, wait, request);
    }

    /** A request that does not wait, for a call that has one name. */
    public AllocationRequest(
            CallId call, @Nullable String provider, @Nullable String account, @Nullable String merchant) {
        this(call, provider, account, merchant, null, null);
    }
}
