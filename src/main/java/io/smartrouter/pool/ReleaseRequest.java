package io.smartrouter.pool;

import org.jspecify.annotations.Nullable;

/**
 * Asks to end a call, and says by what right.
 *
 * @param call the call
 * @param right by what right
 * @param reason why, one of the words in docs/api.md; at most 63 characters
 */
public record ReleaseRequest(CallId call, Right right, String reason) {
    /** Checks the reason. */
    public ReleaseRequest {
        Name.require("reason", reason);
    }

    /** By what right somebody ends a call. */
    public sealed interface Right {
        /**
         * The call's own provider and account, proven: ends whatever lease the call has now.
         *
         * @param provider the provider
         * @param account the proven account, or null where the provider has no proof of one
         */
        record Owner(String provider, @Nullable String account) implements Right {}

        /**
         * An API key with the operator's right: ends whatever lease the call has now, or the one that it names.
         *
         * @param lease the lease, or null for any
         */
        record Operator(@Nullable Lease lease) implements Right {}

        /**
         * Whoever holds the lease (an agent, a stream event, a deadline): ends that lease and no other.
         *
         * @param lease the lease
         */
        record Holder(Lease lease) implements Right {}
    }
}
