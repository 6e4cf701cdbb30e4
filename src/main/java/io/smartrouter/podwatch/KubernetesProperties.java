package io.smartrouter.podwatch;

import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * How Kubernetes is reached; docs/configuration.md explains each.
 *
 * @param masterUrl the API server; null for what the service account or kubeconfig say
 * @param requestTimeout how long one request may take
 */
@Validated
@ConfigurationProperties("router.kubernetes")
public record KubernetesProperties(
        @Nullable String masterUrl,

        @DefaultValue("10s") @DurationMin(millis = 100) @DurationMax(minutes = 2)
        Duration requestTimeout) {
    private static final Duration SILENCE = Duration.ofSeconds(60);

    /** How long nothing may arrive on a connection before it counts as dead; no shorter than a request may take. */
    Duration longestSilence() {
        return requestTimeout.compareTo(SILENCE) > 0 ? requestTimeout : SILENCE;
    }
}
