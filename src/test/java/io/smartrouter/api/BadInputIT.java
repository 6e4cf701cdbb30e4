package io.smartrouter.api;

import static io.smartrouter.api.TestRouter.OPERATOR;
import static org.assertj.core.api.Assertions.assertThat;

import io.smartrouter.api.HttpClientForTests.Answer;
import io.smartrouter.testing.TestRedis;
import java.io.ByteArrayOutputStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.assertj.core.api.SoftAssertions;
import org.jspecify.annotations.NullUnmarked;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Whatever is wrong with a request, the answer is a 4xx problem without an echo, and Redis holds what it held. */
@NullUnmarked
class BadInputIT {
    private static final String ECHO = "zq7hostile";
    private static TestRedis redis;
    private static TestRouter router;
    private static HttpClientForTests http;
    private static KeySpace keySpace;
    private static String token;
    private static int sent;

    private Map<String, String> before;
    private final SoftAssertions softly = new SoftAssertions();
    private final Map<String, Integer> codes = new TreeMap<>();

    /** An endpoint, a good body, and of each field: its JSON type, whether it must be there, the longest it may be. */
    private record Endpoint(String method, String path, Map<String, String> body, Map<String, Field> fields) {
        String bodyWith(String field, @Nullable String json) {
            Map<String, String> all = new LinkedHashMap<>(body);
            all.remove(field);
            if (json != null) {
                all.put(field, json);
            }
            return text(all);
        }

        String bearer() {
            return path.startsWith("/calls/") ? token : OPERATOR;
        }

        static String text(Map<String, String> fields) {
            return "{"
                    + String.join(
                            ",",
                            fields.entrySet().stream()
                                    .map(field -> "\"" + field.getKey() + "\":" + field.getValue())
                                    .toList())
                    + "}";
        }
    }

    private record Field(String type, boolean required, boolean free) {}

    private static List<Endpoint> endpoints() {
        Field name = new Field("string", false, false);
        Field sid = new Field("string", true, false);
        Field free = new Field("string", false, true);
        Field number = new Field("number", false, false);
        return List.of(
                new Endpoint(
                        "POST",
                        "/allocate",
                        Map.of("call_sid", "\"CA-bad\""),
                        Map.of(
                                "call_sid",
                                sid,
                                "merchant_id",
                                name,
                                "reseller_id",
                                name,
                                "provider",
                                name,
                                "flow",
                                free,
                                "template",
                                free)),
                new Endpoint(
                        "POST",
                        "/release",
                        Map.of("call_sid", "\"CA-live\""),
                        Map.of("call_sid", sid, "reason", name, "lease", name)),
                new Endpoint("POST", "/drain", Map.of("pod_name", "\"voice-agent-0\""), Map.of("pod_name", sid)),
                new Endpoint(
                        "PUT",
                        "/merchants/acme",
                        Map.of("tier", "\"default\""),
                        Map.of(
                                "tier",
                                name,
                                "pool",
                                name,
                                "fallback",
                                new Field("array", false, false),
                                "max_concurrent_calls",
                                number)),
                new Endpoint("PUT", "/numbers/+1415", Map.of("merchant_id", "\"acme\""), Map.of("merchant_id", sid)),
                new Endpoint(
                        "PUT",
                        "/merchants/bob",
                        Map.of("when_exhausted", "{\"action\":\"reject\"}"),
                        Map.of(
                                "when_exhausted",
                                new Field("answer", false, false),
                                "when_exhausted_at",
                                new Field("answers", false, false))),
                new Endpoint(
                        "PUT",
                        "/tiers/gold",
                        Map.of("type", "\"shared\"", "max_concurrent", "2"),
                        Map.of(
                                "type",
                                sid,
                                "target",
                                number,
                                "max_concurrent",
                                new Field("number", true, false),
                                "placement",
                                name)),
                new Endpoint(
                        "PUT",
                        "/tiers",
                        Map.of("tiers", "{\"gold\":{\"type\":\"exclusive\"}}"),
                        Map.of(
                                "tiers",
                                new Field("object", true, false),
                                "default_chain",
                                new Field("array", false, false),
                                "when_exhausted",
                                new Field("answer", false, false),
                                "when_exhausted_at",
                                new Field("answers", false, false))),
                new Endpoint("POST", "/calls/CA-live/ended", Map.of("reason", "\"x\""), Map.of("reason", name)));
    }

