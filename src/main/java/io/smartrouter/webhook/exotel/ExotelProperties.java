package io.smartrouter.webhook.exotel;

import io.smartrouter.webhook.Accounts;
import java.util.List;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Settings of Exotel; docs/configuration.md explains each.
 *
 * @param accounts the accounts whose requests are believed
 * @param allowedAddresses addresses and CIDR blocks that requests must come from as well; empty for any
 */
@ConfigurationProperties("router.providers.exotel")
record ExotelProperties(
        @DefaultValue List<Accounts.Account> accounts,
        @DefaultValue List<String> allowedAddresses) {
    ExotelProperties {
        accounts = List.copyOf(accounts);
        allowedAddresses = List.copyOf(allowedAddresses);
    }
}
