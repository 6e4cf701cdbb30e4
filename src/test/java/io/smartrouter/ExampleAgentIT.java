package io.smartrouter;

import static org.assertj.core.api.Assertions.assertThat;

import io.smartrouter.pool.redis.DataSet;
import io.smartrouter.testing.RouterProcess;
import io.smartrouter.testing.RouterProcess.Answer;
import io.smartrouter.testing.TestCluster;
import io.smartrouter.testing.TestRedis;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The agent of docs/agents.md, as a process, beside a real router. */
@NullUnmarked
@Timeout(300)
class ExampleAgentIT {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int GOING_AWAY = 1001;

    @TempDir
    private Path directory;

    private final HttpClient http = HttpClient.newHttpClient();
    private TestRedis redis;
    private TestCluster cluster;
    private RouterProcess router;
    private DataSet data;
    private Process agent;
    private int port;

    @BeforeEach
    void start() throws Exception {
        redis = TestRedis.start();
        data = new DataSet(redis.port());
        cluster = TestCluster.start(0);
        port = TestRedis.freePort();
        cluster.add("voice-agent-0", port);
        router = RouterProcess.start(
                redis,
                cluster,
                Map.of(
                        "router.settle.quarantine", "0s",
                        "router.stream.base-url", "ws://{address}",
                        "router.agent.status-url", "http://{address}/status"));
        router.awaitReady();
        agent = agent();
        Awaitility.await().atMost(PATIENCE).until(() -> data.available().contains("voice-agent-0"));
        Awaitility.await()
                .atMost(PATIENCE)
                .failFast("the agent ended, does this Python have aiohttp? .ci/run installs it", () -> !agent.isAlive())
                .ignoreExceptions()
                .until(() -> get("/health").statusCode() == 200);
    }