    @BeforeAll
    static void start() {
        redis = TestRedis.start();
        router = new TestRouter(redis, 3, Map.of());
        http = router.http();
        keySpace = new KeySpace(redis);
        String url = http.json("POST", "/allocate", OPERATOR, "{\"call_sid\":\"CA-live\",\"merchant_id\":\"acme\"}")
                .text("ws_url");
        token = url.substring(url.lastIndexOf('/') + 1);
        http.json("PUT", "/merchants/acme", OPERATOR, "{\"max_concurrent_calls\":7}");
    }

    @AfterAll
    static void stop() {
        System.out.println("bad input: " + sent + " requests, each a 4xx problem, Redis unchanged");
        keySpace.close();
        router.close();
        redis.close();
    }

    @BeforeEach
    void remember() {
        before = keySpace.dump();
        assertThat(before).containsKey("voice:call:CA-live");
    }

    @AfterEach
    void nothingChanged() {
        softly.assertAll();
        assertThat(keySpace.dump()).isEqualTo(before);
        System.out.println("bad input codes: " + codes);
    }

    private void refused(String what, Answer answer) {
        sent++;
        softly.assertThat(answer.status()).as(what + " " + answer.body()).isBetween(400, 499);
        softly.assertThat(answer.header("content-type")).as(what).startsWith("application/problem+json");
        softly.assertThat(answer.body()).as(what).doesNotContain(ECHO);
        softly.assertThat(answer.headers().toString()).as(what).doesNotContain(ECHO);
        if (answer.body().startsWith("{")) {
            String code = answer.text("code");
            codes.merge(code, 1, Integer::sum);
            softly.assertThat(answer.text("type")).as(what).isEqualTo("urn:smart-router:problem:" + code);
            softly.assertThat(answer.json().path("status").asInt(0)).as(what).isEqualTo(answer.status());
            softly.assertThat(answer.text("detail")).as(what).isNotEmpty();
        } else {
            softly.fail(what + " has no problem: " + answer);
        }
    }

    private void refused(String what, Endpoint at, String body) {
        refused(what, at, body.getBytes(StandardCharsets.UTF_8), Map.of());
    }

    private void refused(String what, Endpoint at, byte[] body, Map<String, String> headers) {
        Map<String, String> all = new LinkedHashMap<>();
        all.put("Authorization", "Bearer " + at.bearer());
        all.put("Content-Type", "application/json");
        all.putAll(headers);
        all.values().removeIf(String::isEmpty);
        refused(at.method() + " " + at.path() + ": " + what, http.send(at.method(), at.path(), all, body));
    }

    @Test
    void everyFieldIsHeldToItsRule() {
        String long5000 = ECHO + "x".repeat(5_000);
        for (Endpoint at : endpoints()) {
            at.fields().forEach((name, field) -> {
                if (field.required()) {
                    refused(name + " missing", at, at.bodyWith(name, null));
                    refused(name + " null", at, at.bodyWith(name, "null"));
                }
                List.of("7", "7.5", "true", "\"5\"", "{}", "{\"" + ECHO + "\":1}", "[]", "[7]", "[null]", "[[\"a\"]]")
                        .stream()
                        .filter(json -> !fits(field, json))
                        .forEach(json -> refused(name + " is " + json, at, at.bodyWith(name, json)));
                if (field.type().equals("string")) {
                    List.of(
                                    "\"" + long5000 + "\"",
                                    "\"" + ECHO + "\\u0000\"",
                                    "\"" + ECHO + "\\r\\nX-Injected: 1\"",
                                    "\"" + ECHO + "\\n\"",
                                    "\"" + ECHO + "\\u001b[31m\"",
                                    "\"" + ECHO + "\\u007f\"",
                                    "\"" + ECHO + "\\u0085\"",
                                    "\"" + ECHO + "\r\n\"",
                                    "\"" + ECHO + "\t\"",
                                    "\"" + ECHO + "\\ud800\"",
                                    "\"" + ECHO + "\\x\"")
                            .forEach(json -> refused(name + " is " + json, at, at.bodyWith(name, json)));
                    if (!field.free()) {
                        List.of(
                                        "\"\"",
                                        "\" \"",
                                        "\"" + ECHO + " \"",
                                        "\"" + ECHO + "/..\"",
                                        "\"" + ECHO + "*\"",
                                        "\"" + ECHO + "}\"",
                                        "\"é" + ECHO + "\"",
                                        "\"" + ECHO + "x".repeat(300) + "\"",
                                        "\"<script>" + ECHO + "\"")
                                .forEach(json -> refused(name + " is " + json, at, at.bodyWith(name, json)));
                    }
                }
                if (field.type().equals("number")) {
                    List.of("-1", "99999999999", "1e400", "1".repeat(60), "NaN", "0x10", "01")
                            .forEach(json -> refused(name + " is " + json, at, at.bodyWith(name, json)));
                }
            });
        }
    }

