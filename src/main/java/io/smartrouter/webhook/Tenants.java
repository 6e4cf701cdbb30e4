package io.smartrouter.webhook;

import io.smartrouter.pool.RoutingConfigurations;
import io.smartrouter.pool.WhenExhausted;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * What the configuration says of a call's tenant, as this router last saw it. A caller is on the line: where no
 * configuration is known yet, nothing is said, and the call goes the default way.
 */
@Component
class Tenants {
    private final RoutingConfigurations configurations;

    Tenants(RoutingConfigurations configurations) {
        this.configurations = configurations;
    }

    /**
     * The merchant of a call: the one that our own URL names, else the one whose number was dialled.
     *
     * @param named by the URL, or null
     * @param dialled the number as the provider writes it, or null
     */
    Optional<String> merchant(@Nullable String named, @Nullable String dialled) {
        return named != null ? Optional.of(named) : configurations.known().flatMap(known -> known.merchantOf(dialled));
    }

    /** What a merchant's callers at a provider get where no pod is free; empty if nobody configured it. */
    Optional<WhenExhausted> whenExhausted(Optional<String> merchant, String provider) {
        return configurations.known().flatMap(known -> known.whenExhausted(merchant.orElse(null), provider));
    }
}
