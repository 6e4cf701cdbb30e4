package io.smartrouter.webhook;

import static io.smartrouter.webhook.plivo.PlivoSigner.encode;
import static io.smartrouter.webhook.plivo.PlivoSigner.pairs;
import static org.assertj.core.api.Assertions.assertThat;

import io.smartrouter.pool.CallId;
import io.smartrouter.pool.CallState;
import io.smartrouter.pool.DeferredReleases;
import io.smartrouter.pool.PoolManager;
import io.smartrouter.testing.TestRedis;
import io.smartrouter.webhook.WebhookClient.Answer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.boot.web.server.servlet.context.ServletWebServerApplicationContext;
import tools.jackson.databind.json.JsonMapper;

/** Exotel's requests over real HTTP, with the JSON API beside them, on a real Redis with three pods. */
@ExtendWith(OutputCaptureExtension.class)
class ExotelIT {
    private static final String SECRET = "exotel-path-secret_0123456789abcdef";
    private static final String NEW_SECRET = "exotel-next-secret_0123456789abcdef";
    private static final String OTHERS_SECRET = "exotel-others-secret_0123456789abc";
    private static final String AT = "/exotel/" + SECRET;
    private static final int PODS = 3;
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private static TestRedis redis;
    private static ServletWebServerApplicationContext router;
    private static WebhookClient http;

    @BeforeAll
    static void start() {
        redis = TestRedis.start();
        router = WebhookRouter.start(redis, PODS, settings(Map.of()));
        http = new WebhookClient(router);
    }

    @AfterAll
    static void stop() {
        router.close();
        redis.close();
    }

