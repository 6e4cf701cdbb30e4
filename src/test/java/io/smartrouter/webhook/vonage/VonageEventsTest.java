package io.smartrouter.webhook.vonage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.smartrouter.pool.CallId;
import io.smartrouter.pool.InvalidInputException;
import io.smartrouter.pool.Lease;
import io.smartrouter.webhook.CallEvent;
import io.smartrouter.webhook.CallEvent.Answer;
import io.smartrouter.webhook.CallEvent.Continue;
import io.smartrouter.webhook.CallEvent.Hangup;
import io.smartrouter.webhook.CallEvent.Progress;
import io.smartrouter.webhook.CallEvent.StreamEnded;
import io.smartrouter.webhook.CallEvent.StreamStarted;
import io.smartrouter.webhook.Endpoint;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

class VonageEventsTest {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final String LEG = "aaaaaaaa-bbbb-cccc-dddd-0123456789ab";
    private static final String SOCKET_LEG = "ffffffff-bbbb-cccc-dddd-0123456789ab";
    private static final String CONVERSATION = "CON-aaaaaaaa-bbbb-cccc-dddd-0123456789ab";
    private static final CallId CALL = new CallId(LEG);
    private static final Lease LEASE = new Lease("lease-1");

    /** The documentation's own example of an answer webhook. */
    private static final String ANSWER = """
        {"from":"442079460000","to":"447700900000","uuid":"%s","conversation_uuid":"%s","SipHeader_X-UserId":"1938ND9"}
        """.formatted(LEG, CONVERSATION);

    @Test
    void theAnswerWebhookNamesTheDialledNumberAndItsUrlNamesNoTenant() {
        assertThat(event(Endpoint.ALLOCATE, "merchant_id=acme", ANSWER))
                .isEqualTo(new Answer(CALL, null, "447700900000"));
        assertThat(event(Endpoint.ALLOCATE, "", "{\"uuid\":\"" + LEG + "\"}")).isEqualTo(new Answer(CALL, null, null));
    }

    @ParameterizedTest
    @EnumSource(Endpoint.class)
    void theCallersLegEndsTheCallWhereverItIsTold(Endpoint endpoint) {
        for (String status :
                List.of("completed", "busy", "cancelled", "failed", "rejected", "timeout", "unanswered", "COMPLETED")) {
            assertThat(event(endpoint, "lease=lease-1", callers(status)))
                    .as(status)
                    .isEqualTo(new Hangup(CALL));
        }
    }

    @ParameterizedTest
    @EnumSource(Endpoint.class)
    void whatGoesOnChangesNothing(Endpoint endpoint) {
        for (String status :
                List.of("started", "ringing", "answered", "human", "machine", "transfer", "disconnected")) {
            assertThat(event(endpoint, "", callers(status))).as(status).isEqualTo(new Progress(CALL));
        }
        assertThat(event(endpoint, "", "{\"call_uuid\":\"" + LEG + "\",\"status\":\"machine\"}"))
                .isEqualTo(new Progress(CALL));
    }

    @Test
    void theEventUrlTakesWhatIsNoStatusForNoEnd() {
        String transfer =
                "{\"conversation_uuid_from\":\"CON-1\",\"conversation_uuid_to\":\"CON-2\",\"uuid\":\"" + LEG + "\"}";
        assertThat(event(Endpoint.HANGUP, "", transfer)).isEqualTo(new Progress(CALL));
        String error = "{\"reason\":\"Syntax error in NCCO\",\"conversation_uuid\":\"" + CONVERSATION + "\"}";
        assertThat(event(Endpoint.HANGUP, "", error)).isEqualTo(new Progress(new CallId(CONVERSATION)));
        assertThat(event(Endpoint.HANGUP, "", callers("something_new"))).isEqualTo(new Progress(CALL));
    }

