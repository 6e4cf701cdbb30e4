package io.smartrouter.agent;

import io.smartrouter.InvalidSettingException;
import java.net.URI;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * How agents are asked; docs/configuration.md explains each.
 *
 * @param statusUrl where an agent says how many calls it serves, with {@code {address}} for its {@code host:port};
 *     null if agents do not say it
 */
@ConfigurationProperties("router.agent")
public record AgentProperties(@Nullable String statusUrl) {
    private static final String ADDRESS = "{address}";

    /** Reads an empty template as absent, and refuses one that makes no URL. */
    public AgentProperties {
        statusUrl = statusUrl == null || statusUrl.isBlank() ? null : require(statusUrl.strip());
    }

    private static String require(String template) {
        try {
            URI url = URI.create(template.replace(ADDRESS, "127.0.0.1:8080"));
            if (template.contains("//" + ADDRESS)
                    && ("http".equals(url.getScheme()) || "https".equals(url.getScheme()))
                    && url.getPort() == 8080) {
                return template;
            }
        } catch (IllegalArgumentException e) {
            // said below
        }
        throw new InvalidSettingException(
                "router.agent.status-url", "must be a URL template such as http://{address}/status");
    }
}
