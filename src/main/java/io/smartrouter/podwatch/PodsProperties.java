package io.smartrouter.podwatch;

import io.smartrouter.InvalidSettingException;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.time.Duration;
import java.util.regex.Pattern;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * Which pods are voice agents; docs/configuration.md explains each.
 *
 * @param namespace where they are; null for the client's own
 * @param selector Kubernetes' label selector, as {@code kubectl -l} takes it
 * @param container name of the agent's container where a pod has several; null for the first
 * @param port the agent's port where its container names none
 * @param restartAfter how long the watch may be away before it is made anew
 */
@Validated
@ConfigurationProperties("router.pods")
public record PodsProperties(
        @Nullable String namespace,
        @DefaultValue("app=voice-agent") String selector,
        @Nullable String container,
        @DefaultValue("8080") @Min(1) @Max(65_535) int port,

        @DefaultValue("3m") @DurationMin(seconds = 1) @DurationMax(hours = 1)
        Duration restartAfter) {
    private static final Pattern NAME = Pattern.compile("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?");

    /** Reads empty names as absent, and refuses what Kubernetes would refuse later. */
    public PodsProperties {
        namespace = name("router.pods.namespace", namespace);
        container = name("router.pods.container", container);
        if (selector.isBlank() || !selector.chars().allMatch(c -> c >= ' ' && c < 127)) {
            throw new InvalidSettingException(
                    "router.pods.selector", "must be a label selector such as app=voice-agent");
        }
        selector = selector.strip();
    }

    private static @Nullable String name(String setting, @Nullable String name) {
        if (name == null || name.isBlank()) {
            return null;
        }
        if (!NAME.matcher(name).matches()) {
            throw new InvalidSettingException(setting, "must be a Kubernetes name: a-z 0-9 -, at most 63");
        }
        return name;
    }
}
