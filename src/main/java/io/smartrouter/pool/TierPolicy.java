package io.smartrouter.pool;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * How the pods of one pool are used.
 *
 * @param type {@code exclusive} (one call per pod) or {@code shared}
 * @param target how many pods the pool should have
 * @param maxConcurrent calls that one pod of a shared pool may hold; null in an exclusive one
 * @param placement {@code spread} (the default) or {@code pack}; null for the default
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record TierPolicy(
        String type,
        @Nullable Integer target,
        @JsonProperty("max_concurrent") @Nullable Integer maxConcurrent,
        @Nullable String placement) {
    private static final int MOST_CALLS_PER_POD = 1_000;
    private static final int MOST_PODS = 1_000_000;

    /** Refuses what makes no sense. */
    @SuppressWarnings("ConstantConditions") // JSON can leave any of them out
    public TierPolicy {
        if (type == null || !(type.equals("exclusive") || type.equals("shared"))) {
            throw new InvalidInputException("type", "must be \"exclusive\" or \"shared\"");
        }
        if (target != null && (target < 0 || target > MOST_PODS)) {
            throw new InvalidInputException("target", "must be 0 to " + MOST_PODS);
        }
        if (type.equals("exclusive") && maxConcurrent != null && maxConcurrent != 1) {
            throw new InvalidInputException(
                    "max_concurrent", "belongs to shared tiers; an exclusive pod holds one call");
        }
        if (type.equals("shared") && maxConcurrent == null) {
            throw new InvalidInputException("max_concurrent", "is missing: a shared tier needs it");
        }
        if (maxConcurrent != null && (maxConcurrent < 1 || maxConcurrent > MOST_CALLS_PER_POD)) {
            throw new InvalidInputException("max_concurrent", "must be 1 to " + MOST_CALLS_PER_POD);
        }
        if (placement != null && !(placement.equals("spread") || placement.equals("pack"))) {
            throw new InvalidInputException("placement", "must be \"spread\" or \"pack\"");
        }
    }

    /** Calls that one pod may hold. */
    public int capacity() {
        return maxConcurrent == null ? 1 : maxConcurrent;
    }

    /** How many pods the pool should have. */
    public int targetOrZero() {
        return target == null ? 0 : target;
    }

    /** How the scripts score the pool's available pods: least recently used, least loaded, or lowest ordinal. */
    String scoring() {
        if ("pack".equals(placement)) {
            return "pack";
        }
        return type.toLowerCase(Locale.ROOT).equals("shared") ? "load" : "lru";
    }
}
