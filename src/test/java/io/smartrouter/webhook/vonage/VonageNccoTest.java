package io.smartrouter.webhook.vonage;

import static org.assertj.core.api.Assertions.assertThat;

import io.smartrouter.pool.Allocation;
import io.smartrouter.pool.CallId;
import io.smartrouter.pool.Incarnation;
import io.smartrouter.pool.Lease;
import io.smartrouter.webhook.CallLinks;
import io.smartrouter.webhook.WebhookAnswer;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class VonageNccoTest {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final String HOSTILE = "<speak>\"},{\"action\":\"x\"\\\u0001\u2028é😀";

    private final VonageNcco ncco = new VonageNcco("audio/l16;rate=24000");

    @Test
    void aConnectOpensTheWebSocketTellsOfItAndThenAsks() {
        WebhookAnswer answer = new WebhookAnswer.Connect(
                allocation(),
                "wss://voice.example.com/agent/a/call-1/token",
                new CallLinks(
                        "https://voice.example.com/vonage/continue?lease=l-1",
                        "https://voice.example.com/vonage/stream?lease=l-1"));
        assertThat(ncco.of(answer))
                .isEqualTo(
                        "[{\"action\":\"connect\",\"eventType\":\"synchronous\","
                            + "\"eventUrl\":[\"https://voice.example.com/vonage/stream?lease=l-1\"],\"eventMethod\":\"POST\","
                            + "\"endpoint\":[{\"type\":\"websocket\",\"uri\":\"wss://voice.example.com/agent/a/call-1/token\","
                            + "\"content-type\":\"audio/l16;rate=24000\",\"headers\":{\"call_sid\":\"call-1\"}}]},"
                            + "{\"action\":\"notify\",\"payload\":{\"lease\":\"l-1\",\"call_sid\":\"call-1\"},"
                            + "\"eventUrl\":[\"https://voice.example.com/vonage/continue?lease=l-1\"],\"eventMethod\":\"POST\"}]");
    }

    @Test
    void aFullHouseIsSaidOrPlayedOrEndsTheCall() {
        assertThat(ncco.of(new WebhookAnswer.Busy("Please call again.", null)))
                .isEqualTo("[{\"action\":\"talk\",\"text\":\"Please call again.\"}]");
        assertThat(ncco.of(new WebhookAnswer.Busy(null, "https://cdn.example.com/busy.mp3")))
                .isEqualTo("[{\"action\":\"stream\",\"streamUrl\":[\"https://cdn.example.com/busy.mp3\"]}]");
        assertThat(ncco.of(new WebhookAnswer.Busy(null, null))).isEqualTo("[]");
    }

    @Test
    void whoWaitsHearsSomethingAndAsksAgainWithWhatTheUrlSays() {
        String again = "https://voice.example.com/vonage/continue?call_sid=call-1&merchant_id=a%20b";
        String asks = "{\"action\":\"notify\",\"payload\":{\"call_sid\":\"call-1\",\"merchant_id\":\"a b\"},"
                + "\"eventUrl\":[\"" + again + "\"],\"eventMethod\":\"POST\"}]";
        Duration poll = Duration.ofSeconds(10);
        assertThat(ncco.of(new WebhookAnswer.Hold("One moment.", null, poll, again)))
                .isEqualTo(
                        "[{\"action\":\"talk\",\"text\":\"One moment.\"},{\"action\":\"wait\",\"timeout\":10}," + asks);
        assertThat(ncco.of(new WebhookAnswer.Hold(null, "https://cdn.example.com/hold.mp3", poll, again)))
                .isEqualTo("[{\"action\":\"stream\",\"streamUrl\":[\"https://cdn.example.com/hold.mp3\"]}," + asks);
        assertThat(ncco.of(new WebhookAnswer.Hold(null, null, Duration.ofMillis(1), "https://voice.example.com/x")))
                .isEqualTo("[{\"action\":\"wait\",\"timeout\":1},{\"action\":\"notify\",\"payload\":{},"
                        + "\"eventUrl\":[\"https://voice.example.com/x\"],\"eventMethod\":\"POST\"}]");
    }

    @Test
    void aForwardGoesToATelephoneFromANumberOfTheApplication() {
        assertThat(ncco.of(new WebhookAnswer.Forward("+4915112345678")))
                .isEqualTo("[{\"action\":\"connect\",\"randomFromNumber\":true,"
                        + "\"endpoint\":[{\"type\":\"phone\",\"number\":\"4915112345678\"}]}]");
    }

    @Test
    void anEndIsAnEmptyNccoAndWhatIsNotedIsNoneAtAll() {
        assertThat(ncco.of(new WebhookAnswer.HangUp())).isEqualTo("[]");
        assertThat(ncco.of(new WebhookAnswer.Noted())).isEmpty();
    }

    @Test
    void hostileTextStaysText() {
        for (WebhookAnswer answer : List.of(
                new WebhookAnswer.Busy(HOSTILE, null),
                new WebhookAnswer.Hold(HOSTILE, null, Duration.ofSeconds(5), "https://voice.example.com/x"))) {
            JsonNode actions = JSON.readTree(ncco.of(answer));
            assertThat(actions.get(0).size()).isEqualTo(2);
            assertThat(actions.get(0).get("text").stringValue()).isEqualTo(HOSTILE);
            assertThat(ncco.of(answer)).isEqualTo(ncco.of(answer));
        }
    }

    private static Allocation allocation() {
        return new Allocation(
                new CallId("call-1"),
                "voice-agent-0",
                Incarnation.of("voice-agent-0", "uid", "containerd://1"),
                "10.0.0.1:8080",
                "gold",
                new Lease("l-1"),
                Instant.EPOCH,
                null,
                "vonage",
                "abcd1234",
                null,
                0);
    }
}