    @Test
    void theWebSocketsEventsAreAboutTheStreamAndTheLeaseOfOurUrl() {
        assertThat(stream("started")).isEqualTo(new Progress(CALL));
        assertThat(stream("ringing")).isEqualTo(new Progress(CALL));
        assertThat(stream("answered")).isEqualTo(new StreamStarted(CALL, LEASE));
        assertThat(stream("completed")).isEqualTo(new StreamEnded(CALL, LEASE));
        assertThat(stream("cancelled")).isEqualTo(new StreamEnded(CALL, LEASE));
        for (String status : List.of("disconnected", "failed", "unanswered", "busy", "rejected", "timeout")) {
            assertThat(stream(status)).as(status).isEqualTo(new Continue(CALL, LEASE, null, null));
        }
    }

    @Test
    void theWebSocketsEventsEndNoCallWhereverTheyAreTold() {
        for (Endpoint endpoint : List.of(Endpoint.HANGUP, Endpoint.ALLOCATE)) {
            for (String status : List.of("completed", "disconnected", "failed", "unanswered", "timeout")) {
                assertThat(event(endpoint, "", sockets(status))).as(status).isEqualTo(new StreamEnded(CALL, null));
            }
            assertThat(event(endpoint, "", sockets("answered"))).isEqualTo(new StreamStarted(CALL, null));
        }
        // Without our headers nobody knows whose stream it is.
        String bare = "{\"uuid\":\"" + SOCKET_LEG + "\",\"to\":\"wss://voice.example.com/x\",\"status\":\"completed\"}";
        assertThat(event(Endpoint.HANGUP, "", bare)).isEqualTo(new Progress(new CallId(SOCKET_LEG)));
        assertThat(event(Endpoint.STREAM, "lease=lease-1", bare)).isEqualTo(new Progress(new CallId(SOCKET_LEG)));
    }

    @Test
    void atTheStreamsUrlAnotherLegIsTheStreamWhateverItSaysOfItsTarget() {
        String other = sockets("disconnected").replace("wss://voice.example.com/agent/a/b/c", "somewhere");
        assertThat(event(Endpoint.STREAM, "lease=lease-1", other)).isEqualTo(new Continue(CALL, LEASE, null, null));
        String own = sockets("completed")
                .replace("wss://voice.example.com/agent/a/b/c", "4420")
                .replace(SOCKET_LEG, LEG);
        assertThat(event(Endpoint.STREAM, "lease=lease-1", own)).isEqualTo(new Hangup(CALL));
    }

    @Test
    void theNotifyBehindAStreamAsksWhatIsNext() {
        String nested =
                "{\"payload\":{\"lease\":\"lease-1\",\"call_sid\":\"" + LEG + "\"},\"conversation_uuid\":\"CON-1\"}";
        String flat = "{\"lease\":\"lease-1\",\"call_sid\":\"" + LEG + "\"}";
        String withStatus = nested.replace("{\"payload\"", "{\"status\":\"notify\",\"payload\"");
        for (String body : List.of(nested, flat, withStatus)) {
            assertThat(event(Endpoint.CONTINUE, "lease=lease-1", body))
                    .as(body)
                    .isEqualTo(new Continue(CALL, LEASE, null, null));
            // The token covers the body: what it says stands above what the URL says.
            assertThat(event(Endpoint.CONTINUE, "lease=forged&merchant_id=forged", body))
                    .as(body)
                    .isEqualTo(new Continue(CALL, LEASE, null, null));
        }
        assertThat(event(Endpoint.CONTINUE, "lease=lease-1", "{\"uuid\":\"" + LEG + "\"}"))
                .isEqualTo(new Continue(CALL, LEASE, null, null));
    }

    @Test
    void aCallThatWaitedAsksAgainWithWhatItsDocumentSaid() {
        String body =
                "{\"payload\":{\"call_sid\":\"" + LEG + "\",\"merchant_id\":\"acme\"},\"conversation_uuid\":\"CON-1\"}";
        assertThat(event(Endpoint.ALLOCATE, "", body)).isEqualTo(new Answer(CALL, "acme", null));
        assertThat(event(Endpoint.CONTINUE, "", body)).isEqualTo(new Continue(CALL, null, "acme", null));
    }

