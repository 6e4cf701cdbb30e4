package io.smartrouter.pool;

import org.jspecify.annotations.Nullable;

/**
 * Asks what comes next for a call whose stream is over while its caller is still there.
 *
 * @param call the call
 * @param provider the proven provider
 * @param account its proven account, or null
 * @param lease the lease whose stream it was, or null if nobody says it: a question that names one may be repeated
 */
public record ContinueRequest(
        CallId call,
        String provider,
        @Nullable String account,
        @Nullable Lease lease) {
    /** Checks the names. */
    public ContinueRequest {
        Name.require("provider", provider);
        Name.optional("account", account);
    }
}
