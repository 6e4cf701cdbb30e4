package io.smartrouter.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.smartrouter.deploy.Deployment.Allocated;
import io.smartrouter.deploy.RawHttp.Answer;
import io.smartrouter.testing.RouterProcess;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The shipped nginx configuration between the world and two routers, with four agents behind it. */
class NginxIT {
    private static final JsonMapper JSON = new JsonMapper();
    private static final Map<String, String> UPGRADE = Map.of(
            "Upgrade", "websocket", "Sec-WebSocket-Version", "13", "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");

    private static Deployment all;
    private static Nginx nginx;
    private static HttpClient http;
    private static RawHttp raw;

    @BeforeAll
    static void start() {
        all = Deployment.start();
        nginx = all.nginx(Map.of());
        http = all.http();
        raw = new RawHttp(nginx.port());
    }

    @AfterAll
    static void stop() {
        if (all != null) {
            all.close();
        }
    }

    @AfterEach
    void noSecretIsInAnyLogAndInvariantsHold() {
        all.assertNoSecretInAnyLog();
        assertThat(all.data().violations()).isEmpty();
    }

    @Test
    void fourStreamsEchoAtThePodsThatTheRouterChose() throws Exception {
        List<Caller> callers = new ArrayList<>();
        Set<String> pods = new TreeSet<>();
        for (int i = 0; i < Deployment.AGENTS; i++) {
            Allocated call = all.allocate("echo-" + i);
            Caller caller = Caller.connect(http, call.through(nginx));
            callers.add(caller);
            pods.add(call.pod());
            assertThat(caller.say("hello")).isEqualTo(call.pod() + ": hello");
            assertThat(all.agent(call.pod()).paths()).endsWith(call.path());
            assertThat(all.data().call(call.sid())).containsEntry("state", "connected");
        }
        assertThat(pods).hasSize(Deployment.AGENTS);
        for (int i = 0; i < Deployment.AGENTS; i++) {
            assertThat(callers.get(i).say("still here")).endsWith(": still here");
            callers.get(i).close();
            all.release("echo-" + i);
        }
        await().until(() -> lines("agent").stream()
                .filter(line -> line.get("sid").asString().startsWith("echo-"))
                .allMatch(line -> line.get("status").asInt() == 101
                        && pods.contains(line.get("pod").asString())));
        await().until(() -> lines("agent").stream()
                        .filter(line -> line.get("sid").asString().startsWith("echo-"))
                        .count()
                == Deployment.AGENTS);
    }

    @Test
    void forgedForeignExpiredAndReplayedTokensReachNoAgent() {
        Allocated call = all.allocate("refused-1");
        Allocated other = all.allocate("refused-2");
        List<Integer> before = all.connections();
        Map<String, String> paths = new LinkedHashMap<>();
        paths.put("forged signature", call.path().substring(0, call.path().length() - 4) + "AAAA");
        String payload = call.token().split("\\.", -1)[1];
        paths.put("forged payload", call.path().replace(payload, payload.substring(0, payload.length() - 4) + "AAAA"));
        paths.put("unknown key", call.path().replace("/k1.", "/k2."));
        paths.put("no token", "/agent/" + call.pod() + "/" + call.sid() + "/none");
        paths.put("another pod's path", call.path().replace("/" + call.pod() + "/", "/" + other.pod() + "/"));
        paths.put("another call's path", call.path().replace("/" + call.sid() + "/", "/" + other.sid() + "/"));
        paths.put("another call's token", "/agent/" + call.pod() + "/" + call.sid() + "/" + other.token());
        paths.put("a query", call.path() + "?x=1");
        paths.forEach((what, path) -> {
            assertThat(Caller.refusal(http, "ws://127.0.0.1:" + nginx.port() + path))
                    .as(what)
                    .isEqualTo(403);
        });

        // Its record as it is when the time to connect has passed.
        assertThat(all.redis().command("HSET voice:call:refused-1 connect_by 1"))
                .startsWith(":0");
        assertThat(Caller.refusal(http, call.through(nginx))).as("expired").isEqualTo(403);

        all.release("refused-2");
        assertThat(Caller.refusal(http, other.through(nginx))).as("replayed").isEqualTo(403);
        all.release("refused-1");

        assertThat(all.connections()).isEqualTo(before);
        await().untilAsserted(() -> assertThat(lines("agent").stream()
                        .filter(line -> line.get("status").asInt() == 403)
                        .toList())
                .hasSizeGreaterThanOrEqualTo(paths.size() + 2)
                .allMatch(line -> line.get("sid").asString().isEmpty()
                        && line.get("upstream").asString().isEmpty()));
    }