    private static boolean fits(Field field, String json) {
        return switch (field.type()) {
            case "string" -> json.equals("\"5\"");
            case "number" -> json.equals("7");
            // An empty list is a chain too, of nothing but a merchant's own pool; an empty object names no tier.
            case "array" -> json.equals("[]");
            // For no provider another answer.
            case "answers" -> json.equals("{}");
            default -> false;
        };
    }

    @Test
    void everyFieldOfAnAnswerToTheExhaustedIsHeldToItsRule() {
        String said = "{\"action\":\"message\",\"text\":\"%s\"}";
        String played = "{\"action\":\"message\",\"audio\":\"%s\"}";
        List<String> bad = List.of(
                "{\"action\":null}",
                "{\"action\":\"" + ECHO + "\"}",
                "{\"action\":\"REJECT\"}",
                "{\"action\":[\"reject\"]}",
                "{\"action\":\"reject\",\"text\":\"" + ECHO + "\"}",
                "{\"action\":\"reject\",\"" + ECHO + "\":1}",
                "{\"action\":\"message\"}",
                "{\"action\":\"message\",\"text\":7}",
                "{\"action\":\"message\",\"text\":\"" + ECHO + "\",\"audio\":\"https://a.example/" + ECHO + "\"}",
                said.formatted(""),
                said.formatted(" "),
                said.formatted(ECHO + "x".repeat(1_000)),
                said.formatted(ECHO + "\\u0000"),
                said.formatted(ECHO + "\\r\\nX-Injected: 1"),
                said.formatted(ECHO + "\\u001b[31m"),
                said.formatted(ECHO + "\\ud800"),
                said.formatted(ECHO + "\\ufffe"),
                played.formatted("http://" + ECHO + ".example/"),
                played.formatted("https://u:p@" + ECHO + ".example/").replace("https", "ftp"),
                played.formatted("https://" + ECHO + "@a.example/"),
                played.formatted("https://a.example/#" + ECHO),
                played.formatted("https://a.example/" + "x".repeat(1_000)),
                played.formatted("javascript:" + ECHO),
                played.formatted("https://a.example/" + ECHO + "\\u000a"),
                "{\"action\":\"hold\",\"max_wait_s\":9}",
                "{\"action\":\"hold\",\"max_wait_s\":\"60\"}",
                "{\"action\":\"hold\",\"max_wait_s\":1e400}",
                "{\"action\":\"hold\",\"poll_s\":61}",
                "{\"action\":\"hold\",\"poll_s\":[5]}",
                "{\"action\":\"hold\",\"pollS\":5}",
                "{\"action\":\"forward\"}",
                "{\"action\":\"forward\",\"to\":\"" + ECHO + "\"}",
                "{\"action\":\"forward\",\"to\":\"tel:+14155550100\"}",
                "{\"action\":\"forward\",\"to\":14155550100}");
        for (Endpoint at : endpoints()) {
            if (at.fields().containsKey("when_exhausted")) {
                for (String json : bad) {
                    refused(json, at, at.bodyWith("when_exhausted", json));
                    refused("at: " + json, at, at.bodyWith("when_exhausted_at", "{\"other\":" + json + "}"));
                }
                for (String provider : List.of("", " ", ECHO + " ", "é", ECHO + "\\n", "x".repeat(64))) {
                    refused(
                            "provider " + provider,
                            at,
                            at.bodyWith("when_exhausted_at", "{\"" + provider + "\":{\"action\":\"reject\"}}"));
                }
                refused("null at", at, at.bodyWith("when_exhausted_at", "{\"other\":null}"));
                // A rule of its own: what the provider of this test's router cannot do.
                refused("not there", at, at.bodyWith("when_exhausted", "{\"action\":\"hold\"}"));
                refused("not there", at, at.bodyWith("when_exhausted_at", "{\"exotel\":{\"action\":\"hold\"}}"));
            }
        }
        Answer named = http.json(
                "PUT", "/merchants/bob", OPERATOR, "{\"when_exhausted\":{\"action\":\"hold\",\"max_wait_s\":1}}");
        assertThat(named.text("field")).isEqualTo("when_exhausted.max_wait_s");
        named = http.json(
                "PUT",
                "/tiers",
                OPERATOR,
                "{\"tiers\":{\"gold\":{\"type\":\"exclusive\"}},\"when_exhausted_at\":{\"x\":{\"action\":\"forward\"}}}");
        assertThat(named.text("field")).isEqualTo("when_exhausted_at.x.to");
        assertThat(named.text("detail")).startsWith("when_exhausted_at.x.to is missing");
    }