    private Process agent() throws IOException {
        ProcessBuilder builder = new ProcessBuilder(
                        System.getProperty("test.python", "/usr/bin/python3"), "docs/examples/agent/agent.py")
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("agent.log").toFile());
        builder.environment()
                .putAll(Map.of(
                        "ROUTER_URL", "http://127.0.0.1:" + router.port(),
                        "HOST", "127.0.0.1",
                        "PORT", Integer.toString(port),
                        "HEARTBEAT_S", "0.5",
                        "SHUTDOWN_S", "1"));
        Process started = builder.start();
        Runtime.getRuntime().addShutdownHook(new Thread(started::destroyForcibly));
        return started;
    }

    @AfterEach
    void stop() throws Exception {
        agent.destroyForcibly().waitFor();
        router.close();
        cluster.close();
        data.close();
        redis.close();
    }

    private HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return http.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private String log() throws IOException {
        return Files.readString(directory.resolve("agent.log"));
    }

    /** What a provider hears. */
    private static final class Caller implements WebSocket.Listener {
        private final BlockingQueue<String> heard = new LinkedBlockingQueue<>();
        private final CompletableFuture<Integer> closed = new CompletableFuture<>();

        @Override
        public CompletionStage<?> onBinary(WebSocket socket, ByteBuffer bytes, boolean last) {
            heard.add(StandardCharsets.UTF_8.decode(bytes).toString());
            socket.request(1);
            return null;
        }

        @Override
        public CompletionStage<?> onText(WebSocket socket, CharSequence text, boolean last) {
            heard.add(text.toString());
            socket.request(1);
            return null;
        }

        @Override
        public CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
            closed.complete(code);
            return null;
        }
    }

    private String allocate(String sid) {
        Answer answer = router.post("/allocate", "{\"call_sid\":\"" + sid + "\"}");
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        return answer.body().replaceAll(".*\"ws_url\":\"([^\"]+)\".*", "$1");
    }

    private WebSocket connect(String url, Caller caller) {
        return http.newWebSocketBuilder().buildAsync(URI.create(url), caller).join();
    }

    private void awaitState(String sid, String state) {
        Awaitility.await()
                .atMost(PATIENCE)
                .until(() -> state.equals(data.call(sid).get("state")));
    }

    @Test
    void aConversationFromTheFirstWordToTheLast() throws Exception {
        String url = allocate("CA1");
        Caller caller = new Caller();
        WebSocket socket = connect(url, caller);
        awaitState("CA1", "connected");
        socket.sendBinary(ByteBuffer.wrap("hello".getBytes(StandardCharsets.UTF_8)), true)
                .join();
        assertThat(caller.heard.poll(20, TimeUnit.SECONDS)).isEqualTo("hello");
        Awaitility.await().atMost(PATIENCE).until(() -> data.call("CA1").containsKey("heartbeat_at"));
        assertThat(get("/status").body()).isEqualTo("{\"active_calls\": 1}");

        for (String byHand : List.of("hello?", "5", "{\"event\":\"media\"}")) { // a try by hand ends nothing
            socket.sendText(byHand, true).join();
            assertThat(caller.heard.poll(20, TimeUnit.SECONDS)).isEqualTo(byHand);
        }
        socket.sendText("{\"event\":\"goodbye\"}", true).join();
        awaitState("CA1", "ended");
        assertThat(data.call("CA1")).containsEntry("end_reason", "agent_ended");
        caller.closed.get(20, TimeUnit.SECONDS);
        Awaitility.await().atMost(PATIENCE).until(() -> get("/status").body().equals("{\"active_calls\": 0}"));
        assertThat(log()).contains("stream opened sid=CA1").doesNotContain(url.substring(url.lastIndexOf('/') + 1));
        assertThat(data.violations()).isEmpty();
    }

    @Test
    void aCallThatEndedElsewhereIsClosedByItsNextHeartbeat() throws Exception {
        Caller caller = new Caller();
        connect(allocate("CA1"), caller);
        awaitState("CA1", "connected");
        assertThat(router.post("/release", "{\"call_sid\":\"CA1\"}").status()).isEqualTo(200);
        caller.closed.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        assertThat(data.call("CA1")).containsEntry("end_reason", "released");
    }

    @Test
    void aStreamThatBreaksEndsNoCallAndComesBack() throws Exception {
        String url = allocate("CA1");
        WebSocket socket = connect(url, new Caller());
        awaitState("CA1", "connected");
        socket.abort();
        Awaitility.await().atMost(PATIENCE).until(() -> log().contains("stream closed sid=CA1"));
        Caller again = new Caller();
        WebSocket second = connect(url, again);
        second.sendBinary(ByteBuffer.wrap("again".getBytes(StandardCharsets.UTF_8)), true)
                .join();
        assertThat(again.heard.poll(20, TimeUnit.SECONDS)).isEqualTo("again");
        assertThat(data.call("CA1")).containsEntry("state", "connected");
    }

    @Test
    void sigtermSendsTheCallerElsewhereAndEndsNoCall() throws Exception {
        Caller caller = new Caller();
        connect(allocate("CA1"), caller);
        awaitState("CA1", "connected");
        agent.destroy();
        assertThat(caller.closed.get(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isEqualTo(GOING_AWAY);
        assertThat(agent.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(data.call("CA1")).containsEntry("state", "connected");

        // Its pod goes, and the caller is asked for again: another agent gets it, and can say sorry.
        cluster.delete("voice-agent-0");
        awaitState("CA1", "lost");
        port = TestRedis.freePort();
        agent = agent();
        cluster.add("voice-agent-1", port);
        Awaitility.await()
                .atMost(PATIENCE)
                .ignoreExceptions()
                .until(() ->
                        get("/health").statusCode() == 200 && data.available().contains("voice-agent-1"));
        connect(allocate("CA1"), new Caller());
        Awaitility.await().atMost(PATIENCE).until(() -> log().contains("caller was talking to another agent sid=CA1"));
        assertThat(List.of(data.call("CA1").get("pod"))).containsExactly("voice-agent-1");
    }
}
