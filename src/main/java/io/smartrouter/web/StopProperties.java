package io.smartrouter.web;

import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * How the router stops; docs/configuration.md explains each.
 *
 * @param linger how long it goes on answering while nobody should send it anything any more
 */
@Validated
@ConfigurationProperties("router.stop")
public record StopProperties(
        @DefaultValue("5s") @DurationMin(millis = 0) @DurationMax(minutes = 1)
        Duration linger) {}
