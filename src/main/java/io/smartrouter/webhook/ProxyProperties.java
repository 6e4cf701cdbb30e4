package io.smartrouter.webhook;

import java.util.List;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Settings of what stands before the router; docs/configuration.md explains each.
 *
 * @param trustedProxies addresses and CIDR blocks of the proxies whose word on who called them is believed
 */
@ConfigurationProperties("router")
record ProxyProperties(@DefaultValue List<String> trustedProxies) {
    ProxyProperties {
        trustedProxies = List.copyOf(trustedProxies);
    }
}
