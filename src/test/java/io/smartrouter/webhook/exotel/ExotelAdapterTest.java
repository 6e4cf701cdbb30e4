package io.smartrouter.webhook.exotel;

import static io.smartrouter.webhook.exotel.ExotelRequests.encoded;
import static io.smartrouter.webhook.exotel.ExotelRequests.get;
import static io.smartrouter.webhook.exotel.ExotelRequests.json;
import static io.smartrouter.webhook.exotel.ExotelRequests.post;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.smartrouter.pool.Allocation;
import io.smartrouter.pool.CallId;
import io.smartrouter.pool.Incarnation;
import io.smartrouter.pool.InvalidInputException;
import io.smartrouter.pool.Lease;
import io.smartrouter.stream.StreamProperties;
import io.smartrouter.stream.StreamToken;
import io.smartrouter.webhook.CallEvent;
import io.smartrouter.webhook.CallEvent.Answer;
import io.smartrouter.webhook.CallEvent.Continue;
import io.smartrouter.webhook.CallEvent.Hangup;
import io.smartrouter.webhook.CallEvent.Progress;
import io.smartrouter.webhook.CallEvent.StreamEnded;
import io.smartrouter.webhook.CallEvent.StreamStarted;
import io.smartrouter.webhook.CallLinks;
import io.smartrouter.webhook.Endpoint;
import io.smartrouter.webhook.WebhookAnswer;
import io.smartrouter.webhook.WebhookDocument;
import io.smartrouter.webhook.WebhookRequest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.http.MediaType;

/** What Exotel's requests mean, and how each answer is said to it. */
class ExotelAdapterTest {
    private static final CallId C1 = new CallId("c1");
    private static final StreamToken TOKENS = tokens("stream-secret-stream-secret-stream-secret");
    private static final String URL = url(TOKENS, "c1", "lease-of-c1");

    private final ExotelAdapter exotel = new ExotelAdapter(new ExotelProperties(List.of(), List.of()), TOKENS);

    @Test
    void theVoicebotAsksForAnAnswer() {
        Answer expected = new Answer(C1, "acme", "+918000000001");
        String query = "merchant_id=acme&CallSid=c1&CallFrom=%2B911&CallTo=%2B918000000001&Direction=incoming"
                + "&EndTime=1970-01-01+05%3A30%3A00&CallType=call-attempt&CallStatus=in-progress&From=%2B911";
        assertThat(exotel.parse(Endpoint.ALLOCATE, get(query))).isEqualTo(expected);
        assertThat(exotel.parse(Endpoint.ALLOCATE, post("reseller_id=acme", "CallSid=c1&To=%2B918000000001")))
                .isEqualTo(expected);
        assertThat(exotel.parse(
                        Endpoint.ALLOCATE,
                        json("merchant_id=acme", "{\"CallSid\":\"c1\",\"CallTo\":\"+918000000001\",\"To\":\"other\"}")))
                .isEqualTo(expected);
    }

    @Test
    void aMerchantCountsInTheUrlAlone() {
        assertThat(exotel.parse(Endpoint.ALLOCATE, post("", "CallSid=c1&merchant_id=acme")))
                .isEqualTo(new Answer(C1, null, null));
        assertThat(exotel.parse(Endpoint.CONTINUE, json("", "{\"CallSid\":\"c1\",\"merchant_id\":\"acme\"}")))
                .isEqualTo(new Continue(C1, null, null, null));
        assertThatThrownBy(() -> exotel.parse(Endpoint.ALLOCATE, get("CallSid=c1&merchant_id=a&reseller_id=b")))
                .isInstanceOf(InvalidInputException.class);
    }

    @ParameterizedTest
    @EnumSource(Endpoint.class)
    void aCallThatIsOverIsOverAtEveryEndpoint(Endpoint endpoint) {
        List<String> over = new ArrayList<>(List.of(
                "EventType=terminal",
                "EventType=terminal&Status=in-progress",
                "EventType=answered&Status=completed",
                "Legs[0][Status]=canceled",
                "Legs[0][Status]=completed&Legs[1][Status]=canceled"));
        for (String status : List.of("completed", "failed", "busy", "no-answer", "canceled", "Completed")) {
            over.add("Status=" + status);
            over.add("CallStatus=" + status);
        }
        for (String parameters : over) {
            for (WebhookRequest request : List.of(get("CallSid=c1&" + parameters), post("CallSid=c1", parameters))) {
                assertThat(exotel.parse(endpoint, request)).as(parameters).isEqualTo(new Hangup(C1));
            }
        }
        String terminal = "{\"CallSid\":\"c1\",\"Status\":\"completed\",\"EventType\":\"terminal\","
                + "\"Legs\":[{\"OnCallDuration\":41,\"Status\":\"completed\"}]}";
        assertThat(exotel.parse(endpoint, json("", terminal))).isEqualTo(new Hangup(C1));
    }

