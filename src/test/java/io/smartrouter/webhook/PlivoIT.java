package io.smartrouter.webhook;

import static io.smartrouter.webhook.plivo.PlivoSigner.TOKEN;
import static io.smartrouter.webhook.plivo.PlivoSigner.encode;
import static io.smartrouter.webhook.plivo.PlivoSigner.pairs;
import static io.smartrouter.webhook.plivo.PlivoSigner.sign;
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

/** Plivo's requests over real HTTP, with the JSON API beside them, on a real Redis with three pods. */
class PlivoIT {
    private static final String PUBLIC = "https://voice.example.com";
    private static final String MESSAGE = "All <agents> & lines are busy.";
    private static final String OTHER_TOKEN = "T3RoZXJUb2tlbk90aGVyVG9rZW5PdGhlclRva2Vu";
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
                        "router.providers.plivo.accounts[0].id", "MA1",
                        "router.providers.plivo.accounts[0].tokens", TOKEN,
                        "router.providers.plivo.accounts[1].id", "MA2",
                        "router.providers.plivo.accounts[1].tokens", OTHER_TOKEN));
        http = new WebhookClient(router);
    }

    @AfterAll
    static void stop() {
        router.close();
        redis.close();
    }

    @Test
    void aProvenCallGetsAPodAndEveryDuplicateTheSameBytes() {
        Answer first = post("/plivo/allocate", "", call("dup-1"));
        assertThat(first.status()).isEqualTo(200);
        assertThat(first.header("content-type")).startsWith("application/xml");
        Element stream = only(first, "Stream");
        assertThat(stream.getAttribute("bidirectional")).isEqualTo("true");
        assertThat(stream.getAttribute("keepCallAlive")).isEqualTo("true");
        assertThat(stream.getAttribute("contentType")).isEqualTo("audio/x-mulaw;rate=8000");
        assertThat(stream.getTextContent())
                .matches("wss://voice\\.example\\.com/agent/voice-agent-\\d/dup-1/\\S+")
                .hasSizeLessThan(2_048);
        assertThat(post("/plivo/allocate", "", call("dup-1")).body()).isEqualTo(first.body());
        assertThat(post("/api/v1/plivo/allocate", "", call("dup-1")).body()).isEqualTo(first.body());
        assertThat(post("/allocate", "", call("dup-1")).body()).isEqualTo(first.body());
        assertThat(post("/api/v1/allocate", "", call("dup-1")).body()).isEqualTo(first.body());
        assertThat(get("/plivo/allocate", call("dup-1")).body()).isEqualTo(first.body());
        assertThat(get("/allocate", call("dup-1")).body()).isEqualTo(first.body());
        hangUp("dup-1");
    }

    @Test
    void theRecordNamesTheProvenAccountAndTheMerchantOfTheUrl() {
        assertThat(only(post("/plivo/allocate", "merchant_id=acme", call("rec-1")), "Stream"))
                .isNotNull();
        assertThat(manager().call(new CallId("rec-1"))).hasValueSatisfying(call -> {
            assertThat(call.provider()).isEqualTo("plivo");
            assertThat(call.account()).isEqualTo("MA1");
            assertThat(call.merchant()).isEqualTo("acme");
        });
        // The other account is genuine, too, but it is not its call: neither its answer nor its end.
        Answer foreign = signed("POST", OTHER_TOKEN, "/plivo/allocate", pairs(), call("rec-1"), Map.of());
        assertThat(only(foreign, "Speak").getTextContent()).isEqualTo(MESSAGE);
        Answer end = signed("POST", OTHER_TOKEN, "/plivo/hangup", pairs(), call("rec-1"), Map.of());
        assertThat(end.status()).isEqualTo(200);
        assertThat(state("rec-1")).isEqualTo(CallState.ALLOCATED);
        hangUp("rec-1");
        assertThat(state("rec-1")).isEqualTo(CallState.ENDED);
    }

    @Test
    void whatIsNotProvenIsRefusedAndWritesNothing() {
        List<String[]> form = call("forged-1");
        String body = encode(form);
        String good = sign(TOKEN, "n", "POST", PUBLIC + "/plivo/allocate", List.of(), form);
        Map<String, String> before = WebhookRouter.keySpace(redis);
        List<Map<String, String>> proofs = List.of(
                Map.of(),
                Map.of("X-Plivo-Signature-V3", good),
                Map.of("X-Plivo-Signature-V3", good, "X-Plivo-Signature-V3-Nonce", "m"),
                Map.of("X-Plivo-Signature-V2", good, "X-Plivo-Signature-V2-Nonce", "n"),
                Map.of("X-Plivo-Signature-V3", good.substring(1), "X-Plivo-Signature-V3-Nonce", "n"),
                Map.of("X-Plivo-Signature-V3", "=\t,,é", "X-Plivo-Signature-V3-Nonce", "n"));
        for (Map<String, String> proof : proofs) {
            for (String path : List.of("/plivo/allocate", "/plivo/hangup", "/allocate", "/api/v1/plivo/hangup")) {
                // The signature is over another body, and for the other paths over another URL.
                Answer answer = http.form("POST", path, "", body + "&x=1", proof);
                refused(answer, 403, "unproven");
            }
        }
        refused(http.form("GET", "/plivo/allocate?" + body, "", null, Map.of()), 403, "unproven");
        var unknown = signed("POST", "NoSuchTokenNoSuchToken", "/plivo/allocate", pairs(), form, Map.of());
        refused(unknown, 403, "unproven");
        var both = signed("POST", TOKEN, "/allocate", pairs(), form, Map.of("X-Twilio-Signature", "x"));
        refused(both, 403, "unproven");
        var json = new LinkedHashMap<>(Map.of("Content-Type", "application/json", "X-Plivo-Signature-V3", good));
        json.put("X-Plivo-Signature-V3-Nonce", "n");
        refused(http.send("POST", "/allocate", json, bytes("{\"call_sid\":\"forged-1\"}")), 403, "unproven");
        refused(http.form("POST", "/allocate", "", "CallSid=a&AccountSid=b", Map.of()), 403, "unproven");
        refused(http.form("POST", "/allocate", "", "CallSid=a", Map.of()), 403, "unproven");
        refused(http.form("POST", "/allocate", "", "CallUUID=a&CallSid=b", Map.of()), 403, "unproven");
        refused(http.form("POST", "/allocate", "", "a=b", Map.of()), 400, "not_a_providers");
        refused(http.form("POST", "/twilio/allocate", "", body, Map.of()), 403, "unproven");
        refused(http.form("POST", "/nobody/allocate", "", body, Map.of()), 404, "unknown_provider");
        refused(http.form("POST", "/plivo/secret/allocate", "", body, Map.of()), 404, "unknown_provider");
        assertThat(WebhookRouter.keySpace(redis)).isEqualTo(before);
    }

    @Test
    void theJsonApiKeepsItsOwnRequests() {
        Answer answer = http.send(
                "POST",
                "/allocate",
                Map.of("Content-Type", "application/json", "Authorization", "Bearer " + WebhookRouter.OPERATOR),
                bytes("{\"call_sid\":\"json-1\",\"provider\":\"plivo\"}"));
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.body()).contains("\"pod_name\"");
        hangUp("json-1");
        refused(
                http.send("POST", "/allocate", Map.of("Content-Type", "application/json"), bytes("{}")),
                401,
                "unauthorized");
    }

    @Test
    void hostAndForwardedHeadersChangeNothing() {
        Map<String, String> lies = Map.of(
                "Host", "evil.example",
                "X-Forwarded-Host", "evil.example",
                "X-Forwarded-Proto", "http",
                "X-Forwarded-Prefix", "/evil",
                "Forwarded", "host=evil.example;proto=http");
        Answer proven = signed("POST", TOKEN, "/plivo/allocate", pairs(), call("host-1"), lies);
        assertThat(only(proven, "Stream").getTextContent()).startsWith("wss://voice.example.com/");
        // Signed over what the headers say instead of over our own URL:
        Map<String, String> proof = new LinkedHashMap<>(lies);
        proof.put(
                "X-Plivo-Signature-V3",
                sign(TOKEN, "n", "POST", "https://evil.example/plivo/allocate", List.of(), call("host-1")));
        proof.put("X-Plivo-Signature-V3-Nonce", "n");
        refused(http.form("POST", "/plivo/allocate", "", encode(call("host-1")), proof), 403, "unproven");
        hangUp("host-1");
    }

    @Test
    void aHangupThatOvertookItsAnswerLeavesNoPod() {
        hangUp("late-1");
        assertThat(only(post("/plivo/allocate", "", call("late-1")), "Speak").getTextContent())
                .isEqualTo(MESSAGE);
        assertThat(manager().call(new CallId("late-1")))
                .hasValueSatisfying(call -> assertThat(call.pod()).isNull());
    }

    @Test
    void aCallThatIsOverGetsNoPodAtTheAnswerUrl() {
        for (String status : List.of("completed", "busy", "failed", "timeout", "no-answer")) {
            String sid = "over-" + status;
            Answer answer =
                    post("/plivo/allocate", "", pairs("CallUUID", sid, "CallStatus", status, "Direction", "outbound"));
            assertThat(answer.status()).isEqualTo(200);
            assertThat(WebhookRouter.xml(answer.body()).getChildNodes().getLength())
                    .isZero();
            assertThat(state(sid)).isEqualTo(CallState.ENDED);
        }
        assertThat(manager().liveCalls()).isZero();
    }

    @Test
    void aFullHouseHearsTheMessage() {
        for (int i = 0; i < PODS; i++) {
            only(post("/plivo/allocate", "", call("full-" + i)), "Stream");
        }
        Answer answer = post("/plivo/allocate", "", call("full-x"));
        assertThat(answer.status()).isEqualTo(200);
        Element speak = only(answer, "Speak", "Hangup");
        assertThat(speak.getTextContent()).isEqualTo(MESSAGE);
        for (int i = 0; i < PODS; i++) {
            hangUp("full-" + i);
        }
        only(post("/plivo/allocate", "", call("full-x")), "Stream");
        hangUp("full-x");
    }

    @Test
    void hostileTextInEveryFieldIsHarmless() {
        String hostile = "</Stream><Hangup/>\r\nX: y\0\u001b[31m']]>\"&é😀";
        List<String[]> form = new ArrayList<>(call("hostile-1"));
        for (String name : List.of("From", "To", "CallerName", "ForwardedFrom", "RequestUUID", "X-PH-a", hostile)) {
            form.add(new String[] {name, hostile});
        }
        Answer answer = post("/plivo/allocate", "", form);
        assertThat(only(answer, "Stream").getTextContent()).doesNotContain("Hangup");
        assertThat(answer.headers().toString()).doesNotContain("31m");
        hangUp("hostile-1");
        for (String field : List.of("CallUUID", "merchant_id", "reseller_id")) {
            List<String[]> query = field.equals("CallUUID") ? pairs() : pairs(field, hostile);
            List<String[]> body = field.equals("CallUUID") ? pairs(field, hostile) : call("hostile-2");
            Answer refused = signed("POST", TOKEN, "/plivo/allocate", query, body, Map.of());
            refused(refused, 400, "invalid_request");
            assertThat(refused.body()).doesNotContain("31m").doesNotContain("Stream>");
        }
        refused(post("/plivo/allocate", "", pairs("From", "1")), 400, "invalid_request");
        refused(post("/plivo/allocate", "", pairs("CallUUID", "a", "CallUUID", "b")), 400, "invalid_request");
        assertThat(manager().call(new CallId("hostile-2"))).isEmpty();
    }

    @Test
    void bodiesOutOfBoundsAreRefused() {
        String big = "CallUUID=big-1&From=" + "9".repeat(1_048_576);
        assertThat(http.form("POST", "/plivo/allocate", "", big, Map.of()).status())
                .isEqualTo(413);
        assertThat(http.chunked("/plivo/allocate", big).status()).isEqualTo(413);
        for (String broken : List.of("CallUUID=%", "CallUUID=%4", "CallUUID=%zz", "CallUUID=%c3%28", "CallUUID=%ff")) {
            refused(http.form("POST", "/plivo/allocate", "", broken, Map.of()), 400, "invalid_request");
            refused(http.form("POST", "/allocate?" + broken, "", "", Map.of()), 400, "invalid_request");
        }
        for (String method : List.of("PUT", "DELETE", "PATCH", "HEAD")) {
            assertThat(http.send(method, "/plivo/allocate", Map.of(), bytes("")).status())
                    .as(method)
                    .isEqualTo(405);
        }
    }

    @Test
    void withRedisAwayTheCallerHearsTheMessageInTime() {
        try (TestRedis other = TestRedis.start();
                ServletWebServerApplicationContext down = WebhookRouter.start(
                        other,
                        1,
                        Map.of(
                                "router.public-url", PUBLIC,
                                "router.providers.plivo.accounts[0].id", "MA1",
                                "router.providers.plivo.accounts[0].tokens", TOKEN))) {
            WebhookClient client = new WebhookClient(down);
            only(signed(client, "POST", TOKEN, "/plivo/allocate", pairs(), call("down-1"), Map.of()), "Stream");
            other.process().destroyForcibly().onExit().join();
            long begun = System.nanoTime();
            Answer answer = signed(client, "POST", TOKEN, "/plivo/allocate", pairs(), call("down-1"), Map.of());
            long answeredMs = (System.nanoTime() - begun) / 1_000_000;
            assertThat(only(answer, "Hangup").getAttribute("reason")).isEqualTo("busy");
            Answer end = signed(client, "POST", TOKEN, "/plivo/hangup", pairs(), call("down-1"), Map.of());
            assertThat(end.status()).isEqualTo(503);
            assertThat(down.getBean(DeferredReleases.class).size()).isEqualTo(1);
            System.out.println("Redis away: answered in ms=" + answeredMs);
            assertThat(answeredMs).isLessThan(3_000);
        }
    }

    private static void hangUp(String sid) {
        List<String[]> form = pairs("CallUUID", sid, "Event", "Hangup", "CallStatus", "completed", "HangupCause", "X");
        assertThat(post("/plivo/hangup", "", form).status()).isEqualTo(200);
        assertThat(get("/api/v1/plivo/hangup", form).status()).isEqualTo(200);
        assertThat(state(sid)).isEqualTo(CallState.ENDED);
    }

    private static List<String[]> call(String sid) {
        return pairs("CallUUID", sid, "From", "+4915112345678", "CallStatus", "ringing", "Direction", "inbound");
    }

    private static Answer post(String path, String query, List<String[]> form) {
        List<String[]> parsed = query.isEmpty() ? pairs() : pairs(query.split("=", -1));
        return signed("POST", TOKEN, path, parsed, form, Map.of());
    }

    private static Answer get(String path, List<String[]> query) {
        return signed("GET", TOKEN, path, query, List.of(), Map.of());
    }

    private static Answer signed(
            String method,
            String token,
            String path,
            List<String[]> query,
            List<String[]> form,
            Map<String, String> more) {
        return signed(http, method, token, path, query, form, more);
    }

    private static Answer signed(
            WebhookClient client,
            String method,
            String token,
            String path,
            List<String[]> query,
            List<String[]> form,
            Map<String, String> more) {
        Map<String, String> headers = new LinkedHashMap<>(more);
        headers.put("X-Plivo-Signature-V3", sign(token, "7", method, PUBLIC + path, query, form));
        headers.put("X-Plivo-Signature-V3-Nonce", "7");
        String target = query.isEmpty() ? path : path + "?" + encode(query);
        return client.form(method, target, "", method.equals("POST") ? encode(form) : null, headers);
    }

    private static void refused(Answer answer, int status, String code) {
        assertThat(answer.status()).as(answer.body()).isEqualTo(status);
        assertThat(answer.header("content-type")).isEqualTo("application/problem+json");
        assertThat(answer.body()).contains("\"code\":\"" + code + "\"");
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
