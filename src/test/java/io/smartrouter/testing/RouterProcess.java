package io.smartrouter.testing;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;

/** A router in a JVM of its own, with a production start's settings, on loopback. */
public final class RouterProcess implements AutoCloseable {
    private static final Duration START = Duration.ofSeconds(90);

    private final Process process;
    private final int port;
    private final int managementPort;
    private final Path log;
    private final HttpClient http = HttpClient.newBuilder()
            .connectTimeout(Duration.ofSeconds(10))
            .version(HttpClient.Version.HTTP_1_1)
            .build();

    private RouterProcess(Process process, int port, int managementPort, Path log) {
        this.process = process;
        this.port = port;
        this.managementPort = managementPort;
        this.log = log;
    }

    /** Begins to start one; {@link #awaitReady} waits for it. */
    public static RouterProcess start(TestRedis redis, TestCluster cluster, Map<String, String> settings) {
        return start(redis.port(), cluster.url(), settings);
    }

    /** Begins to start one whose Redis and API server may not be there yet. */
    public static RouterProcess start(int redisPort, String kubernetesUrl, Map<String, String> settings) {
        return start(redisPort, kubernetesUrl, settings, Map.of());
    }

    /** The same, with more in its environment. */
    public static RouterProcess start(
            int redisPort, String kubernetesUrl, Map<String, String> settings, Map<String, String> environment) {
        List<String> program = new ArrayList<>(List.of("-XX:TieredStopAtLevel=1"));
        program.addAll(RouterProgram.arguments());
        return start(program, redisPort, kubernetesUrl, settings, environment);
    }

    /** Begins to start one of another version. */
    public static RouterProcess start(Path jar, int redisPort, String kubernetesUrl, Map<String, String> settings) {
        List<String> program = List.of("-XX:TieredStopAtLevel=1", "-jar", jar.toString());
        return startProgram(program, redisPort, kubernetesUrl, settings);
    }

    /** Begins to start one with these arguments to `java`, the router's own settings apart. */
    public static RouterProcess startProgram(
            List<String> program, int redisPort, String kubernetesUrl, Map<String, String> settings) {
        return start(program, redisPort, kubernetesUrl, settings, Map.of());
    }

    private static RouterProcess start(
            List<String> program,
            int redisPort,
            String kubernetesUrl,
            Map<String, String> settings,
            Map<String, String> environment) {
        int port = TestRedis.freePort();
        int managementPort = TestRedis.freePort();
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx512m"));
        command.addAll(program);
        command.addAll(List.of(
                "--server.address=127.0.0.1",
                "--management.server.address=127.0.0.1",
                "--server.port=" + port,
                "--management.server.port=" + managementPort,
                "--spring.data.redis.host=127.0.0.1",
                "--spring.data.redis.port=" + redisPort,
                "--router.kubernetes.master-url=" + kubernetesUrl,
                "--router.pods.namespace=default",
                "--router.api.open=true",
                "--router.stream.keys[0].id=k1",
                "--router.stream.keys[0].secret=a-secret-of-more-than-32-characters"));
        Map<String, String> all =
                new HashMap<>(Map.of("router.stop.linger", "0s", "router.stream.base-url", "wss://voice.example.com"));
        all.putAll(settings);
        all.forEach((name, value) -> command.add("--" + name + "=" + value));
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().putAll(environment);
        return start(builder, port, managementPort);
    }

    /**
     * Begins to start one with no settings but its environment, as a container's is. Only its ports are the test's, for
     * the container's own may be taken here.
     */
    public static RouterProcess startIn(Map<String, String> environment) {
        int port = TestRedis.freePort();
        int managementPort = TestRedis.freePort();
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(RouterProgram.arguments());
        command.add("--server.port=" + port);
        command.add("--management.server.port=" + managementPort);
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().clear();
        builder.environment().putAll(environment);
        return start(builder, port, managementPort);
    }

    private static RouterProcess start(ProcessBuilder builder, int port, int managementPort) {
        try {
            Path log = Files.createTempFile("router", ".log");
            Process process = builder.redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
            Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
            return new RouterProcess(process, port, managementPort, log);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Waits until its readiness says so. */
    public RouterProcess awaitReady() {
        try {
            Awaitility.await()
                    .atMost(START)
                    .failFast("the router ended", () -> !process.isAlive())
                    .pollInterval(Duration.ofMillis(200))
                    .ignoreExceptions()
                    .until(() -> health("readiness").status() == 200);
        } catch (RuntimeException e) {
            throw new IllegalStateException("not ready:\n" + log(), e);
        }
        return this;
    }

    /** What a group of its health says; status 0 while its management port does not answer. */
    public Answer health(String group) {
        try {
            HttpResponse<String> response = http.send(
                    HttpRequest.newBuilder(
                                    URI.create("http://127.0.0.1:" + managementPort + "/actuator/health/" + group))
                            .timeout(Duration.ofSeconds(10))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
            return new Answer(response.statusCode(), response.body());
        } catch (IOException e) {
            return new Answer(0, "");
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** An answer of its API. */
    public record Answer(int status, String body) {}

    /** Asks for a pod. */
    public Answer allocate(String sid) {
        return post("/allocate", "{\"call_sid\":\"" + sid + "\"}");
    }

    /** Posts JSON. */
    public Answer post(String path, String json) {
        return post(path, json, Map.of());
    }

    /** Posts JSON with more headers. */
    public Answer post(String path, String json, Map<String, String> headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .timeout(Duration.ofSeconds(30))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(json));
        headers.forEach(request::header);
        return send(request);
    }

    /** Puts JSON. */
    public Answer put(String path, String json) {
        return send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .timeout(Duration.ofSeconds(30))
                .header("Content-Type", "application/json")
                .PUT(HttpRequest.BodyPublishers.ofString(json)));
    }

    /** What a path of its API answers. */
    public Answer get(String path) {
        return get(port, path);
    }

    /** What a path of its management port answers. */
    public Answer management(String path) {
        return get(managementPort, path);
    }

    private Answer get(int at, String path) {
        return send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + at + path))
                .timeout(Duration.ofSeconds(30)));
    }

    private Answer send(HttpRequest.Builder request) {
        try {
            HttpResponse<String> response = http.send(request.build(), HttpResponse.BodyHandlers.ofString());
            return new Answer(response.statusCode(), response.body());
        } catch (IOException e) {
            throw new IllegalStateException("no answer:\n" + log(), e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** How far its clock is ahead of this JVM's, to the second, by what it says in an answer. */
    public Duration clockAhead() {
        try {
            HttpResponse<Void> response = http.send(
                    HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/status"))
                            .timeout(Duration.ofSeconds(30))
                            .build(),
                    HttpResponse.BodyHandlers.discarding());
            String date = response.headers().firstValue("Date").orElseThrow();
            return Duration.between(Instant.now(), Instant.from(DateTimeFormatter.RFC_1123_DATE_TIME.parse(date)));
        } catch (IOException e) {
            throw new IllegalStateException("no answer:\n" + log(), e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** What it has logged. */
    public String log() {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            return e.toString();
        }
    }

    /** The process, for signals. */
    public Process process() {
        return process;
    }

    /** Where it listens. */
    public int port() {
        return port;
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(30, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
            Files.deleteIfExists(log);
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
