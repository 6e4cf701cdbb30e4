package io.smartrouter.webhook;

import io.smartrouter.pool.Allocation;
import io.smartrouter.pool.CallId;
import org.jspecify.annotations.Nullable;

/**
 * URLs of ours that a provider's document names, for what comes later in the same call. They are the same for the same
 * lease, so that a repeated answer is the same to the byte.
 *
 * @param next where to ask when the stream has ended: {@link Endpoint#CONTINUE}, naming the lease and the merchant
 * @param streamEvents where to tell what becomes of the stream: {@link Endpoint#STREAM}, as well
 */
public record CallLinks(String next, String streamEvents) {
    static final String LEASE = "lease";

    /**
     * Parameters stand in the alphabet's order and need no escapes: signatures over a URL are made in more than one way.
     */
    static CallLinks of(PublicUrl publicUrl, String provider, Allocation allocation) {
        String query = "?" + LEASE + "=" + allocation.lease() + merchant(allocation.merchant());
        return new CallLinks(
                publicUrl.of(provider, Endpoint.CONTINUE) + query, publicUrl.of(provider, Endpoint.STREAM) + query);
    }

    /** Where a call that waits asks again: it names the call, for not every provider does. */
    static String again(PublicUrl publicUrl, String provider, CallId call, @Nullable String merchant) {
        return publicUrl.of(provider, Endpoint.ALLOCATE) + "?call_sid=" + call + merchant(merchant);
    }

    private static String merchant(@Nullable String merchant) {
        return merchant == null ? "" : "&merchant_id=" + merchant;
    }
}
