package io.smartrouter.webhook;

import static io.smartrouter.webhook.vonage.VonageSigner.KEY;
import static io.smartrouter.webhook.vonage.VonageSigner.SECRET;
import static io.smartrouter.webhook.vonage.VonageSigner.bearer;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.smartrouter.InvalidSettingException;
import io.smartrouter.pool.CallId;
import io.smartrouter.pool.CallState;
import io.smartrouter.pool.DeferredReleases;
import io.smartrouter.pool.PoolManager;
import io.smartrouter.testing.TestRedis;
import io.smartrouter.webhook.WebhookClient.Answer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.boot.web.server.servlet.context.ServletWebServerApplicationContext;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Vonage's requests over real HTTP, with the JSON API beside them, on a real Redis with three pods. */
class VonageIT {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final String PUBLIC = "https://voice.example.com";
    private static final String MESSAGE = "All <agents> & \"lines\" are busy.";
    private static final String OTHER_SECRET = "T3RoZXJUb2tlbk90aGVyVG9rZW5PdGhlclRva2Vu";
    private static final String NUMBER = "442079460000";
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
                        "router.providers.vonage.content-type", "audio/l16;rate=8000",
                        "router.providers.vonage.accounts[0].id", KEY,
                        "router.providers.vonage.accounts[0].tokens", SECRET,
                        "router.providers.vonage.accounts[1].id", "ffff9999",
                        "router.providers.vonage.accounts[1].tokens", OTHER_SECRET));
        http = new WebhookClient(router);
    }

    @AfterAll
    static void stop() {
        router.close();
        redis.close();
    }

    @Test
    void aProvenCallGetsAPodAndEveryDuplicateTheSameBytes() {
        Answer first = post("/vonage/allocate", call("dup-1"));
        assertThat(first.status()).isEqualTo(200);
        assertThat(first.header("content-type")).startsWith("application/json");
        assertThat(first.header("cache-control")).contains("no-store");
        JsonNode ncco = JSON.readTree(first.body());
        assertThat(ncco.size()).isEqualTo(2);
        JsonNode endpoint = ncco.at("/0/endpoint/0");
        assertThat(endpoint.get("uri").stringValue())
                .matches("wss://voice\\.example\\.com/agent/voice-agent-\\d/dup-1/\\S+");
        assertThat(endpoint.get("content-type").stringValue()).isEqualTo("audio/l16;rate=8000");
        assertThat(endpoint.at("/headers/call_sid").stringValue()).isEqualTo("dup-1");
        String lease = manager().call(new CallId("dup-1")).orElseThrow().lease().toString();
        assertThat(ncco.at("/0/eventUrl/0").stringValue()).isEqualTo(PUBLIC + "/vonage/stream?lease=" + lease);
        assertThat(ncco.at("/1/eventUrl/0").stringValue()).isEqualTo(PUBLIC + "/vonage/continue?lease=" + lease);
        assertThat(ncco.at("/1/payload/lease").stringValue()).isEqualTo(lease);
        assertThat(post("/vonage/allocate", call("dup-1")).body()).isEqualTo(first.body());
        assertThat(post("/api/v1/vonage/allocate", call("dup-1")).body()).isEqualTo(first.body());
        hangUp("dup-1");
    }

    @Test
    void theRecordNamesTheProvenAccountAndTheUrlNamesNoTenant() {
        connects(post("/vonage/allocate?merchant_id=acme", call("rec-1")));
        assertThat(manager().call(new CallId("rec-1"))).hasValueSatisfying(call -> {
            assertThat(call.provider()).isEqualTo("vonage");
            assertThat(call.account()).isEqualTo(KEY);
            assertThat(call.merchant()).isNull(); // the token covers no query
        });
        // The other account is genuine, too, but it is not its call: neither its answer nor its end.
        says(signed(OTHER_SECRET, "ffff9999", "/vonage/allocate", call("rec-1")));
        Answer end = signed(OTHER_SECRET, "ffff9999", "/vonage/hangup", status("rec-1", "completed"));
        assertThat(end.status()).isEqualTo(200);
        assertThat(state("rec-1")).isEqualTo(CallState.ALLOCATED);
        hangUp("rec-1");
        assertThat(state("rec-1")).isEqualTo(CallState.ENDED);
    }

    @Test
    void whatIsNotProvenIsRefusedAndWritesNothing() {
        connects(post("/vonage/allocate", call("held-1")));
        String body = call("held-1");
        String end = status("held-1", "completed");
        Instant now = Instant.now();
        Map<String, String> before = WebhookRouter.keySpace(redis);
        List<Map<String, String>> proofs = List.of(
                Map.of(),
                Map.of("Authorization", "Basic YTpi"),
                Map.of("Authorization", "Bearer " + WebhookRouter.OPERATOR),
                Map.of("Authorization", bearer(SECRET, KEY, now, body)), // of another body
                Map.of("Authorization", bearer(SECRET, KEY, now.minusSeconds(600), end)),
                Map.of("Authorization", bearer(SECRET, KEY, now.plusSeconds(600), end)),
                Map.of("Authorization", bearer(SECRET, "ffff9999", now, end)),
                Map.of("Authorization", bearer(OTHER_SECRET, KEY, now, end)),
                Map.of("Authorization", bearer("no-such-secret-no-such-secret", KEY, now, end)),
                Map.of("Authorization", bearer(SECRET, KEY, now, end) + "x"),
                Map.of("Authorization", bearer(SECRET, KEY, now, end), "authorization", "Bearer x"));
        for (Map<String, String> proof : proofs) {
            for (String endpoint : List.of("allocate", "hangup", "stream", "continue")) {
                refused(send("/vonage/" + endpoint, proof, end), 403, "unproven");
                refused(send("/api/v1/vonage/" + endpoint, proof, end), 403, "unproven");
            }
        }
        String query = "uuid=held-1&conversation_uuid=CON-1&status=completed";
        var get = Map.of("Authorization", bearer(SECRET, KEY, now, ""));
        refused(http.send("GET", "/vonage/hangup?" + query, get, bytes("")), 403, "unproven");
        refused(http.send("GET", "/allocate?" + query, get, bytes("")), 403, "unproven");
        var genuine = Map.of("Authorization", bearer(SECRET, KEY, now, end));
        refused(send("/vonage/secret/hangup", genuine, end), 404, "unknown_provider");
        assertThat(WebhookRouter.keySpace(redis)).isEqualTo(before);
        // The plain path belongs to the JSON API, which knows nothing of such tokens.
        assertThat(send("/allocate", genuine, end).status()).isEqualTo(401);
        assertThat(WebhookRouter.keySpace(redis)).isEqualTo(before);
        hangUp("held-1");
    }

    @Test
    void hostAndForwardedHeadersChangeNothing() {
        Map<String, String> lies = new LinkedHashMap<>(Map.of(
                "Host", "evil.example",
                "X-Forwarded-Host", "evil.example",
                "X-Forwarded-Proto", "http",
                "Forwarded", "host=evil.example;proto=http"));
        String body = call("host-1");
        lies.put("Authorization", bearer(SECRET, KEY, Instant.now(), body));
        Answer answer = send("/vonage/allocate", lies, body);
        connects(answer);
        assertThat(answer.body()).doesNotContain("evil").contains(PUBLIC + "/vonage/stream");
        hangUp("host-1");
    }

    @Test
    void theCallersLegEndsTheCallAtEveryUrl() {
        for (String endpoint : List.of("allocate", "hangup", "stream", "continue")) {
            String sid = "end-" + endpoint;
            connects(post("/vonage/allocate", call(sid)));
            Answer answer = post("/vonage/" + endpoint, status(sid, "completed"));
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.header("content-type")).startsWith("application/json");
            assertThat(answer.body()).isEmpty();
            assertThat(state(sid)).isEqualTo(CallState.ENDED);
        }
        assertThat(manager().liveCalls()).isZero();
    }

    @Test
    void aCallThatIsOverGetsNoPodAtTheAnswerUrl() {
        for (String status : List.of("completed", "busy", "cancelled", "failed", "rejected", "timeout", "unanswered")) {
            String sid = "over-" + status;
            assertThat(post("/vonage/allocate", status(sid, status)).body()).isEmpty();
            assertThat(state(sid)).isEqualTo(CallState.ENDED);
        }
        assertThat(manager().liveCalls()).isZero();
    }

    @Test
    void aHangupThatOvertookItsAnswerLeavesNoPod() {
        hangUp("late-1");
        says(post("/vonage/allocate", call("late-1")));
        assertThat(manager().call(new CallId("late-1")))
                .hasValueSatisfying(call -> assertThat(call.pod()).isNull());
    }

    @Test
    void eventsOfTheWebSocketAndOfACallThatGoesOnEndNothing() {
        connects(post("/vonage/allocate", call("going-1")));
        Map<String, String> before = WebhookRouter.keySpace(redis);
        for (String status : List.of("started", "ringing", "answered", "human")) {
            assertThat(post("/vonage/hangup", status("going-1", status)).status())
                    .isEqualTo(200);
        }
        for (String status : List.of("started", "ringing", "completed", "disconnected", "failed")) {
            Answer answer = post("/vonage/hangup", socket("going-1", status));
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.body()).isEmpty();
        }
        String error = "{\"reason\":\"Syntax error in NCCO\",\"conversation_uuid\":\"CON-going-1\"}";
        assertThat(post("/vonage/hangup", error).status()).isEqualTo(200);
        assertThat(WebhookRouter.keySpace(redis)).isEqualTo(before);
        assertThat(state("going-1")).isEqualTo(CallState.ALLOCATED);
        hangUp("going-1");
    }

    @Test
    void whatIsNextAfterTheStreamIsAskedByTheWebSocketsEventAndByTheNotify() {
        String asked = "{\"payload\":{\"call_sid\":\"next-SID\"},\"conversation_uuid\":\"CON-1\"}";
        for (String who : List.of("socket", "notify")) {
            String sid = "next-" + who;
            JsonNode ncco = JSON.readTree(post("/vonage/allocate", call(sid)).body());
            boolean socket = who.equals("socket");
            String url = ncco.at(socket ? "/0/eventUrl/0" : "/1/eventUrl/0").stringValue();
            Answer answer = post(
                    url.substring(PUBLIC.length()), socket ? socket(sid, "disconnected") : asked.replace("SID", who));
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.body()).isEqualTo("[]");
            assertThat(state(sid)).isEqualTo(CallState.ENDED);
        }
    }

    @Test
    void aFullHouseHearsTheMessage() {
        for (int i = 0; i < PODS; i++) {
            connects(post("/vonage/allocate", call("full-" + i)));
        }
        says(post("/vonage/allocate", call("full-x")));
        for (int i = 0; i < PODS; i++) {
            hangUp("full-" + i);
        }
        connects(post("/vonage/allocate", call("full-x")));
        hangUp("full-x");
    }

    @Test
    void hostileTextInEveryFieldIsHarmless() {
        String hostile = "\"}]</Stream>\r\nX: y\0\u001b[31m']]>\"&é😀";
        ObjectNode body = (ObjectNode) JSON.readTree(call("hostile-1"));
        for (String name :
                List.of("from", "to", "from_user", "region_url", "SipHeader_X-a", "endpoint_type", hostile)) {
            body.put(name, hostile);
        }
        body.putObject("headers").put("call_sid", hostile);
        Answer answer = post("/vonage/allocate", body.toString());
        connects(answer);
        assertThat(answer.body()).doesNotContain("31m");
        assertThat(answer.headers().toString()).doesNotContain("31m");
        hangUp("hostile-1");
        for (String field : List.of("uuid", "lease", "merchant_id")) {
            ObjectNode payload = JSON.createObjectNode();
            payload.put("uuid", "hostile-2").put(field, hostile);
            Answer refused = post("/vonage/continue", payload.toString());
            refused(refused, 400, "invalid_request");
            assertThat(refused.body()).doesNotContain("31m").doesNotContain("Stream>");
        }
        assertThat(manager().call(new CallId("hostile-2"))).isEmpty();
    }

    @Test
    void bodiesOutOfBoundsAreRefused() {
        String big = "{\"uuid\":\"big-1\",\"from\":\"" + "9".repeat(1_048_576) + "\"}";
        assertThat(post("/vonage/allocate", big).status()).isEqualTo(413);
        assertThat(http.chunked("/vonage/allocate", big).status()).isEqualTo(413);
        for (String broken :
                List.of("", "[]", "null", "{", "uuid=a", "{\"uuid\":\"a\",\"uuid\":\"b\"}", "[".repeat(60_000))) {
            refused(post("/vonage/allocate", broken), 400, "invalid_request");
        }
        byte[] noUtf8 = {'{', '"', (byte) 0xC3, (byte) 0x28, '"', '}'};
        Map<String, String> json = Map.of("Content-Type", "application/json");
        refused(http.send("POST", "/vonage/allocate", json, noUtf8), 400, "invalid_request");
        for (String method : List.of("PUT", "DELETE", "PATCH", "HEAD")) {
            assertThat(http.send(method, "/vonage/allocate", Map.of(), bytes(""))
                            .status())
                    .as(method)
                    .isEqualTo(405);
        }
    }

    @Test
    void withRedisAwayTheCallerIsToldInTime() {
        try (TestRedis other = TestRedis.start();
                ServletWebServerApplicationContext down = WebhookRouter.start(
                        other,
                        1,
                        Map.of(
                                "router.public-url", PUBLIC,
                                "router.busy-message", MESSAGE,
                                "router.providers.vonage.accounts[0].id", KEY,
                                "router.providers.vonage.accounts[0].tokens", SECRET))) {
            WebhookClient client = new WebhookClient(down);
            connects(signed(client, SECRET, KEY, "/vonage/allocate", call("down-1")));
            other.process().destroyForcibly().onExit().join();
            long begun = System.nanoTime();
            says(signed(client, SECRET, KEY, "/vonage/allocate", call("down-1")));
            long answeredMs = (System.nanoTime() - begun) / 1_000_000;
            Answer end = signed(client, SECRET, KEY, "/vonage/hangup", status("down-1", "completed"));
            assertThat(end.status()).isEqualTo(503);
            assertThat(down.getBean(DeferredReleases.class).size()).isEqualTo(1);
            System.out.println("Vonage, Redis away: answered in ms=" + answeredMs);
            assertThat(answeredMs).isLessThan(3_000);
        }
    }

    @Test
    void settingsThatCannotWorkStopTheStart() {
        assertThatThrownBy(
                        () -> WebhookRouter.start(redis, 1, Map.of("router.providers.vonage.content-type", "audio/x")))
                .hasRootCauseInstanceOf(InvalidSettingException.class)
                .rootCause()
                .hasMessageContaining("router.providers.vonage.content-type");
        assertThatThrownBy(() -> WebhookRouter.start(
                        redis,
                        1,
                        Map.of(
                                "router.providers.vonage.accounts[0].id", KEY,
                                "router.providers.vonage.accounts[0].tokens", SECRET)))
                .hasRootCauseInstanceOf(InvalidSettingException.class)
                .rootCause()
                .hasMessageContaining("router.public-url");
    }

    private static void connects(Answer answer) {
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        assertThat(JSON.readTree(answer.body()).at("/0/endpoint/0/type").stringValue())
                .isEqualTo("websocket");
    }

    private static void says(Answer answer) {
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        JsonNode ncco = JSON.readTree(answer.body());
        assertThat(ncco.size()).isEqualTo(1);
        assertThat(ncco.at("/0/action").stringValue()).isEqualTo("talk");
        assertThat(ncco.at("/0/text").stringValue()).isEqualTo(MESSAGE);
    }

    private static void hangUp(String sid) {
        assertThat(post("/vonage/hangup", status(sid, "completed")).status()).isEqualTo(200);
        assertThat(post("/api/v1/vonage/hangup", status(sid, "completed")).status())
                .isEqualTo(200);
        assertThat(state(sid)).isEqualTo(CallState.ENDED);
    }

    private static String call(String sid) {
        return JSON.createObjectNode()
                .put("from", "447700900001")
                .put("to", NUMBER)
                .put("uuid", sid)
                .put("conversation_uuid", "CON-" + sid)
                .toString();
    }

    private static String status(String sid, String status) {
        ObjectNode event = (ObjectNode) JSON.readTree(call(sid));
        return event.put("status", status).put("direction", "inbound").toString();
    }

    private static String socket(String sid, String status) {
        ObjectNode event = (ObjectNode) JSON.readTree(status("leg-of-" + sid, status));
        event.put("to", "wss://voice.example.com/agent/a/b/c");
        event.putObject("headers").put("call_sid", sid);
        return event.toString();
    }

    private static Answer post(String target, String body) {
        return signed(SECRET, KEY, target, body);
    }

    private static Answer signed(String secret, String key, String target, String body) {
        return signed(http, secret, key, target, body);
    }

    private static Answer signed(WebhookClient client, String secret, String key, String target, String body) {
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put("Content-Type", "application/json");
        headers.put("Authorization", bearer(secret, key, Instant.now(), body));
        return client.send("POST", target, headers, bytes(body));
    }

    private static Answer send(String target, Map<String, String> headers, String body) {
        Map<String, String> all = new LinkedHashMap<>(headers);
        all.put("Content-Type", "application/json");
        return http.send("POST", target, all, bytes(body));
    }

    private static void refused(Answer answer, int status, String code) {
        assertThat(answer.status()).as(answer.body()).isEqualTo(status);
        assertThat(answer.header("content-type")).isEqualTo("application/problem+json");
        assertThat(answer.body()).contains("\"code\":\"" + code + "\"");
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
