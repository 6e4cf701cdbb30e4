package io.smartrouter.dev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.smartrouter.testing.TestRedis;
import java.io.File;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The one command, as a developer meets it. */
@Execution(ExecutionMode.CONCURRENT)
@ResourceLock("DevProfileIT") // its tests one after another
class DevProfileIT {
    private static final Pattern CURL = Pattern.compile("curl -sS (\\S+)(?: -H '([^:]+): ([^']+)' -d '([^']+)')?");
    private static final JsonMapper JSON = new JsonMapper();
    private static final int NORMAL = 1000;

    @TempDir
    private Path directory;

    private final HttpClient http = HttpClient.newHttpClient();

    private RouterProcess dev(String... arguments) throws Exception {
        String[] all = Arrays.copyOf(arguments, arguments.length + 1);
        all[arguments.length] = "--spring.profiles.active=dev";
        return RouterProcess.start(directory, RouterProcess.classPath(), all);
    }

    @Test
    void threeLinesOfTheBannerAllocateShowAndReleaseAPodThatAnswers() throws Exception {
        long begun = System.nanoTime();
        try (RouterProcess router = dev("--server.port=0", "--management.server.port=0")) {
            router.awaitLog("/release");
            long startedMs = Duration.ofNanos(System.nanoTime() - begun).toMillis();
            List<HttpRequest> lines = CURL.matcher(router.log())
                    .results()
                    .map(DevProfileIT::request)
                    .toList();
            assertThat(lines).hasSize(3);

            JsonNode allocated = json(send(lines.get(0)));
            assertThat(allocated.get("success").asBoolean()).isTrue();
            String url = allocated.get("ws_url").asString();
            assertThat(url).startsWith("ws://127.0.0.1:");
            Caller caller = new Caller();
            WebSocket socket = http.newWebSocketBuilder()
                    .buildAsync(URI.create(url), caller)
                    .join();
            socket.sendText("hello", true).join();
            assertThat(caller.heard.poll(10, TimeUnit.SECONDS)).isEqualTo("hello");
            await().until(() -> router.log().contains("stream opened sid=call-1"));
            assertThat(refusal(url.substring(0, url.length() - 3) + "AAA"))
                    .as("forged")
                    .isEqualTo(403);
            assertThat(refusal(url.replace("/agent/voice-agent-", "/agent/voice-agent-9")))
                    .as("another pod's path")
                    .isEqualTo(404);
            assertThat(refusal(url.replace("/call-1/", "/call-2/")))
                    .as("another call's path")
                    .isEqualTo(403);

            JsonNode status = json(send(lines.get(1)));
            assertThat(status.toString()).contains("gold", "basic");

            JsonNode released = json(send(lines.get(2)));
            assertThat(released.get("success").asBoolean()).isTrue();
            assertThat(released.get("pod_name").asString())
                    .isEqualTo(allocated.get("pod_name").asString());
            // The agent learns it by its next heartbeat, which it sends every 10 s.
            assertThat(caller.closed.get(30, TimeUnit.SECONDS)).isEqualTo(NORMAL);

            assertThat(router.log()).doesNotContain(url.substring(url.lastIndexOf('/') + 1));
            router.process().destroy(); // SIGTERM
            router.awaitExit();
            await().atMost(Duration.ofSeconds(10)).untilAsserted(() -> {
                assertThat(router.processes()).isEmpty();
                assertThat(router.files()).isEmpty();
            });
            System.out.printf("dev: banner after %d ms, nothing left after SIGTERM%n", startedMs);
        }
    }