    @Test
    void everyBodyIsStrictJson() {
        for (Endpoint at : endpoints()) {
            String good = Endpoint.text(at.body());
            boolean optional = at.path().endsWith("/ended");
            if (!optional) {
                refused("empty", at, "");
            }
            List.of(
                            "null",
                            "[]",
                            "\"x\"",
                            "5",
                            "true",
                            " ",
                            "{",
                            "{]",
                            good + good,
                            good + "x",
                            "\ufeff" + good,
                            good.substring(0, good.length() - 1),
                            "{'call_sid':'CA-bad'}",
                            "{call_sid:1}",
                            good.replace("}", ",}"),
                            "/* */" + good,
                            "{\"call_sid\":NaN}",
                            "<xml/>",
                            "a=b&c=d")
                    .forEach(body -> refused(body, at, body));
            String first = good.substring(1, good.length() - 1);
            refused("a field twice", at, "{" + first + "," + first + "}");
            refused("an unknown field twice", at, good.replaceFirst("\\{", "{\"u\":1,\"u\":2,"));
            refused("21 deep", at, good.replaceFirst("\\{", "{\"u\":" + "[".repeat(20) + "]".repeat(20) + ","));
            refused("30,000 deep", at, "{\"u\":".repeat(10_000) + "[".repeat(10_000));
            for (byte[] bad : new byte[][] {
                {(byte) 0xff},
                {(byte) 0xc3, 0x28},
                {(byte) 0xc0, (byte) 0xaf},
                {(byte) 0xed, (byte) 0xa0, (byte) 0x80},
                {(byte) 0xf5, (byte) 0x80, (byte) 0x80, (byte) 0x80}
            }) {
                ByteArrayOutputStream body = new ByteArrayOutputStream();
                body.write("{\"u\":\"".getBytes(StandardCharsets.UTF_8), 0, 6);
                body.writeBytes(bad);
                body.writeBytes(("\"," + good.substring(1)).getBytes(StandardCharsets.UTF_8));
                refused("no UTF-8", at, body.toByteArray(), Map.of());
            }
            for (String charset : List.of("UTF-16", "UTF-16LE", "UTF-32BE")) {
                refused(charset, at, good.getBytes(Charset.forName(charset)), Map.of());
            }
            for (String type : List.of(
                    "text/plain",
                    "application/xml",
                    "application/x-www-form-urlencoded",
                    "text/json",
                    "multipart/form-data; boundary=x",
                    "application/json; charset=ISO-8859-1",
                    "application/json; charset=" + ECHO,
                    "*/*x",
                    ECHO,
                    "application/problem+json",
                    "")) {
                refused(
                        "Content-Type " + type,
                        at,
                        good.getBytes(StandardCharsets.UTF_8),
                        Map.of("Content-Type", type));
            }
            refused("gzip", at, good.getBytes(StandardCharsets.UTF_8), Map.of("Content-Encoding", "gzip"));
            for (String accept : List.of("text/html", "application/xml", ECHO)) {
                refused("Accept " + accept, at, good.getBytes(StandardCharsets.UTF_8), Map.of("Accept", accept));
            }
        }
    }

