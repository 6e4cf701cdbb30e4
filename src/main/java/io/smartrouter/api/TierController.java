package io.smartrouter.api;

import io.smartrouter.api.ApiKeys.Caller;
import io.smartrouter.pool.ExhaustedPolicy;
import io.smartrouter.pool.InvalidInputException;
import io.smartrouter.pool.Numbers;
import io.smartrouter.pool.RoutingConfiguration;
import io.smartrouter.pool.RoutingConfigurations;
import io.smartrouter.pool.TierPolicy;
import io.smartrouter.web.Fields;
import io.smartrouter.web.JsonBody;
import io.smartrouter.web.Problem;
import io.smartrouter.web.ProblemCode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestAttribute;
import org.springframework.web.bind.annotation.RequestBody;

/**
 * {@code /tiers}: how pods are shared out, the chain that calls ask whose merchant names none, and what callers get by
 * default when no pod is free.
 */
@ApiController
class TierController {
    private static final Logger log = LoggerFactory.getLogger(TierController.class);
    private static final Problem UNKNOWN =
            Problem.of(ProblemCode.UNKNOWN_TIER, "No tier of this name is configured; GET /tiers lists them.");

    private final RoutingConfigurations configurations;

    TierController(RoutingConfigurations configurations) {
        this.configurations = configurations;
    }

    record Tier(
            @Nullable String type,
            @Nullable Integer target,
            @Nullable Integer maxConcurrent,
            @Nullable String placement)
            implements JsonBody.Configuring {
        TierPolicy toPolicy() {
            return new TierPolicy(Fields.required("type", type), target, maxConcurrent, placement);
        }

        static Tier of(TierPolicy policy) {
            return new Tier(policy.type(), policy.target(), policy.maxConcurrent(), policy.placement());
        }
    }

    /** All tiers, as {@code voice:tier:config} has them. */
    record Tiers(
            @Nullable Map<String, @Nullable Tier> tiers,
            @Nullable List<@Nullable String> defaultChain,
            @Nullable ExhaustedView whenExhausted,
            @Nullable Map<String, @Nullable ExhaustedView> whenExhaustedAt)
            implements JsonBody.Configuring {
        RoutingConfiguration toConfiguration() {
            LinkedHashMap<String, TierPolicy> policies = new LinkedHashMap<>();
            Fields.required("tiers", tiers)
                    .forEach((name, tier) ->
                            policies.put(name, Fields.required("tiers", tier).toPolicy()));
            List<String> chain = Fields.allPresent("default_chain", defaultChain);
            return new RoutingConfiguration(
                    policies,
                    chain != null
                            ? chain
                            : policies.keySet().stream()
                                    .filter(name -> !name.startsWith(RoutingConfiguration.MERCHANT_POOL))
                                    .toList(),
                    ExhaustedPolicy.of(ExhaustedView.everywhere(whenExhausted), ExhaustedView.at(whenExhaustedAt)),
                    Map.of(),
                    Numbers.NONE);
        }

        static Tiers of(RoutingConfiguration configuration) {
            Map<String, @Nullable Tier> views = new LinkedHashMap<>();
            configuration.tiers().forEach((name, policy) -> views.put(name, Tier.of(policy)));
            return new Tiers(
                    views,
                    List.copyOf(configuration.defaultChain()),
                    ExhaustedView.of(configuration.exhausted().everywhere()),
                    ExhaustedView.of(configuration.exhausted().at()));
        }
    }

    record Changed(boolean success, String tier) implements JsonBody {}

    @GetMapping("/tiers")
    ResponseEntity<?> tiers() {
        return ResponseEntity.ok(Tiers.of(configurations.current()));
    }

    @PutMapping(path = "/tiers", consumes = MediaType.APPLICATION_JSON_VALUE)
    ResponseEntity<?> put(@RequestBody Tiers body, @RequestAttribute(ApiKeyInterceptor.CALLER) Caller caller) {
        configurations.putTiers(body.toConfiguration().tiersJson());
        log.info("tiers configured key={}", caller.id());
        return ResponseEntity.ok(Tiers.of(configurations.current()));
    }

    @GetMapping("/tiers/{tier}")
    ResponseEntity<?> tier(@PathVariable String tier) {
        TierPolicy policy = configurations.current().tiers().get(tier);
        return policy == null ? UNKNOWN.answer() : ResponseEntity.ok(Tier.of(policy));
    }

    @PutMapping(path = "/tiers/{tier}", consumes = MediaType.APPLICATION_JSON_VALUE)
    ResponseEntity<?> put(
            @PathVariable String tier,
            @RequestBody Tier body,
            @RequestAttribute(ApiKeyInterceptor.CALLER) Caller caller) {
        configurations.putTier(tier, body.toPolicy());
        log.info("tier configured tier={} key={}", tier, caller.id());
        return ResponseEntity.ok(new Changed(true, tier));
    }

    @DeleteMapping("/tiers/{tier}")
    ResponseEntity<?> delete(@PathVariable String tier, @RequestAttribute(ApiKeyInterceptor.CALLER) Caller caller) {
        try {
            if (!configurations.deleteTier(tier)) {
                return UNKNOWN.answer();
            }
        } catch (InvalidInputException e) { // what would be left is no valid configuration
            return Problem.of(
                            ProblemCode.TIER_IN_USE,
                            "A merchant names this tier, or the default chain would be empty; change that first.")
                    .answer();
        }
        log.info("tier removed tier={} key={}", tier, caller.id());
        return ResponseEntity.ok(new Changed(true, tier));
    }
}
