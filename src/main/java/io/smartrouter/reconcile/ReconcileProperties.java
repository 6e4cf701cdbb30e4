package io.smartrouter.reconcile;

import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * How the data set is reconciled; docs/configuration.md explains each.
 *
 * @param interval from one round of all routers to the next
 * @param silentAfter after how long without a heartbeat an agent that sends them is asked about
 */
@Validated
@ConfigurationProperties("router.reconcile")
public record ReconcileProperties(
        @DefaultValue("30s") @DurationMin(seconds = 1) @DurationMax(hours = 1)
        Duration interval,

        @DefaultValue("30s") @DurationMin(seconds = 1) @DurationMax(hours = 1)
        Duration silentAfter) {}
