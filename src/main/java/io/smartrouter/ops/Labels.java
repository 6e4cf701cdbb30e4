package io.smartrouter.ops;

import io.smartrouter.pool.AllocationOutcome;
import io.smartrouter.pool.ContinueOutcome;
import io.smartrouter.pool.ReleaseOutcome;
import io.smartrouter.pool.RoutingConfiguration;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The values of metric labels. All come from fixed sets or from the operators' tiers, none from a caller. */
final class Labels {
    static final String NONE = "none";
    static final String UNAVAILABLE = "unavailable";

    /** Outcomes of an allocation that name no pool, so that their counters can begin at zero. */
    static final List<String> WITHOUT_POD =
            List.of("call_ended", "not_owner", "merchant_limit", "waiting", "exhausted", UNAVAILABLE);

    static final List<String> CONTINUES =
            List.of("existing", "continues", "over", "limit", "exhausted", "unknown_call", "not_owner");
    static final List<String> RELEASES =
            List.of("released", "already_ended", "unknown_call", "stale_lease", "not_owner", "deferred");
    /** What expire.lua says of a call that it ended. */
    static final List<String> EXPIRED = List.of("max_length", "never_connected", "stream_ended");

    private Labels() {}

    static String outcome(AllocationOutcome outcome) {
        return switch (outcome) {
            case AllocationOutcome.Allocated allocated -> allocated.existing() ? "existing" : "allocated";
            case AllocationOutcome.CallEnded ended -> "call_ended";
            case AllocationOutcome.NotOwner other -> "not_owner";
            case AllocationOutcome.MerchantLimit limit -> "merchant_limit";
            case AllocationOutcome.Waiting waiting -> "waiting";
            case AllocationOutcome.Exhausted exhausted -> "exhausted";
        };
    }

    static String outcome(ContinueOutcome outcome) {
        return switch (outcome) {
            case ContinueOutcome.Continues continues -> continues.existing() ? "existing" : "continues";
            case ContinueOutcome.Over over -> "over";
            case ContinueOutcome.Limit limit -> "limit";
            case ContinueOutcome.Exhausted exhausted -> "exhausted";
            case ContinueOutcome.UnknownCall unknown -> "unknown_call";
            case ContinueOutcome.NotOwner other -> "not_owner";
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

    /** A provider that is in use here; the name is a caller's to choose, so any other is one value. */
    static String provider(@Nullable String provider, Set<String> inUse) {
        if (provider == null) {
            return NONE;
        }
        return inUse.contains(provider) ? provider : "other";
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
