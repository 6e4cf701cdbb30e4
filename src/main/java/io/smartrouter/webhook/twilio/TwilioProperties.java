package io.smartrouter.webhook.twilio;

import io.smartrouter.webhook.Accounts;
import java.util.List;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Settings of Twilio; docs/configuration.md explains each.
 *
 * @param accounts the accounts whose requests are believed
 */
@ConfigurationProperties("router.providers.twilio")
record TwilioProperties(@DefaultValue List<Accounts.Account> accounts) {
    TwilioProperties {
        accounts = List.copyOf(accounts);
    }
}
