package io.smartrouter.web;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * What the router takes at once; docs/configuration.md explains each.
 *
 * @param maxInFlight how many requests of each kind are worked on at once
 */
@Validated
@ConfigurationProperties("router.overload")
public record OverloadProperties(
        @DefaultValue("500") @Min(1) @Max(10_000) int maxInFlight) {}
