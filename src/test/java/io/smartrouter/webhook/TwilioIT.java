package io.smartrouter.webhook;

import static io.smartrouter.webhook.twilio.TwilioSigner.TOKEN;
import static io.smartrouter.webhook.twilio.TwilioSigner.encode;
import static io.smartrouter.webhook.twilio.TwilioSigner.pairs;
import static io.smartrouter.webhook.twilio.TwilioSigner.sign;
import static org.assertj.core.api.Assertions.assertThat;

import io.smartrouter.pool.CallId;
import io.smartrouter.pool.CallState;
import io.smartrouter.pool.DeferredReleases;
import io.smartrouter.pool.PoolManager;
import io.smartrouter.testing.TestRedis;
import io.smartrouter.webhook.WebhookClient.Answer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.boot.web.server.servlet.context.ServletWebServerApplicationContext;
import org.w3c.dom.Element;

/** Twilio's requests over real HTTP on a real Redis with three pods; the public URL has a port and a path. */
class TwilioIT {
    private static final String PUBLIC = "https://voice.example.com:8443/router";
    private static final String MESSAGE = "All <agents> & lines are busy.";
    private static final String OTHER_TOKEN = "fedcba9876543210fedcba9876543210";
    private static final List<String> OVER = List.of("completed", "busy", "failed", "no-answer", "canceled");
    private static final int PODS = 3;

    private static TestRedis redis;
    private static ServletWebServerApplicationContext router;
    private static WebhookClient http;

    @BeforeAll
    static void start() {
        redis = TestRedis.start();
        router = WebhookRouter.start(
                redis,
                PODS,
                Map.of(
                        "router.public-url", PUBLIC,
                        "router.busy-message", MESSAGE,
                        "router.providers.twilio.accounts[0].id", "AC1",
                        "router.providers.twilio.accounts[0].tokens", TOKEN,
                        "router.providers.twilio.accounts[1].id", "AC2",
                        "router.providers.twilio.accounts[1].tokens", OTHER_TOKEN));
        http = new WebhookClient(router);
    }

    @AfterAll
    static void stop() {
        router.close();
        redis.close();
    }

    @Test
    void aProvenCallGetsAPodAndEveryDuplicateTheSameBytes() {
        Answer first = post("/twilio/allocate", call("dup-1"));
        assertThat(first.status()).isEqualTo(200);
        assertThat(first.header("content-type")).startsWith("application/xml");
        Element stream = stream(first);
        assertThat(stream.getAttribute("url")).matches("wss://voice\\.example\\.com/agent/voice-agent-\\d/dup-1/[^?]+");
        assertThat(stream.getAttribute("statusCallback")).matches("\\Q" + PUBLIC + "\\E/twilio/stream\\?lease=\\S+");
        Element parameter = (Element) stream.getFirstChild();
        assertThat(parameter.getAttribute("name")).isEqualTo("call_sid");
        assertThat(parameter.getAttribute("value")).isEqualTo("dup-1");
        Element next =
                WebhookRouter.children(first.body(), "Connect", "Redirect").get(1);
        assertThat(next.getTextContent()).matches("\\Q" + PUBLIC + "\\E/twilio/continue\\?lease=\\S+");
        for (String path : List.of(
                "/twilio/allocate", "/api/v1/twilio/allocate", "/allocate", "/api/v1/allocate", "/allocate?a=%20")) {
            assertThat(post(path, call("dup-1")).body()).as(path).isEqualTo(first.body());
        }
        for (String path : List.of("/twilio/allocate", "/allocate", "/api/v1/twilio/allocate")) {
            assertThat(get(path, call("dup-1")).body()).as(path).isEqualTo(first.body());
        }
        List<String[]> fallback = call("dup-1");
        fallback.addAll(pairs("ErrorCode", "11200", "ErrorUrl", PUBLIC + "/twilio/allocate"));
        assertThat(post("/twilio/allocate", fallback).body()).isEqualTo(first.body());
        hangUp("dup-1");
    }