    @ParameterizedTest
    @EnumSource(Endpoint.class)
    void aStatusCallbackOfACallThatWasAnsweredEndsAndAllocatesNothing(Endpoint endpoint) {
        for (String parameters : List.of(
                "EventType=answered",
                "EventType=answered&Status=in-progress",
                "EventType=answered&Status=in-progress&Legs[0][Status]=in-progress&Legs[1][Status]=canceled")) {
            assertThat(exotel.parse(endpoint, get("CallSid=c1&" + parameters)))
                    .as(parameters)
                    .isEqualTo(new Progress(C1));
        }
    }

    @Test
    void theHangupUrlEndsTheCallUnlessTheStatusSaysThatItIsUnderWay() {
        for (String parameters : List.of("", "CallStatus=in-progress", "CallType=completed", "Stream[Status]=failed")) {
            assertThat(exotel.parse(Endpoint.HANGUP, get("CallSid=c1&" + parameters)))
                    .as(parameters)
                    .isEqualTo(new Hangup(C1));
        }
        for (String status : List.of("queued", "ringing", "in-progress")) {
            assertThat(exotel.parse(Endpoint.HANGUP, get("CallSid=c1&Status=" + status)))
                    .isEqualTo(new Progress(C1));
        }
        assertThat(exotel.parse(Endpoint.CONTINUE, get("CallSid=c1&Legs[0][Status]=busy&Legs[1][Status]=in-progress")))
                .isInstanceOf(Continue.class);
    }

    @Test
    void thePassthruNamesTheLeaseByOurOwnStreamUrl() {
        Continue expected = new Continue(C1, new Lease("lease-of-c1"), "acme", "+918");
        String nested =
                "{\"Stream\":{\"StreamUrl\":\"" + URL + "\",\"Status\":\"completed\",\"DisconnectedBy\":\"bot\"}}";
        String parameters = encoded("CallSid", "c1", "To", "+918", "digits", "\"1\"");
        for (String ours : List.of(
                encoded("Stream[StreamUrl]", URL, "Stream[DisconnectedBy]", "bot"),
                encoded("Stream[StreamUrl]", URL + "?sample-rate=8000", "Stream[DisconnectedBy]", "system"),
                encoded("Stream", nested.substring(10, nested.length() - 1)),
                encoded("StreamUrl", URL, "EventType", "stream-start"))) {
            assertThat(exotel.parse(Endpoint.CONTINUE, get("merchant_id=acme&" + parameters + "&" + ours)))
                    .as(ours)
                    .isEqualTo(expected);
            assertThat(exotel.parse(Endpoint.CONTINUE, post("merchant_id=acme", parameters + "&" + ours)))
                    .isEqualTo(expected);
        }
        assertThat(exotel.parse(Endpoint.CONTINUE, json("merchant_id=acme&" + parameters, nested)))
                .isEqualTo(expected);
    }

    @Test
    void aStreamUrlThatIsNotOursOrAnotherCallsNamesNoLease() {
        String forged = url(tokens("another-secret-another-secret-another"), "c1", "lease-of-c1");
        for (String url : List.of(
                "",
                "null",
                "wss://stream.example.com/media",
                "/",
                URL + "/",
                URL.substring(0, URL.length() - 1),
                forged,
                URL.replace('.', '/'),
                url(TOKENS, "c2", "lease-of-c2"),
                URL.replace("k1.", "k2."),
                "?" + URL)) {
            assertThat(exotel.parse(
                            Endpoint.CONTINUE,
                            get(encoded("CallSid", "c1", "Stream[StreamUrl]", url, "Stream[Status]", "failed"))))
                    .as(url)
                    .isEqualTo(new Continue(C1, null, null, null));
        }
        assertThat(exotel.parse(Endpoint.CONTINUE, get("CallSid=c1"))).isEqualTo(new Continue(C1, null, null, null));
    }

    @Test
    void aCallerWhoHungUpNeedsNoOtherPod() {
        for (String who : List.of("user", "caller", "User")) {
            String left = encoded("CallSid", "c1", "Stream[DisconnectedBy]", who, "Stream[Status]", "cancelled");
            for (Endpoint endpoint : List.of(Endpoint.HANGUP, Endpoint.STREAM, Endpoint.CONTINUE)) {
                assertThat(exotel.parse(endpoint, get(left))).isEqualTo(new Hangup(C1));
            }
            // Who asks for an answer is there, whatever the flow repeats of an earlier stream.
            assertThat(exotel.parse(Endpoint.ALLOCATE, get(left))).isInstanceOf(Answer.class);
        }
        for (String who : List.of("bot", "system", "NA", "")) {
            assertThat(exotel.parse(Endpoint.CONTINUE, get("CallSid=c1&Stream[DisconnectedBy]=" + who)))
                    .isInstanceOf(Continue.class);
        }
    }

    @Test
    void theStreamUrlIsToldWhatBecameOfTheStream() {
        Lease lease = new Lease("lease-of-c1");
        for (String status : List.of("completed", "failed", "cancelled", "canceled")) {
            assertThat(stream(encoded("Stream[Status]", status, "Stream[StreamUrl]", URL)))
                    .isEqualTo(new StreamEnded(C1, lease));
        }
        assertThat(stream("Stream[Status]=completed")).isEqualTo(new StreamEnded(C1, null));
        assertThat(stream(encoded("EventType", "stream-start", "StreamUrl", URL)))
                .isEqualTo(new StreamStarted(C1, lease));
        assertThat(stream("Stream[Status]=degraded")).isEqualTo(new Progress(C1));
        assertThat(stream("")).isEqualTo(new Progress(C1));
    }

