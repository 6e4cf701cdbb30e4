package io.smartrouter.stream;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Settings of the stream URL; docs/configuration.md explains each.
 *
 * @param baseUrl what stands before {@code /agent/…}: {@code wss://voice.example.com}; may hold {@code {address}} for
 *     the pod's own address, where the provider reaches pods without a proxy
 * @param keys keys that sign tokens; the first signs, all verify, so that keys can be turned
 */
@ConfigurationProperties("router.stream")
public record StreamProperties(
        @Nullable String baseUrl, @DefaultValue List<Key> keys) {
    /** Copies the list. */
    public StreamProperties {
        keys = List.copyOf(keys);
    }

    /**
     * One key.
     *
     * @param id stands in the token: 1 to 16 of {@code A-Z a-z 0-9 _ -}
     * @param secret at least 32 characters
     */
    public record Key(String id, String secret) {
        @Override
        public String toString() {
            return "Key[id=" + id + "]";
        }
    }
}