    @Test
    void theRecordNamesTheProvenAccountAndTheMerchantOfTheUrl() {
        List<String[]> form = call("rec-1");
        form.addAll(pairs("merchant_id", "other"));
        stream(post("/twilio/allocate?merchant_id=acme", form));
        assertThat(manager().call(new CallId("rec-1"))).hasValueSatisfying(call -> {
            assertThat(call.provider()).isEqualTo("twilio");
            assertThat(call.account()).isEqualTo("AC1");
            assertThat(call.merchant()).isEqualTo("acme");
        });
        // The other account is genuine, too, but it is not its call: neither its answer nor its end.
        List<String[]> foreign = pairs("CallSid", "rec-1", "AccountSid", "AC2", "CallStatus", "completed");
        assertThat(signed("POST", OTHER_TOKEN, "/twilio/hangup", foreign, Map.of())
                        .status())
                .isEqualTo(200);
        assertThat(state("rec-1")).isEqualTo(CallState.ALLOCATED);
        List<String[]> answer = pairs("CallSid", "rec-1", "AccountSid", "AC2", "CallStatus", "ringing");
        assertThat(only(signed("POST", OTHER_TOKEN, "/twilio/allocate", answer, Map.of()), "Say", "Hangup")
                        .getTextContent())
                .isEqualTo(MESSAGE);
        hangUp("rec-1");
    }

    @Test
    void whatIsNotProvenIsRefusedAndWritesNothing() {
        List<String[]> form = call("forged-1");
        String body = encode(form);
        String good = sign(TOKEN, PUBLIC + "/twilio/allocate", form);
        Map<String, String> before = WebhookRouter.keySpace(redis);
        List<Map<String, String>> proofs = List.of(
                Map.of(),
                Map.of("X-Twilio-Signature", good),
                Map.of("X-Twilio-Signature", good + "," + good),
                Map.of("X-Twilio-Signature", good.substring(1)),
                Map.of("X-Twilio-Signature", "=\t,,é"),
                Map.of("I-Twilio-Idempotency-Token", good));
        for (Map<String, String> proof : proofs) {
            for (String path : List.of(
                    "/twilio/allocate",
                    "/twilio/hangup",
                    "/twilio/stream",
                    "/twilio/continue",
                    "/allocate",
                    "/api/v1/twilio/hangup")) {
                // The signature is over another body, and for the other paths over another URL.
                refused(http.form("POST", path, "", body + "&x=1", proof), 403, "unproven");
                refused(http.form("POST", path, "a=b", body, proof), 403, "unproven");
            }
        }
        refused(
                http.form("GET", "/twilio/allocate?" + body, "", null, Map.of("X-Twilio-Signature", good)),
                403,
                "unproven");
        // Another account's token, and one of an account that is configured but not the one that the request names.
        refused(signed("POST", "NoSuchTokenNoSuchToken", "/twilio/allocate", form, Map.of()), 403, "unproven");
        refused(signed("POST", OTHER_TOKEN, "/twilio/allocate", form, Map.of()), 403, "unproven");
        // Marks of two providers.
        refused(signed("POST", TOKEN, "/allocate", form, Map.of("X-Plivo-Signature-V3", "x")), 403, "unproven");
        // A body that the signature does not cover.
        refused(
                http.send(
                        "POST",
                        "/twilio/allocate",
                        Map.of(
                                "Content-Type",
                                "application/json",
                                "X-Twilio-Signature",
                                sign(TOKEN, PUBLIC + "/twilio/allocate", List.of())),
                        bytes("{\"CallSid\":\"forged-1\"}")),
                403,
                "unproven");
        refused(http.form("POST", "/twilio/secret/allocate", "", body, Map.of()), 404, "unknown_provider");
        assertThat(WebhookRouter.keySpace(redis)).isEqualTo(before);
    }