    @Test
    void aRequestWithoutOneUsableCallIsRefused() {
        for (WebhookRequest request : List.of(
                get(""),
                get("CallSid="),
                get("CallSid=a&CallSid=b"),
                get("CallSid=a%0Ab"),
                get("callsid=a"),
                post("CallSid=a", "CallSid=b"),
                json("", "{\"CallSid\":null}"),
                json("", "{\"CallSid\":{\"a\":\"b\"}}"))) {
            for (Endpoint endpoint : Endpoint.values()) {
                assertThatThrownBy(() -> exotel.parse(endpoint, request))
                        .isInstanceOfSatisfying(
                                InvalidInputException.class,
                                e -> assertThat(e.field()).isEqualTo("CallSid"));
            }
        }
    }

    @Test
    void itIsKnownByItsCallSidWithoutAnAccountSid() {
        assertThat(exotel.resembles(get("CallSid=c1"))).isTrue();
        assertThat(exotel.resembles(post("", "CallSid=c1"))).isTrue();
        assertThat(exotel.resembles(get("CallSid=c1&AccountSid=AC1"))).isFalse();
        assertThat(exotel.resembles(get("CallUUID=c1"))).isFalse();
        assertThat(exotel.signatureHeaders()).isEmpty();
        assertThat(exotel.takesPathSecret()).isTrue();
        assertThat(exotel.hasAccounts()).isFalse();
    }

    @Test
    void theVoicebotGetsTheUrlOrAnEmptyOne() {
        WebhookAnswer.Connect connect = connect();
        assertThat(exotel.render(Endpoint.ALLOCATE, connect))
                .isEqualTo(new WebhookDocument(200, MediaType.APPLICATION_JSON, "{\"url\":\"" + URL + "\"}"));
        for (WebhookAnswer answer : answers()) {
            if (!(answer instanceof WebhookAnswer.Connect)) {
                assertThat(exotel.render(Endpoint.ALLOCATE, answer))
                        .as(answer.toString())
                        .isEqualTo(new WebhookDocument(200, MediaType.APPLICATION_JSON, "{\"url\":\"\"}"));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Endpoint.class,
            names = {"CONTINUE", "STREAM", "HANGUP"})
    void thePassthruGetsBranchBForANewPodOrAnotherRoundAndElseBranchA(Endpoint endpoint) {
        for (WebhookAnswer answer : answers()) {
            boolean again = answer instanceof WebhookAnswer.Connect || answer instanceof WebhookAnswer.Hold;
            assertThat(exotel.render(endpoint, answer))
                    .as(answer.toString())
                    .isEqualTo(new WebhookDocument(
                            again ? 302 : 200,
                            MediaType.APPLICATION_JSON,
                            again ? "{\"branch\":\"B\"}" : "{\"branch\":\"A\"}"));
        }
    }

    @Test
    void everyAnswerIsAmongThoseThatAreTried() {
        assertThat(answers().stream().map(Object::getClass).distinct())
                .hasSameSizeAs(List.of(WebhookAnswer.class.getPermittedSubclasses()));
    }

    private CallEvent stream(String parameters) {
        return exotel.parse(Endpoint.STREAM, get("CallSid=c1&" + parameters));
    }

    private static List<WebhookAnswer> answers() {
        String hostile = "\"}</x>&é\r\n";
        return List.of(
                connect(),
                new WebhookAnswer.Busy(null, null),
                new WebhookAnswer.Busy(hostile, null),
                new WebhookAnswer.Busy(null, "https://a.example/b.wav"),
                new WebhookAnswer.Hold(hostile, null, Duration.ofSeconds(5), "https://voice.example.com/x"),
                new WebhookAnswer.Hold(null, null, Duration.ofSeconds(5), "https://voice.example.com/x"),
                new WebhookAnswer.Forward("+4930123456"),
                new WebhookAnswer.HangUp(),
                new WebhookAnswer.Noted());
    }

    private static WebhookAnswer.Connect connect() {
        return new WebhookAnswer.Connect(allocation("c1", "lease-of-c1"), URL, new CallLinks("https://n", "https://s"));
    }

    private static String url(StreamToken tokens, String sid, String lease) {
        return "wss://voice.example.com/agent/voice-agent-0/" + sid + "/" + tokens.of(allocation(sid, lease));
    }

    private static Allocation allocation(String sid, String lease) {
        return new Allocation(
                new CallId(sid),
                "voice-agent-0",
                Incarnation.of("voice-agent-0", "u", "c"),
                "127.0.0.1:1",
                "gold",
                new Lease(lease),
                Instant.ofEpochMilli(1),
                null,
                "exotel",
                "EX1",
                null,
                0);
    }

    private static StreamToken tokens(String secret) {
        return new StreamToken(new StreamProperties(null, List.of(new StreamProperties.Key("k1", secret))));
    }
}