    @Test
    void whatOurUrlDidNotAnswerComesToTheFallbackUrlAndMeansTheSame() {
        String socket = inVain(sockets("disconnected"), "https://voice.example.com/api/v1/vonage/stream?lease=lease-1");
        assertThat(event(Endpoint.ALLOCATE, "", socket)).isEqualTo(new Continue(CALL, LEASE, null, null));
        String notify = inVain(
                "{\"payload\":{\"call_sid\":\"" + LEG + "\"}}",
                "https://voice.example.com/vonage/continue?lease=lease-1");
        assertThat(event(Endpoint.ALLOCATE, "", notify)).isEqualTo(new Continue(CALL, LEASE, null, null));
        String bare = inVain(notify, "https://voice.example.com/vonage/continue");
        assertThat(event(Endpoint.ALLOCATE, "", bare)).isEqualTo(new Continue(CALL, null, null, null));
        for (String url :
                List.of("https://voice.example.com/vonage/allocate", "", "::", "/vonage/stream/x", "x".repeat(9_000))) {
            assertThat(event(Endpoint.ALLOCATE, "", inVain(ANSWER, url)))
                    .as(url)
                    .isEqualTo(new Answer(CALL, null, "447700900000"));
        }
        assertThat(event(
                        Endpoint.ALLOCATE, "", inVain(callers("completed"), "https://voice.example.com/vonage/hangup")))
                .isEqualTo(new Hangup(CALL));
        // Only the fallback URL is asked in another's place.
        String lie = inVain(callers("ringing"), "https://voice.example.com/vonage/continue?lease=lease-1");
        assertThat(event(Endpoint.HANGUP, "", lie)).isEqualTo(new Progress(CALL));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "null",
                "[]",
                "\"x\"",
                "{",
                "{}x",
                "uuid=a",
                "{\"uuid\":\"a\",\"uuid\":\"b\"}",
                "{}",
                "{\"uuid\":7}",
                "{\"uuid\":\"\"}",
                "{\"uuid\":\"a b\"}",
                "{\"uuid\":null}",
                "{\"payload\":{\"call_sid\":\"a/b\"}}",
                "{\"payload\":{\"call_sid\":\"a\",\"merchant_id\":\"<x>\"}}"
            })
    void aBodyThatSaysNothingUsableIsRefused(String body) {
        assertThatThrownBy(() -> event(Endpoint.ALLOCATE, "", body)).isInstanceOf(InvalidInputException.class);
    }

    @Test
    void deepAndLongBodiesAreRefusedAndBreakNothing() {
        assertThatThrownBy(() -> event(Endpoint.HANGUP, "", "[".repeat(60_000)))
                .isInstanceOf(InvalidInputException.class);
        assertThatThrownBy(() -> event(Endpoint.HANGUP, "", "{\"a\":".repeat(10_000)))
                .isInstanceOf(InvalidInputException.class);
        assertThatThrownBy(() -> event(Endpoint.HANGUP, "", "{\"uuid\":\"" + "a".repeat(60_000) + "\"}"))
                .isInstanceOf(InvalidInputException.class);
        assertThatThrownBy(() -> event(Endpoint.HANGUP, "", "{\"price\":" + "9".repeat(60_000) + "}"))
                .isInstanceOf(InvalidInputException.class);
    }

    private static CallEvent stream(String status) {
        return event(Endpoint.STREAM, "lease=lease-1", sockets(status));
    }

    private static CallEvent event(Endpoint endpoint, String query, String body) {
        return VonageEvents.of(endpoint, VonageSignatureTest.request(query, body));
    }

    private static String inVain(String body, String url) {
        ObjectNode object = (ObjectNode) JSON.readTree(body);
        object.put("reason", "Connection closed.");
        object.putObject("original_request").put("url", url).put("type", "event");
        return object.toString();
    }

    private static String callers(String status) {
        return """
            {"headers":{},"from":"447700900001","to":"442079460000","uuid":"%s","conversation_uuid":"%s",
            "status":"%s","direction":"inbound","timestamp":"2020-01-01T12:00:00.000Z"}\
            """.formatted(LEG, CONVERSATION, status);
    }

    private static String sockets(String status) {
        return """
            {"from":"Unknown","to":"wss://voice.example.com/agent/a/b/c","uuid":"%s","conversation_uuid":"%s",
            "status":"%s","direction":"outbound","headers":{"call_sid":"%s"}}\
            """.formatted(SOCKET_LEG, CONVERSATION, status, LEG);
    }
}
