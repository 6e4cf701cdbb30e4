package io.smartrouter.ops;

import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * Settings of the metrics; docs/configuration.md explains each.
 *
 * @param refresh how often pools are counted; no shorter than the scrape interval makes sense
 */
@Validated
@ConfigurationProperties("router.metrics")
record MetricsProperties(
        @DefaultValue("15s") @DurationMin(seconds = 1) @DurationMax(minutes = 10)
        Duration refresh) {}
