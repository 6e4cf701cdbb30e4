package io.smartrouter.pool.redis;

import io.smartrouter.pool.MerchantPolicy;
import io.smartrouter.pool.Pod;
import io.smartrouter.pool.PoolFixture;
import io.smartrouter.pool.RoutingConfiguration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;

/** The configurations among which a sequence changes. */
enum ModelConfig {
    FIRST("""
        {"tiers":{"gold":{"type":"exclusive","target":2},
                  "basic":{"type":"shared","target":2,"max_concurrent":2},
                  "bulk":{"type":"shared","target":1,"max_concurrent":3,"placement":"pack"}},
         "default_chain":["gold","basic"]}\
        """),
    OTHER_TARGETS("""
        {"tiers":{"gold":{"type":"exclusive","target":4,"placement":"pack"},
                  "basic":{"type":"shared","target":1,"max_concurrent":1},
                  "merchant:acme":{"type":"shared","target":1,"max_concurrent":2},
                  "bulk":{"type":"exclusive","target":0}},
         "default_chain":["basic","bulk","gold"]}\
        """),
    FEWER_TIERS("""
        {"tiers":{"gold":{"type":"shared","target":1,"max_concurrent":2},
                  "basic":{"type":"exclusive","target":9}},
         "default_chain":["basic"]}\
        """);

    static final List<ModelConfig> ALL = List.of(values());

    private final String tiers;

    ModelConfig(String tiers) {
        this.tiers = tiers;
    }

    String tiers() {
        return tiers;
    }

    MerchantPolicy merchant(String name) {
        return name.equals("acme")
                ? new MerchantPolicy("gold", "acme", List.of("basic"), this == OTHER_TARGETS ? null : 2)
                : new MerchantPolicy("basic", null, null, 3);
    }

    private RoutingConfiguration parsed() {
        Map<String, String> merchants = new HashMap<>();
        for (String name : List.of("acme", "bob")) {
            merchants.put(name, RoutingConfiguration.json(merchant(name)));
        }
        return RoutingConfiguration.parse(tiers, merchants);
    }

    Model.Config compiled() {
        RoutingConfiguration parsed = parsed();
        Map<String, List<String>> chains = new HashMap<>();
        Map<String, Integer> limits = new HashMap<>();
        Map<String, Model.Policy> policies = new HashMap<>();
        parsed.merchants().forEach((name, policy) -> {
            chains.put(name, parsed.chainOf(name));
            if (policy.maxConcurrentCalls() != null) {
                limits.put(name, policy.maxConcurrentCalls());
            }
        });
        parsed.tiers()
                .forEach((name, policy) -> policies.put(
                        name,
                        new Model.Policy(
                                policy.capacity(),
                                policy.targetOrZero(),
                                "pack".equals(policy.placement())
                                        ? "pack"
                                        : policy.type().equals("shared") ? "load" : "lru")));
        return new Model.Config(parsed.order(), parsed.defaultChain(), chains, limits, policies);
    }

    /** Where its pods belong, as the placement plan says, which has a test of its own. */
    SortedMap<String, String> moves(List<Pod> pods) {
        return PoolFixture.placement(parsed(), pods);
    }
}