    @Test
    void aRequestThatNamesAnotherHostGoesNowhereElse() throws Exception {
        Allocated call = all.allocate("elsewhere-1");
        EchoAgent elsewhere = all.listener("127.0.0.2");
        String host = elsewhere.address() + ":" + elsewhere.port();
        String rest = "/" + call.sid() + "/" + call.token();
        List<Integer> before = all.connections();
        for (String target : List.of(
                "/agent/" + host + rest,
                "/agent/" + call.pod() + "@" + host + rest,
                "/agent/" + host + "%2f" + call.pod() + rest,
                "//" + host + call.path(),
                "/agent//" + host + call.path(),
                "/agent/../" + host + call.path(),
                "http://" + host + "/agent/" + host + rest)) {
            Answer answer = upgrade(target, Map.of("Host", host, "X-Agent-Address", host));
            assertThat(answer.status()).as(target).isIn(400, 403, 404);
        }
        assertThat(all.connections()).isEqualTo(before);

        // What a sender says beside a genuine path counts for nothing.
        try (Caller caller =
                Caller.connect(HttpClient.newHttpClient(), "ws://127.0.0.1:" + nginx.port() + call.path())) {
            assertThat(caller.say("hello")).isEqualTo(call.pod() + ": hello");
        }
        int own = all.agent(call.pod()).connections();
        Answer answer = upgrade(
                call.path(),
                Map.of("X-Agent-Address", host, "X-Original-URI", "/agent/" + host + rest, "X-Forwarded-Host", host));
        assertThat(answer.status()).isEqualTo(101);
        assertThat(all.agent(call.pod()).connections()).isEqualTo(own + 1);
        assertThat(elsewhere.connections()).isZero();
        all.release("elsewhere-1");
    }

    @Test
    void anAddressOutsideTheAgentsNetworksIsNotReached() throws Exception {
        put("/merchants/outside", "{\"tier\":\"default\",\"pool\":\"outside\"}");
        EchoAgent outside =
                all.addAgent("outside-agent-0", "127.0.0.3", Map.of("voice.smartrouter.io/merchant", "outside"));
        await().until(() -> all.data().available().contains("outside-agent-0"));
        Allocated call = all.allocate("outside-1", "outside");
        assertThat(call.pod()).isEqualTo("outside-agent-0");
        Answer answer = upgrade(call.path(), Map.of());
        assertThat(answer.status()).isEqualTo(503);
        assertThat(answer.head()).contains("Retry-After: 1");
        assertThat(outside.connections()).isZero();
        all.release("outside-1");
    }

    @Test
    void whatIsNoWebSocketIsRefusedBeforeTheCallCountsAsConnected() {
        Allocated call = all.allocate("plain-1");
        List<Integer> before = all.connections();
        assertThat(raw.get(call.path(), Map.of()).status()).isEqualTo(426);
        assertThat(raw.get(call.path(), Map.of("Upgrade", "h2c", "Connection", "Upgrade"))
                        .status())
                .isEqualTo(426);
        assertThat(raw.send("POST", call.path(), UPGRADE, "").status()).isEqualTo(405);
        assertThat(raw.send("HEAD", call.path(), UPGRADE, "").status()).isEqualTo(405);
        assertThat(all.data().call("plain-1")).containsEntry("state", "allocated");
        assertThat(all.connections()).isEqualTo(before);
        all.release("plain-1");
    }

