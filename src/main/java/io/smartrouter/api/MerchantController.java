package io.smartrouter.api;

import io.smartrouter.api.ApiKeys.Caller;
import io.smartrouter.pool.MerchantPolicy;
import io.smartrouter.pool.Name;
import io.smartrouter.pool.PoolManager;
import io.smartrouter.pool.RoutingConfiguration;
import io.smartrouter.pool.RoutingConfigurations;
import io.smartrouter.web.Fields;
import io.smartrouter.web.JsonBody;
import io.smartrouter.web.Problem;
import io.smartrouter.web.ProblemCode;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
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
import org.springframework.web.bind.annotation.RequestParam;

/** {@code /merchants}: where each merchant's calls go, how many it may have, and what its callers get when no pod is free. */
@ApiController
class MerchantController {
    private static final Logger log = LoggerFactory.getLogger(MerchantController.class);
    private static final Problem UNKNOWN = Problem.of(
            ProblemCode.UNKNOWN_MERCHANT,
            "No merchant of this name is configured; its calls go to the default chain. PUT makes one.");

    private final RoutingConfigurations configurations;
    private final PoolManager pool;

    MerchantController(RoutingConfigurations configurations, PoolManager pool) {
        this.configurations = configurations;
        this.pool = pool;
    }

    record Body(
            @Nullable String tier,
            @Nullable String pool,
            @Nullable List<@Nullable String> fallback,
            @Nullable Integer maxConcurrentCalls,
            @Nullable ExhaustedView whenExhausted,
            @Nullable Map<String, @Nullable ExhaustedView> whenExhaustedAt)
            implements JsonBody.Configuring {
        MerchantPolicy toPolicy() {
            return new MerchantPolicy(
                    tier,
                    pool,
                    Fields.allPresent("fallback", fallback),
                    maxConcurrentCalls,
                    ExhaustedView.everywhere(whenExhausted),
                    ExhaustedView.at(whenExhaustedAt));
        }

        static Body of(MerchantPolicy policy) {
            return new Body(
                    policy.tier(),
                    policy.pool(),
                    policy.fallback(),
                    policy.maxConcurrentCalls(),
                    ExhaustedView.of(policy.whenExhausted()),
                    ExhaustedView.of(policy.whenExhaustedAt()));
        }
    }

    /**
     * One merchant.
     *
     * @param merchantId its name
     * @param policy as configured
     * @param chain the pools that its calls ask, in order
     * @param liveCalls how many it has
     */
    record Answer(String merchantId, Body policy, List<String> chain, long liveCalls) implements JsonBody {}

    record ListAnswer(
            Map<String, Body> merchants,
            int configured,
            @Nullable String nextAfter) implements JsonBody {}

    record Changed(boolean success, String merchantId) implements JsonBody {}

    @GetMapping("/merchants")
    ResponseEntity<?> merchants(
            @RequestParam(name = "after", defaultValue = "") String after,
            @RequestParam(name = "limit", defaultValue = "100") int limit) {
        Page.requireLimit(limit);
        var all = new TreeMap<>(configurations.current().merchants());
        var page = Page.of(List.copyOf(all.entrySet()), Map.Entry::getKey, after, limit);
        Map<String, Body> views = new TreeMap<>();
        page.items().forEach(entry -> views.put(entry.getKey(), Body.of(entry.getValue())));
        return ResponseEntity.ok(new ListAnswer(views, all.size(), page.nextAfter()));
    }

    @GetMapping("/merchants/{merchant}")
    ResponseEntity<?> merchant(@PathVariable String merchant) {
        Name.require("merchant_id", merchant);
        RoutingConfiguration configuration = configurations.current();
        MerchantPolicy policy = configuration.merchants().get(merchant);
        return policy == null
                ? UNKNOWN.answer()
                : ResponseEntity.ok(new Answer(
                        merchant, Body.of(policy), configuration.chainOf(merchant), pool.liveCalls(merchant)));
    }

    @PutMapping(path = "/merchants/{merchant}", consumes = MediaType.APPLICATION_JSON_VALUE)
    ResponseEntity<?> put(
            @PathVariable String merchant,
            @RequestBody Body body,
            @RequestAttribute(ApiKeyInterceptor.CALLER) Caller caller) {
        configurations.putMerchant(merchant, body.toPolicy());
        log.info("merchant configured merchant={} key={}", merchant, caller.id());
        return ResponseEntity.ok(new Changed(true, merchant));
    }

    @DeleteMapping("/merchants/{merchant}")
    ResponseEntity<?> delete(@PathVariable String merchant, @RequestAttribute(ApiKeyInterceptor.CALLER) Caller caller) {
        if (!configurations.deleteMerchant(merchant)) {
            return UNKNOWN.answer();
        }
        log.info("merchant removed merchant={} key={}", merchant, caller.id());
        return ResponseEntity.ok(new Changed(true, merchant));
    }
}
