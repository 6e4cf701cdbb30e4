package io.smartrouter.pool;

import jakarta.validation.Valid;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * Settings of the core; docs/configuration.md explains each.
 *
 * @param redis how the store uses Redis
 * @param call how long calls may be
 * @param settle how a data set is opened
 * @param config the configuration of tiers and merchants
 * @param probe whether a pod is asked before it is handed out
 * @param probeTimeout how long one probe may take
 * @param probePath the path that an {@code http} probe asks for
 * @param probeBackOff how long a pod is suspect after its first failed probe; doubles with each further one
 * @param probeBackOffMax the longest such time
 * @param lockLife how long a router may work on one call before others go on without it
 */
@Validated
@ConfigurationProperties("router")
public record PoolProperties(
        @Valid @DefaultValue Redis redis,
        @Valid @DefaultValue Call call,
        @Valid @DefaultValue Settle settle,
        @Valid @DefaultValue Config config,
        @DefaultValue("off") Probe probe,

        @DefaultValue("150ms") @DurationMin(millis = 10) @DurationMax(seconds = 2)
        Duration probeTimeout,

        @DefaultValue("/health") @Pattern(regexp = "/[!-~]*")
        String probePath,

        @DefaultValue("5s") @DurationMin(millis = 100) @DurationMax(minutes = 10)
        Duration probeBackOff,

        @DefaultValue("60s") @DurationMin(millis = 100) @DurationMax(hours = 1)
        Duration probeBackOffMax,

        @DefaultValue("2s") @DurationMin(millis = 100) @DurationMax(seconds = 30)
        Duration lockLife) {

    /** Whether a pod is asked before it is handed out. */
    public enum Probe {
        /** It is not. */
        OFF,
        /** A TCP connection to the agent's address must open. */
        TCP,
        /** {@code GET router.probe-path} must answer 2xx. */
        HTTP
    }

    /**
     * How the store uses Redis.
     *
     * @param keyPrefix what all keys begin with
     * @param commandTimeout how long one command may take
     */
    public record Redis(
            @DefaultValue("voice") @NotNull @Pattern(regexp = "[A-Za-z0-9_.-]{1,32}|\\{[A-Za-z0-9_.-]{1,30}\\}")
            String keyPrefix,

            @DefaultValue("500ms") @DurationMin(millis = 50) @DurationMax(seconds = 10)
            Duration commandTimeout) {}

    /**
     * How long calls may be.
     *
     * @param maxLength the longest call; ended after it whatever anybody says
     * @param connectTimeout how long a stream may take to its pod; zero where connecting is not seen
     * @param streamGrace how long a call whose stream is over may take to say what comes next
     * @param maxContinues how many further pods a call may get when the one that it has fails
     */
    public record Call(
            @DefaultValue("4h") @DurationMin(minutes = 1) @DurationMax(days = 7)
            Duration maxLength,

            @DefaultValue("0s") @DurationMin(millis = 0) @DurationMax(minutes = 10)
            Duration connectTimeout,

            @DefaultValue("30s") @DurationMin(seconds = 1) @DurationMax(minutes = 5)
            Duration streamGrace,

            @DefaultValue("3") @Min(0) @Max(100) int maxContinues) {
        private static final Duration UNSEEN = Duration.ofSeconds(10);

        /** How long a stream may be on its way to its pod; 10 s where connecting is not seen. */
        public Duration timeToConnect() {
            return connectTimeout.isZero() ? UNSEEN : connectTimeout;
        }
    }

    /**
     * How a data set is opened.
     *
     * @param quarantine how long a pod that may serve unknown calls gets no new one
     * @param patience how long a request waits for a settlement, whoever does it
     */
    public record Settle(
            @DefaultValue("30s") @DurationMin(millis = 0) @DurationMax(minutes = 10)
            Duration quarantine,

            @DefaultValue("1s") @DurationMin(millis = 0) @DurationMax(seconds = 10)
            Duration patience) {}

    /**
     * The configuration of tiers and merchants.
     *
     * @param poll how often routers look for edits in Redis
     * @param tiers what a new data set begins with: the JSON of {@code voice:tier:config}; null for one exclusive tier
     */
    public record Config(
            @DefaultValue("3s") @DurationMin(millis = 100) @DurationMax(minutes = 5)
            Duration poll,

            @Nullable String tiers) {}
}