    @Test
    void aProvenCallGetsAPodAndEveryDuplicateInAnyShapeTheSameBytes() {
        Answer first = get(AT + "/allocate", call("dup-1"));
        String url = url(first);
        assertThat(first.header("content-type")).isEqualTo("application/json");
        assertThat(first.header("cache-control")).isEqualTo("no-store");
        assertThat(url).matches("wss://voice\\.example\\.com/agent/voice-agent-\\d/dup-1/[A-Za-z0-9._-]+");
        System.out.println("Exotel: stream URL characters=" + url.length());
        assertThat(url).hasSizeLessThan(600);
        List<Answer> duplicates = List.of(
                post(AT + "/allocate", call("dup-1")),
                json(AT + "/allocate", "{\"CallSid\":\"dup-1\",\"CallTo\":\"+918000000001\"}"),
                json("/api/v1" + AT + "/allocate?CallSid=dup-1", ""),
                get("/exotel/" + NEW_SECRET + "/allocate", call("dup-1")),
                http.form("GET", "/exotel/allocate", encode(call("dup-1")), null, basic("EX1", SECRET)),
                http.form("POST", "/exotel/allocate", "", encode(call("dup-1")), basic("EX1", NEW_SECRET)),
                http.form("GET", "/allocate", encode(call("dup-1")), null, basic("EX1", SECRET)),
                http.form("POST", "/api/v1/allocate", "", encode(call("dup-1")), basic("EX1", SECRET)));
        assertThat(duplicates).allSatisfy(answer -> {
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.body()).isEqualTo(first.body());
        });
        assertThat(manager().liveCalls()).isEqualTo(1);
        end("dup-1");
    }

    @Test
    void theRecordNamesTheProvenAccountAndTheMerchantOfTheUrl() {
        url(post(AT + "/allocate?merchant_id=acme", call("rec-1")));
        assertThat(manager().call(new CallId("rec-1"))).hasValueSatisfying(call -> {
            assertThat(call.provider()).isEqualTo("exotel");
            assertThat(call.account()).isEqualTo("EX1");
            assertThat(call.merchant()).isEqualTo("acme");
        });
        // The other account is genuine, too, but it is not its call: neither its answer nor its end.
        String foreign = "/exotel/" + OTHERS_SECRET;
        assertThat(get(foreign + "/allocate", call("rec-1")).body()).isEqualTo("{\"url\":\"\"}");
        assertThat(get(foreign + "/hangup", call("rec-1")).status()).isEqualTo(200);
        assertThat(state("rec-1")).isEqualTo(CallState.ALLOCATED);
        end("rec-1");
    }

    @Test
    void whatIsNotProvenIsRefusedAndWritesNothing() {
        String query = encode(call("forged-1"));
        Map<String, String> before = WebhookRouter.keySpace(redis);
        for (String endpoint : List.of("allocate", "hangup", "stream", "continue")) {
            for (String at : List.of("/exotel", "/exotel/wrong", AT + "x", AT.toUpperCase(java.util.Locale.ROOT))) {
                String path = at.replace("/EXOTEL", "/exotel") + "/" + endpoint;
                for (Map<String, String> headers : forged(path)) {
                    refused(http.form("GET", path, query, null, headers), 403, "unproven");
                    refused(http.form("POST", "/api/v1" + path, "", query, headers), 403, "unproven");
                    Map<String, String> more = new LinkedHashMap<>(headers);
                    more.put("Content-Type", "application/json");
                    refused(http.send("POST", path, more, bytes("{\"CallSid\":\"forged-1\"}")), 403, "unproven");
                }
            }
        }
        // The plain path takes no secret, and a JSON body there is the API's.
        refused(http.form("GET", "/allocate", query, null, Map.of()), 403, "unproven");
        refused(http.form("POST", "/allocate", "", query, basic("EX2", SECRET)), 403, "unproven");
        Map<String, String> json = new LinkedHashMap<>(basic("EX1", SECRET));
        json.put("Content-Type", "application/json");
        refused(http.send("POST", "/allocate", json, bytes("{\"CallSid\":\"forged-1\"}")), 401, "unauthorized");
        // Another provider's signature header binds the request to that provider.
        Map<String, String> both = new LinkedHashMap<>(basic("EX1", SECRET));
        both.put("X-Plivo-Signature-V3", "x");
        refused(http.form("GET", "/allocate", query, null, both), 403, "unproven");
        refused(http.form("GET", "/plivo/" + SECRET + "/allocate", query, null, Map.of()), 404, "unknown_provider");
        assertThat(WebhookRouter.keySpace(redis)).isEqualTo(before);
    }

    @Test
    void theCallIsOverAfterThePassthruThatFollowsItsStream() {
        for (String shape : List.of("GET", "POST", "JSON")) {
            String sid = "pass-" + shape;
            String stream = url(get(AT + "/allocate", call(sid)));
            List<String[]> passthru = pairs(
                    "CallSid",
                    sid,
                    "From",
                    "+911",
                    "Stream[StreamSID]",
                    "s1",
                    "Stream[Status]",
                    "completed",
                    "Stream[StreamUrl]",
                    stream,
                    "Stream[DisconnectedBy]",
                    "bot",
                    "digits",
                    "\"1\"");
            String nested = JSON.writeValueAsString(
                    Map.of("CallSid", sid, "Stream", Map.of("Status", "completed", "StreamUrl", stream)));
            Answer answer =
                    switch (shape) {
                        case "GET" -> get(AT + "/continue", passthru);
                        case "POST" -> post(AT + "/continue", passthru);
                        default -> json(AT + "/continue", nested);
                    };
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.header("location")).isEmpty();
            assertThat(state(sid)).isEqualTo(CallState.ENDED);
        }
        assertThat(manager().liveCalls()).isZero();
    }

    @Test
    void aCallThatIsOverIsEndedAtEveryEndpointAndGetsNoPod() {
        for (String endpoint : List.of("allocate", "hangup", "stream", "continue")) {
            for (String status : List.of("completed", "failed", "busy", "no-answer")) {
                String sid = "over-" + endpoint + "-" + status;
                url(get(AT + "/allocate", call(sid)));
                List<String[]> callback = pairs("CallSid", sid, "Status", status, "EventType", "terminal");
                assertThat(post(AT + "/" + endpoint, callback).status()).isEqualTo(200);
                assertThat(state(sid)).isEqualTo(CallState.ENDED);
                Answer again = post(AT + "/" + endpoint, callback);
                assertThat(again.status()).isEqualTo(200);
                assertThat(again.body()).doesNotContain("wss:");
            }
        }
        String sid = "answered-1";
        url(get(AT + "/allocate", call(sid)));
        String answered = "{\"CallSid\":\"answered-1\",\"EventType\":\"answered\",\"Status\":\"in-progress\"}";
        assertThat(json(AT + "/hangup", answered).status()).isEqualTo(200);
        assertThat(state(sid)).isEqualTo(CallState.ALLOCATED);
        end(sid);
    }

    @Test
    void aHangupThatOvertookItsAnswerLeavesNoPod() {
        end("late-1");
        assertThat(get(AT + "/allocate", call("late-1")).body()).isEqualTo("{\"url\":\"\"}");
        assertThat(manager().call(new CallId("late-1")))
                .hasValueSatisfying(call -> assertThat(call.pod()).isNull());
    }

    @Test
    void aFullHouseGetsAnEmptyUrl() {
        for (int i = 0; i < PODS; i++) {
            url(get(AT + "/allocate", call("full-" + i)));
        }
        Answer answer = get(AT + "/allocate", call("full-x"));
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.body()).isEqualTo("{\"url\":\"\"}");
        for (int i = 0; i < PODS; i++) {
            end("full-" + i);
        }
        url(get(AT + "/allocate", call("full-x")));
        end("full-x");
    }

    @Test
    void hostileTextInEveryFieldIsHarmless() {
        String hostile = "\",\"url\":\"wss://evil\"}\r\nX: y\0\u001b[31m<x>&{é😀";
        List<String[]> fields = new ArrayList<>(call("hostile-1"));
        Map<String, Object> body = new LinkedHashMap<>(Map.of("CallSid", "hostile-1"));
        for (String name : List.of(
                "From",
                "CallFrom",
                "To",
                "CallType",
                "CustomField",
                "digits",
                "Stream[StreamUrl]",
                "Stream[Status]",
                "Direction",
                "EventType",
                hostile)) {
            fields.add(new String[] {name, hostile});
            body.put(name.length() > 40 ? "x" : name, hostile);
        }
        for (Answer answer : List.of(
                get(AT + "/allocate", fields),
                post(AT + "/allocate", fields),
                json(AT + "/allocate", JSON.writeValueAsString(body)))) {
            assertThat(url(answer)).startsWith("wss://voice.example.com/").doesNotContain("evil");
            assertThat(answer.headers().toString()).doesNotContain("31m");
        }
        end("hostile-1");
        for (Answer answer : List.of(
                get(AT + "/allocate", pairs("CallSid", hostile)),
                json(AT + "/allocate", JSON.writeValueAsString(Map.of("CallSid", hostile))),
                get(AT + "/allocate", pairs("CallSid", "hostile-2", "merchant_id", hostile)),
                get(AT + "/allocate", pairs("CallSid", "hostile-2", "reseller_id", hostile)),
                get(AT + "/allocate", pairs("CallSid", "hostile-2", "Stream", "{" + hostile)),
                get(AT + "/allocate", pairs("From", "1")),
                get(AT + "/allocate", pairs("CallSid", "hostile-2", "CallSid", "hostile-3")),
                json(AT + "/allocate", "{\"CallSid\":\"hostile-2\",\"CallSid\":\"hostile-2\"}"),
                json(AT + "/allocate", "{\"CallSid\":\"hostile-2\",\"a\":" + "[".repeat(20_000)))) {
            refused(answer, 400, "invalid_request");
            assertThat(answer.body()).doesNotContain("31m").doesNotContain("evil");
        }
        assertThat(manager().call(new CallId("hostile-2"))).isEmpty();
    }

    @Test
    void bodiesOutOfBoundsAreRefused() {
        String big = "CallSid=big-1&From=" + "9".repeat(1_048_576);
        assertThat(http.form("POST", AT + "/allocate", "", big, Map.of()).status())
                .isEqualTo(413);
        assertThat(http.chunked(AT + "/allocate", big).status()).isEqualTo(413);
        assertThat(json(AT + "/allocate", "{\"CallSid\":\"" + "9".repeat(1_048_576))
                        .status())
                .isEqualTo(413);
        for (String broken : List.of("CallSid=%", "CallSid=%zz", "CallSid=%c3%28", "CallSid=%ff")) {
            refused(http.form("POST", AT + "/allocate", "", broken, Map.of()), 400, "invalid_request");
            refused(http.form("GET", AT + "/allocate", broken, null, Map.of()), 400, "invalid_request");
        }
        for (String method : List.of("PUT", "DELETE", "PATCH", "HEAD")) {
            assertThat(http.send(method, AT + "/allocate", Map.of(), bytes("")).status())
                    .as(method)
                    .isEqualTo(405);
        }
    }

    @Test
    void theSecretOfThePathIsNeitherLoggedNorAnswered(CapturedOutput output) {
        List<Answer> answers = new ArrayList<>();
        for (String at : List.of(AT, AT + "x", "/exotel/x" + SECRET, "/plivo/" + SECRET, "/nobody/" + SECRET)) {
            for (String last : List.of(
                    "/allocate",
                    "/alocate",
                    "/allocate/",
                    "/allocate/x",
                    "//allocate",
                    "/",
                    "",
                    "/allocate;x=1",
                    "/%2f",
                    "/allocate?CallSid=%",
                    "/allocate?CallSid=%20" + SECRET,
                    "/allocate?a=|{}",
                    "/allocate?a=\u0001",
                    "/hangup?CallSid=log-1",
                    "/allocate\\x",
                    "/%zz/allocate")) {
                for (String method : List.of("GET", "POST", "PUT", "OPTIONS", "TRACE", "BREW")) {
                    answers.add(http.send(method, at + last, Map.of(), bytes("")));
                }
            }
        }
        answers.add(http.send("POST", AT + "/allocate", Map.of("Content-Type", "no type"), bytes("x")));
        answers.add(http.send("POST", AT + "/allocate", Map.of("Content-Type", "multipart/form-data"), bytes("x")));
        answers.add(json(AT + "/allocate", "{"));
        answers.add(http.send("GET", AT + "/allocate", Map.of("X-Long", "x".repeat(20_000)), bytes("")));
        answers.add(http.send("GET", AT + "/allocate", Map.of("Bad Header", "x"), bytes("")));
        assertThat(answers.stream().map(Answer::status).distinct()).contains(200, 400, 403, 404, 405, 415);
        assertThat(answers)
                .noneSatisfy(
                        answer -> assertThat(answer.body() + answer.headers()).contains(SECRET));
        assertThat(output).contains("webhook refused provider=exotel reason=wrong_secret");
        assertThat(output).doesNotContain(SECRET);
        end("log-1");
    }

    /** On Kubernetes the framework would believe X-Forwarded-For of any private address by itself. */
    @Test
    void whereAddressesAreListedOnlyATrustedProxysWordCounts() {
        try (ServletWebServerApplicationContext narrow = WebhookRouter.start(
                redis,
                PODS,
                settings(Map.of(
                        "spring.main.cloud-platform", "kubernetes",
                        "router.trusted-proxies", "127.0.0.1,192.0.2.0/24",
                        "router.providers.exotel.allowed-addresses", "198.51.100.0/24,2001:db8::/32")))) {
            WebhookClient client = new WebhookClient(narrow);
            for (String from : List.of(
                    "198.51.100.7",
                    "198.51.100.7, 192.0.2.9",
                    "203.0.113.9, 198.51.100.7",
                    "2001:db8::7",
                    "198.51.100.7:4711")) {
                Map<String, String> headers = Map.of("X-Forwarded-For", from);
                assertThat(url(client.form("GET", AT + "/allocate", encode(call("addr-1")), null, headers)))
                        .as(from)
                        .contains("/addr-1/");
            }
            Map<String, String> before = WebhookRouter.keySpace(redis);
            for (Map<String, String> headers : List.of(
                    Map.<String, String>of(),
                    Map.of("X-Forwarded-For", "203.0.113.9"),
                    Map.of("X-Forwarded-For", "198.51.100.7, 203.0.113.9"),
                    Map.of("X-Forwarded-For", "198.51.100.7, 10.0.0.5"),
                    Map.of("X-Forwarded-For", "198.51.100.7, localhost"),
                    Map.of("X-Real-IP", "198.51.100.7"),
                    Map.of("Forwarded", "for=198.51.100.7"))) {
                for (String endpoint : List.of("allocate", "hangup", "continue")) {
                    Answer answer = client.form("GET", AT + "/" + endpoint, encode(call("addr-1")), null, headers);
                    refused(answer, 403, "unproven");
                }
            }
            assertThat(WebhookRouter.keySpace(redis)).isEqualTo(before);
        }
        end("addr-1");
    }

    @Test
    void withRedisAwayTheFlowGoesOnInTime() {
        try (TestRedis other = TestRedis.start();
                ServletWebServerApplicationContext down = WebhookRouter.start(other, 1, settings(Map.of()))) {
            WebhookClient client = new WebhookClient(down);
            url(client.form("GET", AT + "/allocate", encode(call("down-1")), null, Map.of()));
            other.process().destroyForcibly().onExit().join();
            long begun = System.nanoTime();
            Answer answer = client.form("GET", AT + "/allocate", encode(call("down-1")), null, Map.of());
            long answeredMs = (System.nanoTime() - begun) / 1_000_000;
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.body()).isEqualTo("{\"url\":\"\"}");
            Answer end = client.form("POST", AT + "/hangup", "", encode(call("down-1")), Map.of());
            assertThat(end.status()).isEqualTo(503);
            assertThat(down.getBean(DeferredReleases.class).size()).isEqualTo(1);
            System.out.println("Redis away: answered in ms=" + answeredMs);
            assertThat(answeredMs).isLessThan(3_000);
        }
    }

    private static Map<String, Object> settings(Map<String, Object> more) {
        Map<String, Object> settings = new LinkedHashMap<>(Map.of(
                "router.public-url", "https://voice.example.com",
                "router.busy-message", "All lines are busy.",
                "router.providers.exotel.accounts[0].id", "EX1",
                "router.providers.exotel.accounts[0].tokens", SECRET + "," + NEW_SECRET,
                "router.providers.exotel.accounts[1].id", "EX2",
                "router.providers.exotel.accounts[1].tokens", OTHERS_SECRET));
        settings.putAll(more);
        return settings;
    }

    private static List<Map<String, String>> forged(String path) {
        List<Map<String, String>> headers = new ArrayList<>(List.of(
                Map.of(),
                Map.of("X-Forwarded-For", "127.0.0.1"),
                Map.of("Authorization", "Bearer " + SECRET),
                basic("EX1", "wrong"),
                basic("EX2", SECRET),
                basic("EX1", OTHERS_SECRET),
                basic("", SECRET)));
        if (!path.startsWith("/exotel/allocate")
                && path.chars().filter(c -> c == '/').count() > 2) {
            headers.add(basic("EX1", SECRET)); // beside a wrong secret in the path
        }
        return headers;
    }

    private static Map<String, String> basic(String user, String password) {
        return Map.of("Authorization", "Basic " + Base64.getEncoder().encodeToString(bytes(user + ":" + password)));
    }

    /** The stream's URL in an answer that has one. */
    private static String url(Answer answer) {
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        String url = JSON.readTree(answer.body()).path("url").asString();
        assertThat(url).startsWith("wss://");
        return url;
    }

    private static void end(String sid) {
        List<String[]> callback = pairs("CallSid", sid, "Status", "completed", "EventType", "terminal");
        assertThat(post(AT + "/hangup", callback).status()).isEqualTo(200);
        assertThat(get("/api/v1" + AT + "/hangup", callback).status()).isEqualTo(200);
        assertThat(state(sid)).isEqualTo(CallState.ENDED);
    }

    private static List<String[]> call(String sid) {
        return pairs("CallSid", sid, "CallFrom", "+919812345678", "CallTo", "+918000000001", "Direction", "incoming");
    }

    private static Answer get(String path, List<String[]> query) {
        return http.form("GET", path, encode(query), null, Map.of());
    }

    private static Answer post(String path, List<String[]> form) {
        return http.form("POST", path, "", encode(form), Map.of());
    }

    private static Answer json(String path, String body) {
        return http.send("POST", path, Map.of("Content-Type", "application/json"), bytes(body));
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
