package io.smartrouter.webhook.plivo;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Settings of Plivo; docs/configuration.md explains each.
 *
 * @param accounts the accounts whose requests are believed
 * @param message what a caller hears who gets no pod, or null for a busy tone
 * @param contentType how audio is encoded on the stream
 */
@ConfigurationProperties("router.providers.plivo")
record PlivoProperties(
        @DefaultValue List<Account> accounts,
        @Nullable String message,
        @DefaultValue("audio/x-mulaw;rate=8000") String contentType) {
    PlivoProperties {
        accounts = List.copyOf(accounts);
    }

    /**
     * One account.
     *
     * @param id its auth id
     * @param tokens its auth tokens: one, or two while a token is being turned
     * @param tokenFiles files that hold one auth token each, in place of tokens or besides them
     */
    record Account(
            String id,
            @DefaultValue List<String> tokens,
            @DefaultValue List<Path> tokenFiles) {
        Account {
            tokens = List.copyOf(tokens);
            tokenFiles = List.copyOf(tokenFiles);
        }

        @Override
        public String toString() {
            return "Account[id=" + id + "]"; // tokens are secrets
        }
    }
}
