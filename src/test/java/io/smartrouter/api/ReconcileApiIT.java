package io.smartrouter.api;

import static io.smartrouter.api.TestRouter.OPERATOR;
import static io.smartrouter.api.TestRouter.READER;
import static org.assertj.core.api.Assertions.assertThat;

import io.smartrouter.api.HttpClientForTests.Answer;
import io.smartrouter.testing.TestRedis;
import java.util.Map;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

@NullUnmarked
class ReconcileApiIT {
    private static TestRedis redis;
    private static TestRouter router;
    private static HttpClientForTests http;

    @BeforeAll
    static void start() {
        redis = TestRedis.start();
        router = new TestRouter(redis, 3, Map.of());
        http = router.http();
        assertThat(http.json("POST", "/allocate", OPERATOR, "{\"call_sid\":\"CA1\"}")
                        .status())
                .isEqualTo(200);
    }

    @AfterAll
    static void stop() {
        router.close();
        redis.close();
    }

    private static Answer post(String path, String key) {
        return http.send("POST", path, Map.of("Authorization", "Bearer " + key), null);
    }

    @Test
    void aDryRunShowsThePlanAndARoundDoesItOnce() {
        redis.command("ZREM voice:calls CA1");
        redis.command("SADD voice:pods ghost");

        Answer dry = post("/reconcile?dry_run=true", OPERATOR);
        assertThat(dry.status()).as(dry.body()).isEqualTo(200);
        assertThat(dry.json().path("dry_run").asBoolean()).isTrue();
        assertThat(dry.json().path("planned").asInt()).isEqualTo(2);
        assertThat(dry.json().path("repairs").path(0).path("kind").asString()).isEqualTo("call_indexes");
        assertThat(dry.json().path("repairs").path(0).path("call_sid").asString())
                .isEqualTo("CA1");
        assertThat(dry.json()
                        .path("repairs")
                        .path(0)
                        .path("evidence")
                        .path("lease")
                        .asString())
                .isNotEmpty();
        assertThat(dry.json().path("repairs").path(0).path("outcome").isNull()).isTrue();

        Answer done = post("/api/v1/reconcile", OPERATOR);
        assertThat(done.json().path("mended").asInt()).as(done.body()).isEqualTo(2);
        assertThat(done.json().path("repairs").path(1).path("outcome").asString())
                .isEqualTo("mended");
        assertThat(done.json().path("violations").asInt()).isZero();
        assertThat(post("/reconcile", OPERATOR).json().path("planned").asInt()).isZero();
    }

    @Test
    void itNeedsAnOperatorsKey() {
        assertThat(post("/reconcile?dry_run=true", READER).status()).isEqualTo(403);
        assertThat(post("/reconcile", "nobody").status()).isEqualTo(401);
        assertThat(post("/reconcile?dry_run=perhaps", OPERATOR).status()).isEqualTo(400);
    }

    @Test
    void oneRoundAtATime() {
        redis.command("SET voice:lock:task:reconcile another PX 60000");
        try {
            Answer busy = post("/reconcile", OPERATOR);
            assertThat(busy.status()).isEqualTo(409);
            assertThat(busy.text("code")).isEqualTo("reconcile_busy");
        } finally {
            redis.command("DEL voice:lock:task:reconcile");
        }
    }
}
