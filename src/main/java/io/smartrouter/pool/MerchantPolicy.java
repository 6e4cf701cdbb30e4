package io.smartrouter.pool;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where a merchant's calls go, and what its callers get where there is no place.
 *
 * @param tier its tier, or null
 * @param pool name of a pool of its own ({@code merchant:<pool>}), asked first, or null
 * @param fallback tiers to ask after its own; null for the default chain
 * @param maxConcurrentCalls how many live calls it may have, or null for any number
 * @param whenExhausted what its callers get when no pod is free, or null for the default
 * @param whenExhaustedAt provider → what they get there instead, or null
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record MerchantPolicy(
        @Nullable String tier,
        @Nullable String pool,
        @Nullable List<String> fallback,
        @JsonProperty("max_concurrent_calls") @Nullable Integer maxConcurrentCalls,
        @JsonProperty("when_exhausted") @Nullable WhenExhausted whenExhausted,
        @JsonProperty("when_exhausted_at") @Nullable Map<String, WhenExhausted> whenExhaustedAt) {
    private static final int MOST_CALLS = 10_000_000;

    /** Refuses what makes no sense. */
    public MerchantPolicy {
        Name.optional("tier", tier);
        Name.optional("pool", pool);
        if (fallback != null) {
            fallback.forEach(name -> Name.require("fallback", name == null ? "" : name)); // JSON can hold a null
            fallback = List.copyOf(fallback);
            if (fallback.isEmpty() && tier == null && pool == null) {
                throw new InvalidInputException(
                        "fallback",
                        "must name a tier where there is neither tier nor pool; leave it out for the default");
            }
        }
        if (maxConcurrentCalls != null && (maxConcurrentCalls < 0 || maxConcurrentCalls > MOST_CALLS)) {
            throw new InvalidInputException("max_concurrent_calls", "must be 0 to " + MOST_CALLS);
        }
        Map<String, WhenExhausted> at =
                ExhaustedPolicy.of(whenExhausted, whenExhaustedAt).at();
        whenExhaustedAt = at.isEmpty() ? null : at;
    }

    /** A merchant whose callers get the default when no pod is free. */
    public MerchantPolicy(
            @Nullable String tier,
            @Nullable String pool,
            @Nullable List<String> fallback,
            @Nullable Integer maxConcurrentCalls) {
        this(tier, pool, fallback, maxConcurrentCalls, null, null);
    }

    /** What its callers get when no pod is free, as far as it is not the default. */
    ExhaustedPolicy exhausted() {
        return ExhaustedPolicy.of(whenExhausted, whenExhaustedAt);
    }
}
