package io.smartrouter.webhook.plivo;

import io.smartrouter.webhook.Accounts;
import java.util.List;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Settings of Plivo; docs/configuration.md explains each.
 *
 * @param accounts the accounts whose requests are believed
 * @param contentType how audio is encoded on the stream
 */
@ConfigurationProperties("router.providers.plivo")
record PlivoProperties(
        @DefaultValue List<Accounts.Account> accounts,
        @DefaultValue("audio/x-mulaw;rate=8000") String contentType) {
    PlivoProperties {
        accounts = List.copyOf(accounts);
    }
}