    @Test
    void hostAndForwardedHeadersChangeNothingAndThePortMayBeMissing() {
        Map<String, String> lies = Map.of(
                "Host", "evil.example",
                "X-Forwarded-Host", "evil.example",
                "X-Forwarded-Proto", "http",
                "X-Forwarded-Port", "1",
                "X-Forwarded-Prefix", "/evil",
                "Forwarded", "host=evil.example;proto=http");
        Answer proven = signed("POST", TOKEN, "/twilio/allocate", call("host-1"), lies);
        assertThat(stream(proven).getAttribute("url")).startsWith("wss://voice.example.com/");
        for (String url : List.of("https://evil.example/twilio/allocate", "http://evil.example/evil/twilio/allocate")) {
            Map<String, String> proof = new LinkedHashMap<>(lies);
            proof.put("X-Twilio-Signature", sign(TOKEN, url, call("host-1")));
            refused(http.form("POST", "/twilio/allocate", "", encode(call("host-1")), proof), 403, "unproven");
        }
        String withoutPort = sign(TOKEN, "https://voice.example.com/router/twilio/allocate", call("host-1"));
        Answer same = http.form(
                "POST", "/twilio/allocate", "", encode(call("host-1")), Map.of("X-Twilio-Signature", withoutPort));
        assertThat(same.body()).isEqualTo(proven.body());
        hangUp("host-1");
    }

    @Test
    void aHangupThatOvertookItsAnswerLeavesNoPod() {
        hangUp("late-1");
        assertThat(only(post("/twilio/allocate", call("late-1")), "Say", "Hangup")
                        .getTextContent())
                .isEqualTo(MESSAGE);
        assertThat(manager().call(new CallId("late-1")))
                .hasValueSatisfying(call -> assertThat(call.pod()).isNull());
    }

    @Test
    void everyEndOfACallEndsItAtEveryEndpointByGetAndPost() {
        for (String endpoint : List.of("allocate", "hangup", "stream", "continue")) {
            for (String status : OVER) {
                String sid = "over-" + endpoint + "-" + status;
                stream(post("/twilio/allocate", call(sid)));
                List<String[]> form = pairs("CallSid", sid, "AccountSid", "AC1", "CallStatus", status);
                for (Answer answer : List.of(post("/twilio/" + endpoint, form), get("/twilio/" + endpoint, form))) {
                    assertThat(answer.status()).isEqualTo(200);
                    assertThat(WebhookRouter.xml(answer.body()).hasChildNodes()).isFalse();
                }
                assertThat(state(sid)).isEqualTo(CallState.ENDED);
            }
        }
        assertThat(manager().liveCalls()).isZero();
    }

    @Test
    void whatBecomesOfACallOnItsWayEndsNothing() {
        stream(post("/twilio/allocate", call("way-1")));
        for (String status : List.of("initiated", "ringing", "in-progress")) {
            List<String[]> form =
                    pairs("CallSid", "way-1", "AccountSid", "AC1", "CallStatus", status, "Direction", "outbound-api");
            assertThat(WebhookRouter.xml(post("/twilio/hangup", form).body()).hasChildNodes())
                    .isFalse();
        }
        for (String event : List.of("stream-error", "of-next-year")) {
            List<String[]> form = pairs("CallSid", "way-1", "AccountSid", "AC1", "StreamEvent", event);
            assertThat(WebhookRouter.xml(post("/twilio/stream", form).body()).hasChildNodes())
                    .isFalse();
        }
        assertThat(state("way-1")).isEqualTo(CallState.ALLOCATED);
        hangUp("way-1");
    }

    @Test
    void theStreamsCallbackAtItsOwnUrlIsProven() {
        String callback = stream(post("/twilio/allocate", call("events-1"))).getAttribute("statusCallback");
        String path = callback.substring(PUBLIC.length());
        for (String event : List.of("stream-started", "stream-error")) {
            Answer answer = post(
                    path, pairs("CallSid", "events-1", "AccountSid", "AC1", "StreamSid", "MZ1", "StreamEvent", event));
            assertThat(answer.status()).isEqualTo(200);
            assertThat(WebhookRouter.xml(answer.body()).hasChildNodes()).isFalse();
        }
        hangUp("events-1");
    }

