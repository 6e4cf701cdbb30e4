package io.smartrouter.webhook;

import io.smartrouter.pool.Name;
import org.jspecify.annotations.Nullable;

/** Whether a request really comes from the provider whose adapter was asked. */
public sealed interface Verdict {
    /**
     * It does.
     *
     * @param account the provider's account that it comes from, or null where the provider's proof names none
     */
    record Proven(@Nullable String account) implements Verdict {
        /** Checks the account. */
        public Proven {
            Name.optional("account", account);
        }
    }

    /**
     * Nobody can say so; nothing may be done for it.
     *
     * @param reason one of the adapter's own fixed words, for the log; never a part of the request
     */
    record Unproven(String reason) implements Verdict {}
}