    @Test
    void bodiesAreBounded() {
        for (Endpoint at : endpoints()) {
            String good = Endpoint.text(at.body());
            String large = good.substring(0, good.length() - 1) + " ".repeat(65_537 - good.length()) + "}";
            assertThat(large).hasSize(65_537);
            refused("64 KB and one", at, large);
            refused("1 MB", at, large + " ".repeat(1_000_000)); // Tomcat reads on to 2 MB, then cuts off
            refused("a claim of 9 GB", at, new byte[0], Map.of("Content-Length", "9000000000"));
            StringBuilder chunks = new StringBuilder();
            for (int from = 0; from < large.length(); from += 1_000) {
                String chunk = large.substring(from, Math.min(large.length(), from + 1_000));
                chunks.append(Integer.toHexString(chunk.length()))
                        .append("\r\n")
                        .append(chunk)
                        .append("\r\n");
            }
            refused(
                    "64 KB and one in chunks",
                    at,
                    (chunks + "0\r\n\r\n").getBytes(StandardCharsets.UTF_8),
                    Map.of("Transfer-Encoding", "chunked"));
            refused("cut off", at, good.getBytes(StandardCharsets.UTF_8), Map.of("Content-Length", "5000"));
            refused(
                    "a bad chunk",
                    at,
                    "zz\r\n{}\r\n0\r\n\r\n".getBytes(StandardCharsets.UTF_8),
                    Map.of("Transfer-Encoding", "chunked"));
        }
        assertThat(codes).containsEntry("body_too_large", endpoints().size() * 4);
    }