    @Test
    void killMinusNineLeavesNoRedis() throws Exception {
        try (RouterProcess router = dev("--server.port=0", "--management.server.port=0")) {
            router.awaitLog("embedded redis started");
            assertThat(router.processes()).anyMatch(line -> line.contains("redis-server"));
            router.process().destroyForcibly().waitFor();
            await().atMost(Duration.ofSeconds(10)).untilAsserted(() -> {
                assertThat(router.processes()).isEmpty();
                assertThat(router.files()).noneMatch(file -> file.toString().contains("smart-router-dev"));
            });
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"server.port", "management.server.port", "spring.data.redis.port"})
    void aTakenPortIsSaidInOneLine(String setting) throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            List<String> arguments = List.of("server.port", "management.server.port", "spring.data.redis.port").stream()
                    .map(name -> "--" + name + "="
                            + (name.equals(setting)
                                    ? taken.getLocalPort()
                                    : name.startsWith("spring") ? TestRedis.freePort() : 0))
                    .toList();
            try (RouterProcess router = dev(arguments.toArray(String[]::new))) {
                assertThat(router.awaitExit()).isEqualTo(1);
                assertRefusedInOneLine(router, setting + ": " + taken.getLocalPort() + " is taken");
                await().untilAsserted(() -> {
                    assertThat(router.processes()).isEmpty();
                    assertThat(router.files()).isEmpty();
                });
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.0.0.0", "::"})
    void devListensOnLoopbackOnly(String address) throws Exception {
        try (RouterProcess router = dev("--server.address=" + address)) {
            assertThat(router.awaitExit()).isEqualTo(1);
            assertRefusedInOneLine(router, "server.address: must be a loopback address");
        }
    }

    @Test
    void withoutTheEmbeddedPartsDevSaysHowToRunIt() throws Exception {
        // As in the packaged jar, which has no optional dependency.
        String packaged = Arrays.stream(RouterProcess.classPath().split(File.pathSeparator))
                .filter(entry -> !entry.contains("embedded-redis") && !entry.contains("kubernetes-server-mock"))
                .collect(Collectors.joining(File.pathSeparator));
        try (RouterProcess router = RouterProcess.start(directory, packaged, "--spring.profiles.active=dev")) {
            assertThat(router.awaitExit()).isEqualTo(1);
            assertRefusedInOneLine(router, "mvn spring-boot:run");
        }
    }

    @Test
    void aProductionStartWithoutRedisSaysWhatToSet() throws Exception {
        try (RouterProcess router = RouterProcess.start(directory, RouterProcess.classPath())) {
            assertThat(router.awaitExit()).isEqualTo(1);
            assertRefusedInOneLine(router, "spring.data.redis.host: is not set");
        }
    }

    @Test
    void aBadSettingIsSaidInOneLineWithItsMending() throws Exception {
        try (RouterProcess router = RouterProcess.start(
                directory,
                RouterProcess.classPath(),
                "--spring.data.redis.host=127.0.0.1",
                "--router.probe-timeout=5s")) {
            assertThat(router.awaitExit()).isEqualTo(1);
            assertRefusedInOneLine(router, "router.probe-timeout: must be shorter than or equal to 2 seconds");
        }
    }

    private static void assertRefusedInOneLine(RouterProcess router, String text) {
        assertThat(router.lines().stream()
                        .filter(line -> line.contains("ERROR"))
                        .toList())
                .as(router.log())
                .singleElement()
                .asString()
                .contains("start refused: ", text);
        assertThat(router.log()).doesNotContain("\tat ", "Exception");
    }

    private int refusal(String url) {
        try {
            http.newWebSocketBuilder()
                    .buildAsync(URI.create(url), new Caller())
                    .join()
                    .abort();
            return 0;
        } catch (CompletionException e) {
            return ((WebSocketHandshakeException) e.getCause()).getResponse().statusCode();
        }
    }

    private static HttpRequest request(MatchResult curl) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(curl.group(1)));
        if (curl.group(4) != null) {
            request.header(curl.group(2), curl.group(3)).POST(HttpRequest.BodyPublishers.ofString(curl.group(4)));
        }
        return request.build();
    }

    private HttpResponse<String> send(HttpRequest request) throws Exception {
        return http.send(request, HttpResponse.BodyHandlers.ofString());
    }

    private static JsonNode json(HttpResponse<String> response) {
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        return JSON.readTree(response.body());
    }

    /** The caller's end of a stream. */
    private static final class Caller implements WebSocket.Listener {
        private final BlockingQueue<String> heard = new LinkedBlockingQueue<>();
        private final CompletableFuture<Integer> closed = new CompletableFuture<>();

        @Override
        public CompletionStage<?> onText(WebSocket socket, CharSequence text, boolean last) {
            heard.add(text.toString());
            socket.request(1);
            return CompletableFuture.completedFuture(null);
        }

        @Override
        public CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
            closed.complete(code);
            return CompletableFuture.completedFuture(null);
        }
    }
}
