package io.smartrouter.ops;

import io.smartrouter.pool.AllocationOutcome;
import io.smartrouter.pool.ReleaseOutcome;
import io.smartrouter.pool.RoutingConfiguration;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The values of metric labels. All come from fixed sets or from the operators' tiers, none from a caller. */
final class Labels {
    static final String NONE = "none";
    static final String UNAVAILABLE = "unavailable";
    private static final Set<String> PROVIDERS = Set.of("plivo", "exotel", "twilio");

    private Labels() {}

    static String outcome(AllocationOutcome outcome) {
        return switch (outcome) {
            case AllocationOutcome.Allocated allocated -> allocated.existing() ? "existing" : "allocated";
            case AllocationOutcome.CallEnded ended -> "call_ended";
            case AllocationOutcome.NotOwner other -> "not_owner";
            case AllocationOutcome.MerchantLimit limit -> "merchant_limit";
            case AllocationOutcome.Exhausted exhausted -> "exhausted";
        };
    }

    static String outcome(ReleaseOutcome outcome) {
        return switch (outcome) {
            case ReleaseOutcome.Released released -> "released";
            case ReleaseOutcome.AlreadyEnded ended -> "already_ended";
            case ReleaseOutcome.UnknownCall unknown -> "unknown_call";
            case ReleaseOutcome.StaleLease stale -> "stale_lease";
            case ReleaseOutcome.NotOwner other -> "not_owner";
            case ReleaseOutcome.Deferred deferred -> "deferred";
        };
    }

    /** A provider that the router knows; the name is a caller's to choose, so any other is one value. */
    static String provider(@Nullable String provider) {
        if (provider == null) {
            return NONE;
        }
        return PROVIDERS.contains(provider) ? provider : "other";
    }

    static String pool(AllocationOutcome outcome) {
        return outcome instanceof AllocationOutcome.Allocated allocated
                ? pool(allocated.allocation().pool())
                : NONE;
    }

    /** All pools of single merchants are one value, for merchants are many. */
    static String pool(String pool) {
        return pool.startsWith(RoutingConfiguration.MERCHANT_POOL) ? "merchant" : pool;
    }
}
