package io.smartrouter.webhook.vonage;

import io.smartrouter.webhook.Accounts;
import java.util.List;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Settings of Vonage; docs/configuration.md explains each.
 *
 * @param accounts the accounts or applications whose requests are believed
 * @param contentType how audio is encoded on the stream
 */
@ConfigurationProperties("router.providers.vonage")
record VonageProperties(
        @DefaultValue List<Accounts.Account> accounts,
        @DefaultValue("audio/l16;rate=16000") String contentType) {
    VonageProperties {
        accounts = List.copyOf(accounts);
    }
}