    @Test
    void aFullHouseHearsTheMessage() {
        for (int i = 0; i < PODS; i++) {
            stream(post("/twilio/allocate", call("full-" + i)));
        }
        Answer answer = post("/twilio/allocate", call("full-x"));
        assertThat(answer.status()).isEqualTo(200);
        assertThat(only(answer, "Say", "Hangup").getTextContent()).isEqualTo(MESSAGE);
        for (int i = 0; i < PODS; i++) {
            hangUp("full-" + i);
        }
        stream(post("/twilio/allocate", call("full-x")));
        hangUp("full-x");
    }

    @Test
    void hostileTextInEveryFieldIsHarmless() {
        String hostile = "</Stream><Hangup/>\r\nX: y\0\u001b[31m']]>\"&é😀";
        List<String[]> form = call("hostile-1");
        for (String name :
                List.of("From", "To", "CallerName", "ForwardedFrom", "ApiVersion", "SipHeader_X-a", hostile)) {
            form.removeIf(pair -> pair[0].equals(name));
            form.add(new String[] {name, hostile});
        }
        Answer answer = post("/twilio/allocate", form);
        assertThat(stream(answer).getAttribute("url")).doesNotContain("Hangup");
        assertThat(answer.headers().toString()).doesNotContain("31m");
        assertThat(get("/twilio/allocate", form).body()).isEqualTo(answer.body());
        hangUp("hostile-1");
        List<String[]> evilCall = pairs("CallSid", hostile, "AccountSid", "AC1");
        harmless(post("/twilio/allocate", evilCall));
        harmless(post("/twilio/hangup", evilCall));
        for (String name : List.of("merchant_id", "reseller_id")) {
            harmless(post("/twilio/allocate?" + encode(pairs(name, hostile)), call("hostile-2")));
        }
        harmless(post("/twilio/continue?" + encode(pairs("lease", hostile)), call("hostile-2")));
        refused(post("/twilio/allocate", pairs("From", "1")), 400, "invalid_request");
        refused(post("/twilio/allocate", pairs("CallSid", "a", "CallSid", "b")), 400, "invalid_request");
        refused(post("/twilio/allocate?CallSid=a", call("hostile-2")), 400, "invalid_request");
        // An account that is not configured names nobody; the signer's is the account.
        stream(post("/twilio/allocate", pairs("CallSid", "hostile-3", "AccountSid", hostile)));
        assertThat(manager().call(new CallId("hostile-3")))
                .hasValueSatisfying(call -> assertThat(call.account()).isEqualTo("AC1"));
        hangUp("hostile-3");
        assertThat(manager().call(new CallId("hostile-2"))).isEmpty();
    }

    @Test
    void bodiesOutOfBoundsAreRefused() {
        String big = "CallSid=big-1&AccountSid=AC1&From=" + "9".repeat(1_048_576);
        assertThat(http.form("POST", "/twilio/allocate", "", big, Map.of()).status())
                .isEqualTo(413);
        assertThat(http.chunked("/twilio/allocate", big).status()).isEqualTo(413);
        for (String broken : List.of("CallSid=%", "CallSid=%4", "CallSid=%zz", "CallSid=%c3%28", "CallSid=%ff")) {
            refused(http.form("POST", "/twilio/allocate", "", broken, Map.of()), 400, "invalid_request");
            refused(http.form("POST", "/twilio/allocate?" + broken, "", "", Map.of()), 400, "invalid_request");
        }
        for (String method : List.of("PUT", "DELETE", "PATCH", "HEAD")) {
            assertThat(http.send(method, "/twilio/allocate", Map.of(), bytes(""))
                            .status())
                    .as(method)
                    .isEqualTo(405);
        }
    }