    /** Every path of docs/api.md, and the others that a router answers at. */
    @Test
    void neitherTheApiNorManagementIsReachable() throws Exception {
        Set<String> paths = new TreeSet<>(Set.of("/", "/error", "/health", "/metrics", "/pod/voice-agent-0"));
        for (String path : List.of("health", "health/liveness", "health/routing", "prometheus", "info", "invariants")) {
            paths.add("/actuator/" + path);
        }
        Pattern.compile("\\$ROUTER(/[^\\s\"?]*)")
                .matcher(Files.readString(Path.of("docs/api.md")))
                .results()
                .map(found -> found.group(1))
                .forEach(paths::add);
        assertThat(paths).hasSizeGreaterThan(25);
        assertThat(paths.remove("/allocate")).isTrue(); // shared with webhooks: below
        for (String path : paths) {
            for (String prefix : List.of("", "/api/v1")) {
                for (String method : List.of("GET", "POST", "PUT", "DELETE")) {
                    assertThat(raw.send(method, prefix + path, Map.of("Content-Type", "application/json"), "{}")
                                    .status())
                            .as(method + " " + prefix + path)
                            .isEqualTo(404);
                }
            }
        }
        // The routers' API is open in this test: what was refused was refused by nginx.
        assertThat(get("/status")).isEqualTo(200);
        assertThat(get("/calls/none")).isEqualTo(404);
        assertThat(get("/api/v1/pods/voice-agent-0")).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/plivo/../status",
                "/plivo/allocate/../../status",
                "/plivo/%2e%2e/status",
                "/plivo/..%2fstatus",
                "/plivo/allocate/..;/..;/status",
                "/plivo;/allocate",
                "/status;/plivo/allocate",
                "/status/..;/plivo/allocate",
                "/status/../plivo/allocate",
                "//status",
                "/./status",
                "/%73tatus",
                "/status%2f..%2fplivo/allocate",
                "/status?/plivo/allocate",
                "/status#/plivo/allocate",
                "/plivo/allocate#/../../status",
                "/plivo/allocate/",
                "/plivo/allocate/status",
                "/plivo/secret-secret-secret/allocate",
                "/plivo/allocate%00",
                "/PLIVO/allocate",
                "/nobody/allocate",
                "/calls/x/stream",
                "/_authorize",
                "/stream/authorize",
                "/exotel/short/allocate",
                "/exotel/calls/../../status",
                "http://127.0.0.1/status",
                "*",
                "status"
            })
    void aPathThatTwoProgramsCouldReadDifferentlyReachesNothing(String target) {
        Answer answer = raw.get(target, Map.of());
        assertThat(answer.status()).isIn(400, 404);
        assertThat(answer.body()).doesNotContain("live_calls", "problem");
    }

    @Test
    void thePlainAllocateTakesProvidersShapesAndNeverTheApis() {
        Answer plivo = all.plivo(nginx, "/allocate", "plain-plivo");
        assertThat(plivo.status()).isEqualTo(200);
        assertThat(plivo.body()).contains("<Stream");
        assertThat(all.plivo(nginx, "/plivo/hangup", "plain-plivo", "Event", "Hangup", "CallStatus", "completed")
                        .status())
                .isEqualTo(200);

        String json = "{\"call_sid\":\"api-from-outside\"}";
        for (String path : List.of("/allocate", "/api/v1/allocate")) {
            for (String type : List.of(
                    "application/json",
                    "application/json;charset=UTF-8",
                    "APPLICATION/JSON",
                    "application/x-www-form-urlencoded\r\nContent-Type: application/json",
                    "application/json\r\nContent-Type: application/x-www-form-urlencoded",
                    "application/x-www-form-urlencoded, application/json",
                    "text/plain")) {
                Answer answer = raw.send("POST", path, Map.of("Content-Type", type), json);
                assertThat(answer.status()).as(type).isBetween(400, 415);
                assertThat(answer.body()).doesNotContain("pod_name");
            }
        }
        assertThat(all.data().call("api-from-outside")).isEmpty();
        // At the router itself the same request is the API's.
        assertThat(all.routers().getFirst().post("/allocate", json).body()).contains("pod_name");
        all.release("api-from-outside");
    }

    @Test
    void webhooksAndTheirTwinsReachTheRouters() {
        for (String prefix : List.of("", "/api/v1")) {
            Answer answer = all.plivo(nginx, prefix + "/plivo/allocate", "webhook-1");
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.head()).contains("application/xml");
            assertThat(answer.body()).contains("/agent/voice-agent-");
            for (String provider : List.of("plivo", "twilio", "vonage", "exotel")) {
                for (String endpoint : List.of("allocate", "hangup", "stream", "continue")) {
                    Answer refused = raw.form(prefix + "/" + provider + "/" + endpoint, "CallSid=x", Map.of());
                    assertThat(refused.status()).as(provider + "/" + endpoint).isEqualTo(403);
                    assertThat(refused.body()).as("the router's own words").contains("unproven");
                }
            }
        }
        assertThat(raw.send("PUT", "/plivo/allocate", Map.of(), "").status()).isEqualTo(403);
        assertThat(all.plivo(nginx, "/plivo/hangup", "webhook-1", "Event", "Hangup", "CallStatus", "completed")
                        .status())
                .isEqualTo(200);
        await().untilAsserted(() -> assertThat(lines("plivo/allocate"))
                .isNotEmpty()
                .allMatch(line -> line.get("client").asString().equals("127.0.0.1")));
    }

    @Test
    void bodiesAndHeadersAreBounded() {
        String long64k = "a=" + "x".repeat(64 * 1024);
        assertThat(raw.form("/plivo/allocate", long64k, Map.of()).status()).isEqualTo(413);
        assertThat(raw.form("/exotel/" + Deployment.EXOTEL_SECRET + "/allocate", long64k, Map.of())
                        .status())
                .isEqualTo(413);
        assertThat(raw.get("/plivo/allocate?x=" + Deployment.CALLER + "x".repeat(9_000), Map.of())
                        .status())
                .isEqualTo(414);
        assertThat(raw.get("/plivo/allocate", Map.of("X-Long", Deployment.EXOTEL_SECRET + "x".repeat(9_000)))
                        .status())
                .isEqualTo(400);
        String chunk = "x".repeat(1_024);
        assertThat(raw.exchange("POST /plivo/allocate HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
                                + "Transfer-Encoding: chunked\r\n\r\n"
                                + ("400\r\n" + chunk + "\r\n").repeat(80) + "0\r\n\r\n")
                        .status())
                .isEqualTo(413);
        // What is just within goes on to the router, which refuses it for another reason.
        assertThat(raw.form("/plivo/allocate", "a=" + "x".repeat(60_000), Map.of())
                        .status())
                .isEqualTo(403);
    }

    @Test
    void nobodyWritesHisOwnAddress() {
        String path = "/exotel/" + Deployment.EXOTEL_SECRET + "/allocate?CallSid=address-1&From=" + Deployment.CALLER;
        Map<String, String> forged = Map.of("X-Forwarded-For", Deployment.ALLOWED_CLIENT);
        assertThat(raw.get(path, forged).status()).isEqualTo(403);
        assertThat(all.routers().stream().map(RouterProcess::log)).anyMatch(log -> log.contains("address_not_allowed"));

        // Behind a load balancer that is named, its word counts, and no further than its own entry.
        Nginx behind = all.nginx(Map.of("clients.conf", "set_real_ip_from 127.0.0.1;"));
        RawHttp client = new RawHttp(behind.port());
        Answer allowed = client.get(path, forged);
        assertThat(allowed.status()).isEqualTo(200);
        assertThat(allowed.body()).contains("wss://voice.example.com/agent/");
        all.secret(allowed.body().substring(allowed.body().lastIndexOf('/') + 1).replace("\"}", ""));
        assertThat(client.get(path, Map.of("X-Forwarded-For", Deployment.ALLOWED_CLIENT + ", 203.0.113.9"))
                        .status())
                .isEqualTo(403);
        all.release("address-1");
        await().untilAsserted(() ->
                assertThat(behind.access()).contains("\"client\":\"198.51.100.7\"", "\"client\":\"203.0.113.9\""));
    }

    @Test
    void aStreamSurvivesAReload() throws Exception {
        Nginx own = all.nginx(Map.of());
        Allocated call = all.allocate("reload-1");
        try (Caller caller = Caller.connect(http, call.through(own))) {
            assertThat(caller.say("before")).isEqualTo(call.pod() + ": before");
            own.reload();
            assertThat(caller.say("after")).isEqualTo(call.pod() + ": after");
            assertThat(caller.isOpen()).isTrue();
            Allocated next = all.allocate("reload-2");
            try (Caller another = Caller.connect(http, next.through(own))) {
                assertThat(another.say("new")).isEqualTo(next.pod() + ": new");
            }
            own.reload();
            assertThat(caller.say("again")).isEqualTo(call.pod() + ": again");
        }
        all.release("reload-1");
        all.release("reload-2");
    }

    @Test
    void theShippedFilesAreAccepted() {
        String routers = Deployment.upstream(all.routers());
        assertThat(Nginx.check(Map.of("routers.conf", routers))).contains("syntax is ok", "test is successful");
        assertThat(Nginx.check(Map.of("routers.conf", routers, "listen.conf", shipped("listen.conf"))))
                .contains("syntax is ok")
                .doesNotContain("[warn]");
        assertThat(Nginx.check(Map.of("routers.conf", routers, "agents.conf", "mistake;")))
                .startsWith("refused: ");
    }

    @Test
    void tlsEndsAtItWithTheShippedExample() throws Exception {
        try (TlsFiles tls = TlsFiles.make()) {
            Nginx secure = all.nginx(Map.of(
                    "listen.conf",
                    shipped("tls.conf.example")
                            .replace("listen 8443", "listen 127.0.0.1:{port}")
                            .replace("/etc/nginx/tls/", tls.directory() + "/")));
            HttpClient client = HttpClient.newBuilder()
                    .sslContext(tls.clientContext())
                    .version(HttpClient.Version.HTTP_1_1)
                    .build();
            Allocated call = all.allocate("tls-1");
            String url = "wss://localhost:" + secure.port() + call.path();
            try (Caller caller = Caller.connect(client, url)) {
                assertThat(caller.say("hello")).isEqualTo(call.pod() + ": hello");
            }
            assertThat(Caller.refusal(client, url.substring(0, url.length() - 4) + "AAAA"))
                    .isEqualTo(403);
            // Not TLS at all, with a token in it.
            assertThat(new RawHttp(secure.port()).get(call.path(), UPGRADE).status())
                    .isEqualTo(400);
            all.release("tls-1");
            await().untilAsserted(() -> assertThat(secure.access()).contains("\"tls\":\"TLSv1.3\""));
        }
    }

    /** That the search finds something: the same requests with the error log that nginx has by default. */
    @Test
    void anErrorLogWouldPrintTokensAndSecretsWhichIsWhyThereIsNone() {
        Nginx chatty = Nginx.start(
                Map.of("routers.conf", Deployment.upstream(all.routers()), "agents.conf", "127.0.0.1 1;"),
                conf -> conf.replace("error_log /dev/null;", "error_log chatty.log;"));
        try (chatty) {
            Allocated call = all.allocate("chatty-1");
            provoke(chatty, call);
            await().untilAsserted(() ->
                    assertThat(chatty.read("chatty.log")).contains(call.token(), Deployment.EXOTEL_SECRET));
            assertThat(chatty.access()).doesNotContain(call.token(), Deployment.EXOTEL_SECRET);

            provoke(nginx, call);
            await().untilAsserted(() -> assertThat(nginx.access())
                    .contains("\"route\":\"exotel/continue\"", "\"status\":505", "\"status\":413"));
            assertThat(nginx.errors()).doesNotContain("request:");
            all.release("chatty-1");
        }
        assertThat(all.secretCount()).isGreaterThan(4);
    }

    /** What makes nginx complain about a request. */
    private static void provoke(Nginx at, Allocated call) {
        RawHttp client = new RawHttp(at.port());
        String stream = URLEncoder.encode("wss://voice.example.com" + call.path(), StandardCharsets.UTF_8);
        String passthru =
                "/exotel/" + Deployment.EXOTEL_SECRET + "/continue?CallSid=chatty-1&Stream%5BStreamUrl%5D=" + stream;
        client.get(passthru, Map.of());
        client.form(passthru, "a=" + "x".repeat(70_000), Map.of());
        client.send("PUT", passthru, Map.of(), "");
        client.send("PUT", call.path(), UPGRADE, "x".repeat(70_000));
        client.exchange("GET " + call.path() + " HTTP/9.9\r\n\r\n");
        client.exchange("GET " + call.path() + " HTTP/1.1\r\nHost: a b\r\n\r\n");
        client.exchange("GET " + call.path() + "\r\n\r\n");
        client.exchange("G\0T " + call.path() + " HTTP/1.1\r\n\r\n");
        client.get("/" + call.token() + "/../..", Map.of());
        client.get("/allocate/" + call.token(), Map.of("Referer", call.path(), "User-Agent", call.token()));
        client.send(call.token().substring(0, 30), "/plivo/allocate", Map.of(), "");
    }

    private static List<JsonNode> lines(String route) {
        return nginx.access()
                .lines()
                .map(JSON::readTree)
                .filter(line -> line.get("route").asString().equals(route))
                .toList();
    }

    private static Answer upgrade(String target, Map<String, String> more) {
        Map<String, String> headers = new LinkedHashMap<>(UPGRADE);
        headers.putAll(more);
        return raw.exchange(request(target, headers));
    }

    private static String request(String target, Map<String, String> headers) {
        StringBuilder request = new StringBuilder("GET " + target + " HTTP/1.1\r\nConnection: Upgrade\r\n");
        headers.forEach(
                (name, value) -> request.append(name).append(": ").append(value).append("\r\n"));
        if (!headers.containsKey("Host")) {
            request.append("Host: voice.example.com\r\n");
        }
        return request + "\r\n";
    }

    private static int get(String path) throws IOException, InterruptedException {
        return send(HttpRequest.newBuilder(router(path)).build());
    }

    private static void put(String path, String json) throws IOException, InterruptedException {
        assertThat(send(HttpRequest.newBuilder(router(path))
                        .header("Content-Type", "application/json")
                        .PUT(HttpRequest.BodyPublishers.ofString(json))
                        .build()))
                .isEqualTo(200);
    }

    private static int send(HttpRequest request) throws IOException, InterruptedException {
        return http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
    }

    private static URI router(String path) {
        return URI.create("http://127.0.0.1:" + all.routers().getFirst().port() + path);
    }

    private static String shipped(String file) {
        try {
            return Files.readString(Nginx.SHIPPED.resolve("local").resolve(file));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
