package io.smartrouter.webhook;

import static io.smartrouter.webhook.plivo.PlivoSigner.TOKEN;
import static io.smartrouter.webhook.plivo.PlivoSigner.encode;
import static io.smartrouter.webhook.plivo.PlivoSigner.sign;
import static org.assertj.core.api.Assertions.assertThat;

import io.smartrouter.pool.CallId;
import io.smartrouter.pool.CallState;
import io.smartrouter.pool.PoolManager;
import io.smartrouter.testing.TestRedis;
import io.smartrouter.web.InFlight;
import io.smartrouter.webhook.WebhookClient.Answer;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.boot.web.server.servlet.context.ServletWebServerApplicationContext;

/** A router that works on as many webhooks as it may. */
class OverloadedWebhooksIT {
    private static final String PUBLIC = "https://voice.example.com";
    private static TestRedis redis;
    private static ServletWebServerApplicationContext router;
    private static WebhookClient http;

    @BeforeAll
    static void start() {
        redis = TestRedis.start();
        router = WebhookRouter.start(
                redis,
                2,
                Map.of(
                        "router.overload.max-in-flight",
                        1,
                        "router.public-url",
                        PUBLIC,
                        "router.busy-message",
                        "All lines are busy.",
                        "router.providers.plivo.accounts[0].id",
                        "MA1",
                        "router.providers.plivo.accounts[0].tokens",
                        TOKEN));
        http = new WebhookClient(router);
    }

    @AfterAll
    static void stop() {
        router.close();
        redis.close();
    }

    private static Answer plivo(String endpoint, String sid, String token) {
        List<String[]> form = List.of(
                new String[] {"CallUUID", sid},
                new String[] {"From", "19792014278"},
                new String[] {"To", "14155550100"},
                new String[] {"Event", endpoint.equals("hangup") ? "Hangup" : "StartApp"});
        String path = "/plivo/" + endpoint;
        return http.form(
                "POST",
                path,
                "",
                encode(form),
                Map.of(
                        "X-Plivo-Signature-V3",
                        sign(token, "n", "POST", PUBLIC + path, List.of(), form),
                        "X-Plivo-Signature-V3-Nonce",
                        "n"));
    }

    @Test
    void genuineCallersHearTheMessageHangupsAreKeptAndForgersLearnNothing() {
        InFlight inFlight = router.getBean(InFlight.class);
        PoolManager pool = router.getBean(PoolManager.class);
        assertThat(plivo("allocate", "before", TOKEN).body()).contains("<Stream");
        assertThat(inFlight.enter(InFlight.Kind.WEBHOOK)).isTrue();
        try {
            Answer busy = plivo("allocate", "during", TOKEN);
            assertThat(busy.status()).isEqualTo(200);
            assertThat(busy.body()).contains("All lines are busy.");
            assertThat(pool.call(new CallId("during"))).isEmpty();
            assertThat(plivo("allocate", "during", "another-token").status()).isEqualTo(403);
            assertThat(plivo("hangup", "before", TOKEN).status()).isEqualTo(200);
            assertThat(pool.call(new CallId("before")).orElseThrow().state().isLive())
                    .isTrue();
        } finally {
            inFlight.leave(InFlight.Kind.WEBHOOK);
        }
        pool.retryReleases();
        assertThat(pool.call(new CallId("before")).orElseThrow().state()).isEqualTo(CallState.ENDED);
        assertThat(plivo("allocate", "during", TOKEN).body()).contains("<Stream");
        assertThat(inFlight.now(InFlight.Kind.WEBHOOK)).isZero();
    }
}
