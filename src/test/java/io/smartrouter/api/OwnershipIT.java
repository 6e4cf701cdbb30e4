package io.smartrouter.api;

import static io.smartrouter.api.TestRouter.OPERATOR;
import static io.smartrouter.api.TestRouter.READER;
import static org.assertj.core.api.Assertions.assertThat;

import io.smartrouter.api.HttpClientForTests.Answer;
import io.smartrouter.pool.AllocationOutcome.Allocated;
import io.smartrouter.pool.AllocationRequest;
import io.smartrouter.pool.CallId;
import io.smartrouter.pool.PodSource;
import io.smartrouter.pool.PoolManager;
import io.smartrouter.testing.TestRedis;
import java.util.Map;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Whose a call is, and whose a pod is not yet, as callers and agents hear of it over HTTP. */
@NullUnmarked
class OwnershipIT {
    private TestRedis redis;
    private TestRouter router;
    private HttpClientForTests http;

    @BeforeEach
    void start() {
        redis = TestRedis.start();
        router = new TestRouter(redis, 2, Map.of());
        http = router.http();
    }

    @AfterEach
    void stop() {
        router.close();
        redis.close();
    }

    private Answer allocate(String provider) {
        return http.json("POST", "/allocate", OPERATOR, "{\"call_sid\":\"CA1\",\"provider\":\"" + provider + "\"}");
    }

    private static void isAnothers(Answer answer) {
        assertThat(answer.status()).as(answer.body()).isEqualTo(409);
        assertThat(answer.text("code")).isEqualTo("call_of_another_account");
        assertThat(answer.header("content-type")).startsWith("application/problem+json");
        assertThat(answer.body()).doesNotContain("voice-agent").doesNotContain("ws_url");
    }

    @Test
    void anAllocateOfAnotherProvidersCallGetsNothingOfIt() {
        Answer own = allocate("plivo");
        assertThat(own.status()).isEqualTo(200);
        String before = http.get("/calls/CA1", READER).body();
        isAnothers(allocate("twilio"));
        assertThat(http.get("/calls/CA1", READER).body()).isEqualTo(before);
        assertThat(allocate("plivo").text("ws_url")).isEqualTo(own.text("ws_url"));
    }

    @Test
    void anAllocateOfAnotherAccountsCallGetsNothingOfIt() {
        // As a webhook that was proven to come from this account.
        var owned = router.bean(PoolManager.class)
                .allocate(new AllocationRequest(new CallId("CA1"), "plivo", "MA-ONE", null));
        assertThat(owned).isInstanceOf(Allocated.class);
        var other = router.bean(PoolManager.class)
                .allocate(new AllocationRequest(new CallId("CA1"), "plivo", "MA-TWO", null));
        assertThat(other).isNotInstanceOf(Allocated.class);
        isAnothers(allocate("exotel"));
        assertThat(http.get("/status", READER).json().get("live_calls").asInt()).isEqualTo(1);
    }

    @Test
    void anotherProvidersEndedCallIsNotSpokenOfEither() {
        allocate("plivo");
        http.json("POST", "/release", OPERATOR, "{\"call_sid\":\"CA1\"}");
        isAnothers(allocate("twilio"));
        assertThat(allocate("plivo").text("code")).isEqualTo("call_ended");
    }

    @Test
    void anAgentWhosePodIsNotRegisteredYetIsToldToGoOn() {
        Answer own = allocate("plivo");
        String url = own.text("ws_url");
        String token = url.substring(url.lastIndexOf('/') + 1);
        var pods = router.bean(PodSource.class).pods();
        router.close(); // or its mirror would bring the call back
        assertThat(redis.command("FLUSHALL")).startsWith("+OK");
        // The router that settles does not see the pod yet; its keys are the same.
        try (TestRouter blind = new TestRouter(redis, 0, Map.of())) {
            for (String path : new String[] {"/calls/CA1/heartbeat", "/calls/CA1/connected"}) {
                Answer answer =
                        blind.http().send("POST", path, Map.of("Authorization", "Bearer " + token), new byte[0]);
                assertThat(answer.status()).as(answer.body()).isEqualTo(503);
                assertThat(answer.text("code")).isEqualTo("unknown_pod");
                assertThat(answer.header("retry-after")).isEqualTo("1");
                assertThat(answer.text("detail")).contains("keep the stream");
            }
            assertThat(blind.http().get("/calls/CA1", READER).status()).isEqualTo(404);
            // The watch brings the pod; the next heartbeat brings the call back.
            pods.forEach(blind.bean(PoolManager.class)::observe);
            Answer back = blind.http()
                    .send("POST", "/calls/CA1/heartbeat", Map.of("Authorization", "Bearer " + token), new byte[0]);
            assertThat(back.body()).isEqualTo("{\"success\":true,\"state\":\"restored\"}");
            assertThat(blind.http().get("/calls/CA1", READER).text("pod_name")).isEqualTo(own.text("pod_name"));
        }
    }
}
