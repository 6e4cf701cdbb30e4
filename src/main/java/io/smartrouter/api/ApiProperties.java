package io.smartrouter.api;

import java.util.List;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Settings of the JSON API; docs/configuration.md explains each.
 *
 * @param keys who may use it; several, so that keys can be turned
 * @param open whether anybody may use it without a key; only where there are no keys
 */
@ConfigurationProperties("router.api")
public record ApiProperties(
        @DefaultValue List<ApiKey> keys,
        @DefaultValue("false") boolean open) {
    /** Copies the list. */
    public ApiProperties {
        keys = List.copyOf(keys);
    }
}