    @Test
    void pathsMethodsAndParametersAreHeldToTheirRules() {
        Map<String, String> key = Map.of("Authorization", "Bearer " + OPERATOR, "Content-Type", "application/json");
        byte[] body = "{\"call_sid\":\"CA-bad\"}".getBytes(StandardCharsets.UTF_8);
        for (String method : List.of("BREW", "PATCH", "PUT", "DELETE", "post", "TRACE", ECHO)) {
            refused(method, http.send(method, "/release", key, body));
        }
        refused("DELETE on status", http.send("DELETE", "/status", key, null));
        assertThat(http.send("PUT", "/release", key, body).header("allow")).contains("POST");
        for (String path : List.of(
                "/" + ECHO,
                "/error",
                "/api/v1",
                "/api/v2/status",
                "/status/" + ECHO,
                "/calls",
                "/merchants/",
                "/calls/CA%00",
                "/calls/CA%0d%0aX:1",
                "/calls/CA%2fx",
                "/calls/CA%20x",
                "/calls/%e9",
                "/calls/CA%zz",
                "/calls/" + "x".repeat(129),
                "/calls/%ff%fe",
                "/calls/..%2f..",
                "/pods/%00",
                "/pods/UPPER",
                "/pods/" + "a".repeat(254),
                "/pods/a_b",
                "/merchants/%0a",
                "/merchants/" + "m".repeat(64),
                "/tiers/%0a",
                "/pods?limit=0",
                "/pods?limit=1001",
                "/pods?limit=" + ECHO,
                "/pods?state=" + ECHO,
                "/pods?state=gone",
                "/pods?limit=9999999999",
                "/merchants?limit=-1",
                "/numbers?limit=0",
                "/numbers?after=" + ECHO,
                "/numbers?after=%2B%2B1",
                "/numbers?after=1234567890123456",
                "/numbers/%0a",
                "/numbers/%2B",
                "/numbers/++1",
                "/numbers/%252B1",
                "/numbers/1%20415",
                "/numbers/1-415",
                "/numbers/" + ECHO,
                "/numbers/1234567890123456",
                "/numbers/%D9%A1",
                "/pods?limit=%zz",
                "/\\status",
                "/status<",
                "/sta\ttus",
                "/status|",
                "/{status}",
                "/st%",
                "*",
                "/calls/CA\u00e9",
                "http://[")) {
            refused(path, http.send("GET", path, key, null));
        }
        refused("token of another form", http.send("POST", "/calls/%0a/heartbeat", key, null));
        refused("a pod's name", http.send("POST", "/pods/A_B/undrain", key, null));
        for (String tier : List.of("%0a", "-x", "a".repeat(64), "merchant:", "merchant:-", "a:b", "a%20b")) {
            refused(
                    tier,
                    http.send(
                            "PUT", "/tiers/" + tier, key, "{\"type\":\"exclusive\"}".getBytes(StandardCharsets.UTF_8)));
        }
        for (String number : List.of("%0a", "+", "%2B%2B1", "1-2", "1%20", "sip:1@x", "x", "1".repeat(16), "%D9%A1")) {
            refused(
                    number,
                    http.send(
                            "PUT",
                            "/numbers/" + number,
                            key,
                            "{\"merchant_id\":\"acme\"}".getBytes(StandardCharsets.UTF_8)));
            refused(number, http.send("DELETE", "/numbers/" + number, key, null));
        }
        refused(
                "unknown field",
                http.send(
                        "PUT",
                        "/numbers/1415",
                        key,
                        ("{\"merchant_id\":\"acme\",\"" + ECHO + "\":1}").getBytes(StandardCharsets.UTF_8)));
        refused("merchant", http.send("PUT", "/merchants/-x", key, "{}".getBytes(StandardCharsets.UTF_8)));
        refused(
                "two names",
                http.send(
                        "POST",
                        "/allocate",
                        key,
                        "{\"call_sid\":\"CA-bad\",\"merchant_id\":\"a\",\"reseller_id\":\"b\"}"
                                .getBytes(StandardCharsets.UTF_8)));
        refused(
                "no such tier",
                http.send("PUT", "/merchants/acme", key, "{\"tier\":\"nosuch\"}".getBytes(StandardCharsets.UTF_8)));
        refused(
                "unknown field",
                http.send("PUT", "/merchants/acme", key, ("{\"" + ECHO + "\":1}").getBytes(StandardCharsets.UTF_8)));
        refused(
                "unknown field",
                http.send(
                        "PUT",
                        "/tiers/gold",
                        key,
                        ("{\"type\":\"exclusive\",\"" + ECHO + "\":1}").getBytes(StandardCharsets.UTF_8)));
        refused(
                "unknown field inside",
                http.send(
                        "PUT",
                        "/tiers",
                        key,
                        ("{\"tiers\":{\"gold\":{\"type\":\"exclusive\",\"" + ECHO + "\":1}}}")
                                .getBytes(StandardCharsets.UTF_8)));
        refused(
                "a tier is null",
                http.send("PUT", "/tiers", key, "{\"tiers\":{\"gold\":null}}".getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void whatBreaksHttpItselfIsAProblemToo() {
        String tail = "Host: x\r\nConnection: close\r\nAuthorization: Bearer " + OPERATOR + "\r\n\r\n";
        Map<String, String> requests = new LinkedHashMap<>();
        requests.put("space in the target", "GET /sta tus HTTP/1.1\r\n" + tail);
        requests.put("NUL in the target", "GET /status\0 HTTP/1.1\r\n" + tail);
        requests.put("no host", "GET /status HTTP/1.1\r\nConnection: close\r\n\r\n");
        requests.put("two hosts", "GET /status HTTP/1.1\r\nHost: y\r\n" + tail);
        requests.put("bad host", "GET /status HTTP/1.1\r\nConnection: close\r\nHost: a b\r\n\r\n");
        requests.put("negative length", "POST /allocate HTTP/1.1\r\nContent-Length: -1\r\n" + tail);
        requests.put("length no number", "POST /allocate HTTP/1.1\r\nContent-Length: " + ECHO + "\r\n" + tail);
        requests.put("two lengths", "POST /allocate HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n" + tail);
        requests.put("bad header", "GET /status HTTP/1.1\r\nX\0Y: " + ECHO + "\r\n" + tail);
        requests.put("header without colon", "GET /status HTTP/1.1\r\n" + ECHO + "\r\n" + tail);
        requests.put("large header", "GET /status HTTP/1.1\r\nX-Large: " + "x".repeat(100_000) + "\r\n" + tail);
        requests.put("long target", "GET /" + "x".repeat(100_000) + " HTTP/1.1\r\n" + tail);
        requests.put("no HTTP", ECHO + "\r\n\r\n");
        requests.put("TLS", "\u0016\u0003\u0001\u0002\0\u0001\0\u0001\u00fc\u0003\u0003\r\n\r\n");
        requests.forEach((what, request) -> refused(what, http.raw(request.getBytes(StandardCharsets.ISO_8859_1))));
    }
}
