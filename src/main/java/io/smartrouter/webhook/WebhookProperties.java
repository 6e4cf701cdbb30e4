package io.smartrouter.webhook;

import io.smartrouter.InvalidSettingException;
import io.smartrouter.pool.WhenExhausted;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Settings that all providers share; docs/configuration.md explains each. An adapter reads its own from the same block.
 *
 * @param publicUrl the router's URL as providers know it: {@code https://voice.example.com}
 * @param busyMessage what a caller hears who gets no pod where nothing else is configured; null for a busy tone
 * @param providers provider → what the router itself needs to know of it
 */
@ConfigurationProperties("router")
public record WebhookProperties(
        @Nullable String publicUrl,
        @Nullable String busyMessage,
        @DefaultValue Map<String, Provider> providers) {
    /**
     * Copies the map, and reads a blank message as none.
     *
     * @throws InvalidSettingException if the message cannot be spoken
     */
    public WebhookProperties {
        providers = Map.copyOf(providers);
        busyMessage = busyMessage == null || busyMessage.isBlank() ? null : requireSpeakable(busyMessage);
    }

    private static String requireSpeakable(String text) {
        if (!WhenExhausted.isSpeakable(text)) {
            throw new InvalidSettingException(
                    "router.busy-message", "must be at most 1000 characters without control characters");
        }
        return text;
    }

    /**
     * One provider.
     *
     * @param unverified whether its requests are believed unproven while no account is configured; profile {@code dev}
     *     alone
     */
    public record Provider(@DefaultValue("false") boolean unverified) {}
}
