package io.smartrouter.webhook;

import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Settings that all providers share; docs/configuration.md explains each. An adapter reads its own from the same block.
 *
 * @param publicUrl the router's URL as providers know it: {@code https://voice.example.com}
 * @param providers provider → what the router itself needs to know of it
 */
@ConfigurationProperties("router")
public record WebhookProperties(
        @Nullable String publicUrl, @DefaultValue Map<String, Provider> providers) {
    /** Copies the map. */
    public WebhookProperties {
        providers = Map.copyOf(providers);
    }

    /**
     * One provider.
     *
     * @param unverified whether its requests are believed unproven while no account is configured; profile {@code dev}
     *     alone
     */
    public record Provider(@DefaultValue("false") boolean unverified) {}
}
