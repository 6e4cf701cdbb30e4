package io.smartrouter.ops;

import static org.assertj.core.api.Assertions.assertThat;

import io.smartrouter.testing.RouterProcess;
import io.smartrouter.testing.RouterProcess.Answer;
import io.smartrouter.testing.TestCluster;
import io.smartrouter.testing.TestRedis;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The management port of a real router: a healthy data set, a broken one page by page, and that it is mended again. */
class InvariantsEndpointIT {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int GHOSTS = 25;

    @Test
    void whatIsBrokenIsNamedPageByPageAndMendedByTheNextRound() {
        Map<String, String> settings = Map.of("router.settle.quarantine", "0s", "router.reconcile.interval", "1h");
        try (TestRedis redis = TestRedis.start();
                TestCluster cluster = TestCluster.start(3);
                RouterProcess router = RouterProcess.start(redis, cluster, settings)) {
            router.awaitReady();
            Awaitility.await()
                    .atMost(PATIENCE)
                    .until(() -> look(router, "").path("pods").asInt() == 3);
            assertThat(router.post("/allocate", "{\"call_sid\":\"CA1\"}").status())
                    .isEqualTo(200);
            JsonNode healthy = look(router, "");
            assertThat(healthy.path("violations_total").asInt())
                    .as("%s", healthy)
                    .isZero();
            assertThat(healthy.path("live_calls").asInt()).isEqualTo(1);
            assertThat(healthy.path("by_invariant").propertyNames())
                    .containsExactlyInAnyOrder("calls", "capacity", "pods", "cluster", "waiting");

            for (int i = 0; i < GHOSTS; i++) {
                redis.command("ZADD voice:calls 9000000000000 ghost-" + i);
            }
            List<String> named = new ArrayList<>();
            String after = "";
            do {
                JsonNode page = look(router, "?limit=10&after=" + URLEncoder.encode(after, StandardCharsets.UTF_8));
                assertThat(page.path("violations_total").asInt()).isEqualTo(GHOSTS);
                assertThat(page.path("violations").size()).isLessThanOrEqualTo(10);
                page.path("violations")
                        .forEach(one -> named.add(one.path("call_sid").asString()));
                after = page.path("next_after").asString("");
            } while (!after.isEmpty());
            assertThat(named).hasSize(GHOSTS).doesNotHaveDuplicates().allMatch(sid -> sid.startsWith("ghost-"));
            assertThat(router.management("/actuator/invariants?limit=0").status())
                    .isEqualTo(400);

            assertThat(router.post("/reconcile", "{}").status()).isEqualTo(200);
            assertThat(look(router, "").path("violations_total").asInt()).isZero();
            String metrics = router.management("/actuator/prometheus").body();
            assertThat(metrics)
                    .contains("smart_router_repairs_total{kind=\"call_indexes\"} " + GHOSTS + ".0")
                    .contains("smart_router_repairs_total{kind=\"call_denied\"} 0.0")
                    .contains("smart_router_invariant_violations{invariant=\"calls\"} 0.0");
        }
    }

    private static JsonNode look(RouterProcess router, String query) {
        Answer answer = router.management("/actuator/invariants" + query);
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        return JsonMapper.builder().build().readTree(answer.body());
    }
}