    @Test
    void withRedisAwayTheCallerHearsABusyToneInTime() {
        try (TestRedis other = TestRedis.start();
                ServletWebServerApplicationContext down = WebhookRouter.start(
                        other,
                        1,
                        Map.of(
                                "router.public-url", PUBLIC,
                                "router.providers.twilio.accounts[0].id", "AC1",
                                "router.providers.twilio.accounts[0].tokens", TOKEN))) {
            WebhookClient client = new WebhookClient(down);
            stream(signed(client, "POST", TOKEN, "/twilio/allocate", call("down-1"), Map.of()));
            other.process().destroyForcibly().onExit().join();
            long begun = System.nanoTime();
            Answer answer = signed(client, "POST", TOKEN, "/twilio/allocate", call("down-1"), Map.of());
            long answeredMs = (System.nanoTime() - begun) / 1_000_000;
            assertThat(only(answer, "Reject").getAttribute("reason")).isEqualTo("busy");
            List<String[]> over = pairs("CallSid", "down-1", "AccountSid", "AC1", "CallStatus", "completed");
            assertThat(signed(client, "POST", TOKEN, "/twilio/hangup", over, Map.of())
                            .status())
                    .isEqualTo(503);
            assertThat(down.getBean(DeferredReleases.class).size()).isEqualTo(1);
            System.out.println("Redis away: answered in ms=" + answeredMs);
            assertThat(answeredMs).isLessThan(15_000); // Twilio waits no longer
        }
    }

    private static void hangUp(String sid) {
        List<String[]> form = pairs(
                "CallSid",
                sid,
                "AccountSid",
                "AC1",
                "CallStatus",
                "completed",
                "CallDuration",
                "7",
                "SequenceNumber",
                "0");
        assertThat(post("/twilio/hangup", form).status()).isEqualTo(200);
        assertThat(get("/api/v1/twilio/hangup", form).status()).isEqualTo(200);
        assertThat(state(sid)).isEqualTo(CallState.ENDED);
    }

    private static List<String[]> call(String sid) {
        return new ArrayList<>(pairs(
                "CallSid", sid,
                "AccountSid", "AC1",
                "From", "+4915112345678",
                "To", "+15550199",
                "CallStatus", "ringing",
                "ApiVersion", "2010-04-01",
                "Direction", "inbound"));
    }

    private static Answer post(String target, List<String[]> form) {
        return signed("POST", TOKEN, target, form, Map.of());
    }

    private static Answer get(String path, List<String[]> query) {
        return signed("GET", TOKEN, path + "?" + encode(query), List.of(), Map.of());
    }

    private static Answer signed(
            String method, String token, String target, List<String[]> form, Map<String, String> more) {
        return signed(http, method, token, target, form, more);
    }

    private static Answer signed(
            WebhookClient client,
            String method,
            String token,
            String target,
            List<String[]> form,
            Map<String, String> more) {
        Map<String, String> headers = new LinkedHashMap<>(more);
        headers.put("X-Twilio-Signature", sign(token, PUBLIC + target, form));
        return client.form(method, target, "", method.equals("POST") ? encode(form) : null, headers);
    }

    private static void harmless(Answer answer) {
        refused(answer, 400, "invalid_request");
        assertThat(answer.body()).doesNotContain("31m").doesNotContain("Stream>");
    }

    private static void refused(Answer answer, int status, String code) {
        assertThat(answer.status()).as(answer.body()).isEqualTo(status);
        assertThat(answer.header("content-type")).isEqualTo("application/problem+json");
        assertThat(answer.body()).contains("\"code\":\"" + code + "\"");
    }

    private static Element stream(Answer answer) {
        Element stream = (Element) only(answer, "Connect", "Redirect").getFirstChild();
        assertThat(stream.getTagName()).isEqualTo("Stream");
        return stream;
    }

    private static Element only(Answer answer, String... names) {
        return WebhookRouter.children(answer.body(), names).getFirst();
    }

    private static CallState state(String sid) {
        return manager().call(new CallId(sid)).orElseThrow().state();
    }

    private static PoolManager manager() {
        return router.getBean(PoolManager.class);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
