package io.smartrouter.deploy;

import io.smartrouter.testing.TestRedis;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Assumptions;

/**
 * The real nginx as a process, with the shipped {@code nginx/nginx.conf} and files of {@code local/} that fit a test.
 * Which nginx: system property {@code test.nginx}, or else the one that is installed; without any, the test is skipped.
 */
final class Nginx implements AutoCloseable {
    static final Path SHIPPED = Path.of("nginx");
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Pattern READS = Pattern.compile("(?m)^\\s*include (local/\\S+);");

    private final Path directory;
    private final int port;
    private final Process process;

    private Nginx(Path directory, int port, Process process) {
        this.directory = directory;
        this.port = port;
        this.process = process;
    }

    /** The program, or a skipped test. */
    static String program() {
        String configured = System.getProperty("test.nginx", "");
        if (!configured.isEmpty()) {
            return configured; // and if it is none, the test fails
        }
        List<String> places = Stream.concat(
                        Stream.of("/usr/sbin", "/usr/local/sbin", "/usr/local/bin", "/opt/homebrew/bin"),
                        Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator)))
                .map(place -> place + "/nginx")
                .filter(file -> Files.isExecutable(Path.of(file)))
                .toList();
        Assumptions.assumeFalse(places.isEmpty(), "no nginx is installed");
        return places.getFirst();
    }

    /**
     * Starts it on a free port of loopback and waits until it answers.
     *
     * @param local contents of files of {@code local/}; those that are not named are the shipped ones
     */
    static Nginx start(Map<String, String> local) {
        return start(local, UnaryOperator.identity());
    }

    /** Starts one with a changed {@code nginx.conf}, to see what the change undoes. */
    static Nginx start(Map<String, String> local, UnaryOperator<String> change) {
        int port = TestRedis.freePort();
        Path directory = directory(port, local, change);
        try {
            Process process = new ProcessBuilder(command(directory, "-g", "daemon off;"))
                    .redirectOutput(directory.resolve("stdout.log").toFile())
                    .redirectError(directory.resolve("stderr.log").toFile())
                    .start();
            Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
            Nginx nginx = new Nginx(directory, port, process);
            Awaitility.await()
                    .atMost(PATIENCE)
                    .failFast("nginx ended", () -> !process.isAlive())
                    .until(nginx::listens);
            return nginx;
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** What {@code nginx -t} says. */
    static String check(Map<String, String> local) {
        Path directory = directory(TestRedis.freePort(), local, UnaryOperator.identity());
        try {
            Process process = new ProcessBuilder(command(directory, "-t"))
                    .redirectErrorStream(true)
                    .start();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return process.waitFor() == 0 ? said : "refused: " + said;
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        } finally {
            delete(directory);
        }
    }

    private static List<String> command(Path directory, String... more) {
        List<String> command = new ArrayList<>(List.of(
                program(), "-e", "stderr", "-p", directory + "/", "-c", directory.resolve("conf/nginx.conf") + ""));
        command.addAll(List.of(more));
        return command;
    }

    private static Path directory(int port, Map<String, String> local, UnaryOperator<String> change) {
        try {
            Path directory = Files.createTempDirectory("nginx");
            directory.toFile().setReadable(true, false); // its workers are another user where the test is root
            directory.toFile().setExecutable(true, false);
            Path conf = Files.createDirectories(directory.resolve("conf/local")).getParent();
            String shipped = Files.readString(SHIPPED.resolve("nginx.conf"));
            Files.writeString(conf.resolve("nginx.conf"), change.apply(shipped));
            Set<String> files = READS.matcher(shipped)
                    .results()
                    .map((MatchResult found) -> found.group(1))
                    .collect(Collectors.toSet());
            for (String file : files) {
                String name = file.substring("local/".length());
                String content = local.getOrDefault(
                        name,
                        name.equals("listen.conf")
                                ? "listen 127.0.0.1:{port} so_keepalive=60s:10s:6;"
                                : Files.readString(SHIPPED.resolve(file)));
                Files.writeString(conf.resolve(file), content.replace("{port}", Integer.toString(port)));
            }
            return directory;
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    boolean listens() {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return socket.isConnected();
        } catch (IOException e) {
            return false;
        }
    }

    /** Reads its files again, and waits until its old workers have left the port to new ones. */
    void reload() {
        Set<Long> old = workers();
        try {
            new ProcessBuilder("kill", "-HUP", Long.toString(process.pid()))
                    .start()
                    .waitFor();
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
        Awaitility.await().atMost(PATIENCE).until(() -> workers().stream().anyMatch(pid -> !old.contains(pid)));
        // A worker says this after it has closed the port.
        Awaitility.await()
                .atMost(PATIENCE)
                .until(() -> errors().lines()
                                .filter(line -> line.contains("gracefully shutting down"))
                                .count()
                        >= old.size());
    }

    private Set<Long> workers() {
        return process.children().map(ProcessHandle::pid).collect(Collectors.toSet());
    }

    int port() {
        return port;
    }

    /** Its master process. */
    Process process() {
        return process;
    }

    /** The access log, a JSON object a line. */
    String access() {
        return read("stdout.log");
    }

    String errors() {
        return read("stderr.log");
    }

    /** Any other file that it was told to write. */
    String read(String file) {
        try {
            return Files.readString(directory.resolve(file));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        process.destroy(); // at once: streams are ended
        try {
            if (!process.waitFor(20, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        delete(directory);
    }

    private static void delete(Path directory) {
        try (Stream<Path> files = Files.walk(directory)) {
            files.sorted((a, b) -> b.compareTo(a)).forEach(file -> file.toFile().delete());
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
