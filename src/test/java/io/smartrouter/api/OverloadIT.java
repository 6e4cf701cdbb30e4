package io.smartrouter.api;

import static io.smartrouter.api.TestRouter.OPERATOR;
import static org.assertj.core.api.Assertions.assertThat;

import io.smartrouter.api.HttpClientForTests.Answer;
import io.smartrouter.testing.TestRedis;
import io.smartrouter.web.InFlight;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A wave of four times the limit while Redis is slow, and what is after it. */
@NullUnmarked
class OverloadIT {
    private static final int LIMIT = 20;
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private TestRedis redis;
    private TestRouter router;
    private HttpClientForTests http;

    @BeforeEach
    void start() {
        redis = TestRedis.start();
        router = new TestRouter(
                redis, 2, Map.of("router.overload.max-in-flight", LIMIT, "router.redis.command-timeout", "3s"));
        http = router.http();
    }

    @AfterEach
    void stop() {
        router.close();
        redis.close();
    }

    private Answer call(int i) {
        return http.json("POST", "/allocate", OPERATOR, "{\"call_sid\":\"CA-wave-" + i + "\"}");
    }

    private int inFlight() {
        return router.bean(InFlight.class).now(InFlight.Kind.API);
    }

    /** Median of some calls one after another, in ms. */
    private double usual(int first) {
        List<Long> took = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            long begun = System.nanoTime();
            assertThat(call(first + i).status()).isIn(200, 503);
            http.json("POST", "/release", OPERATOR, "{\"call_sid\":\"CA-wave-" + (first + i) + "\"}");
            took.add(System.nanoTime() - begun);
        }
        took.sort(null);
        return took.get(took.size() / 2) / 1e6;
    }

    @Test
    void aWaveOfFourTimesTheLimitIsAnsweredAtOnceAndThenAllIsAsBefore() throws Exception {
        usual(10_000);
        double before = usual(20_000);
        redis.command("CLIENT PAUSE 2000");
        try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Answer>> first = new ArrayList<>();
            for (int i = 0; i < LIMIT; i++) {
                int call = i;
                first.add(clients.submit(() -> call(call)));
            }
            Awaitility.await().atMost(PATIENCE).until(() -> inFlight() == LIMIT);
            // The places are full, and stay so while Redis is silent: whatever comes now is answered without it.
            List<Future<Answer>> more = new ArrayList<>();
            for (int i = LIMIT; i < 4 * LIMIT; i++) {
                int call = i;
                more.add(clients.submit(() -> call(call)));
            }
            int overloaded = 0;
            for (Future<Answer> answer : more) {
                Answer told = answer.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
                if (told.status() == 503 && told.text("code").equals("overloaded")) {
                    assertThat(told.header("retry-after")).isEqualTo("1");
                    overloaded++;
                }
            }
            for (Future<Answer> answer : first) {
                Answer told = answer.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
                assertThat(told.text("code")).as(told.body()).isNotEqualTo("overloaded");
            }
            assertThat(overloaded).isGreaterThanOrEqualTo(LIMIT);
            assertThat(router.bean(InFlight.class).refused(InFlight.Kind.API)).isEqualTo(overloaded);
            Awaitility.await().atMost(PATIENCE).until(() -> inFlight() == 0);
            double after = usual(30_000);
            System.out.printf(
                    "overload: wave of %d at a limit of %d, %d answered at once; allocate and release %.1f ms before,"
                            + " %.1f ms after%n",
                    4 * LIMIT, LIMIT, overloaded, before, after);
            assertThat(after).isLessThan(Math.max(10 * before, 200));
        }
    }

    @Test
    void whoHasNoKeyLearnsNothingAndOtherKindsGoOn() {
        InFlight inFlight = router.bean(InFlight.class);
        String url = http.json("POST", "/allocate", OPERATOR, "{\"call_sid\":\"CA1\"}")
                .text("ws_url");
        for (int i = 0; i < LIMIT; i++) {
            assertThat(inFlight.enter(InFlight.Kind.API)).isTrue();
        }
        assertThat(call(1).text("code")).isEqualTo("overloaded");
        assertThat(http.json("POST", "/allocate", "nobody", "{}").status()).isEqualTo(401);
        String token = url.substring(url.lastIndexOf('/') + 1);
        assertThat(http.send("POST", "/calls/CA1/heartbeat", Map.of("Authorization", "Bearer " + token), null)
                        .status())
                .as("an agent")
                .isEqualTo(200);
        for (int i = 0; i < LIMIT; i++) {
            inFlight.leave(InFlight.Kind.API);
        }
        assertThat(call(1).status()).isEqualTo(200);
    }

    @Test
    void whateverARequestBecomesItsPlaceIsGivenBack() {
        for (int i = 0; i < 2 * LIMIT; i++) {
            http.json("POST", "/allocate", OPERATOR, "{");
            http.json("POST", "/allocate", OPERATOR, "{\"call_sid\":\"no sid\"}");
            http.get("/nowhere", OPERATOR);
            http.json("PATCH", "/allocate", OPERATOR, "{}");
        }
        Awaitility.await().atMost(PATIENCE).until(() -> inFlight() == 0);
        assertThat(call(1).status()).isEqualTo(200);
    }
}
