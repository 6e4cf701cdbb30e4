package io.smartrouter.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import redis.embedded.core.ExecutableProvider;

/**
 * A real redis-server as a process on loopback, without persistence unless arguments say so. Which server: system
 * property {@code test.redis-server}, or else the embedded one.
 */
public final class TestRedis implements AutoCloseable {
    private final Process process;
    private final int port;
    private final Path directory;

    private TestRedis(Process process, int port, Path directory) {
        this.process = process;
        this.port = port;
        this.directory = directory;
    }

    /** Starts one on a free port. */
    public static TestRedis start(String... arguments) {
        return startOn(freePort(), arguments);
    }

    /** Starts one on this port and waits until it answers. */
    public static TestRedis startOn(int port, String... arguments) {
        return startProgram(executable(), port, arguments);
    }

    /** Starts this server on this port and waits until it answers there. */
    public static TestRedis startProgram(String program, int port, String... arguments) {
        try {
            Path directory = Files.createTempDirectory("test-redis");
            List<String> command = new ArrayList<>(List.of(
                    program,
                    "--port",
                    Integer.toString(port),
                    "--bind",
                    "127.0.0.1",
                    "--save",
                    "",
                    "--appendonly",
                    "no",
                    "--dir",
                    directory.toString()));
            command.addAll(List.of(arguments));
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(directory.resolve("redis.log").toFile())
                    .start();
            Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
            TestRedis redis = new TestRedis(process, port, directory);
            redis.awaitAnswer();
            return redis;
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String executable() {
        String configured = System.getProperty("test.redis-server", "");
        return configured.isEmpty() ? Embedded.PROGRAM : configured;
    }

    /** Written once: a program cannot be started while another thread still has its copy open. */
    private static final class Embedded {
        static final String PROGRAM = write();

        private static String write() {
            try {
                return ExecutableProvider.newJarResourceProvider().get().getAbsolutePath();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private void awaitAnswer() {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (System.nanoTime() < end) {
            try {
                if (command("PING").startsWith("+PONG") || command("PING").startsWith("-NOAUTH")) {
                    return;
                }
            } catch (IllegalStateException e) {
                Thread.onSpinWait(); // not listening yet
            }
            if (!process.isAlive()) {
                throw new IllegalStateException("redis-server ended: " + log());
            }
        }
        throw new IllegalStateException("redis-server does not answer: " + log());
    }

    private String log() {
        try {
            return Files.readString(directory.resolve("redis.log"));
        } catch (IOException e) {
            return e.toString();
        }
    }

    /** Sends one inline command on a connection of its own and returns the first bytes of the raw reply. */
    public String command(String line) {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(5_000);
            OutputStream out = socket.getOutputStream();
            out.write((line + "\r\n").getBytes(StandardCharsets.UTF_8));
            out.flush();
            InputStream in = socket.getInputStream();
            byte[] buffer = new byte[65_536];
            int read = in.read(buffer);
            return read < 0 ? "" : new String(buffer, 0, read, StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The port that it listens on. */
    public int port() {
        return port;
    }

    /** The process, for signals. */
    public Process process() {
        return process;
    }

    /** Stops it where it stands, and lets it go on: it notices nothing of the time between. */
    public void signal(String name) {
        try {
            new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                    .start()
                    .waitFor();
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Ends it at once, as a power cut does; what it holds is lost. */
    public void kill() {
        process.destroyForcibly();
        try {
            process.waitFor(10, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Writes its data to a file, ends it, and starts another server from that file, on a port of its own. */
    public TestRedis restartedFromItsFile() {
        Path copy = saved();
        kill();
        return start("--dir", copy.toString());
    }

    /** Starts another server that follows it, and waits until that has all that it has. */
    public TestRedis replica() {
        return replicaBy(port);
    }

    /** The same, by a network that leads to this server from that port. */
    public TestRedis replicaBy(int networkPort) {
        TestRedis replica = start();
        replica.command("REPLICAOF 127.0.0.1 " + networkPort);
        Awaitility.await()
                .atMost(Duration.ofSeconds(30))
                .until(() -> replica.info("master_link_status").equals("up"));
        return replica;
    }

    /** Writes its data to a file, and copies that to a directory of its own: what a later server may start from. */
    public Path saved() {
        if (!command("SAVE").startsWith("+OK")) {
            throw new IllegalStateException("not saved: " + log());
        }
        try {
            Path copy = Files.createTempDirectory("test-redis");
            Files.copy(own().resolve("dump.rdb"), copy.resolve("dump.rdb"));
            return copy;
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Where it keeps its file, which is another's where it was started from that one's. */
    private Path own() {
        return Path.of(command("CONFIG GET dir")
                .lines()
                .filter(line -> line.startsWith("/"))
                .findFirst()
                .orElseThrow());
    }

    /** The value of a field of INFO. */
    public String info(String field) {
        return command("INFO")
                .lines()
                .filter(line -> line.startsWith(field + ":"))
                .map(line -> line.substring(field.length() + 1).trim())
                .findFirst()
                .orElse("");
    }

    /** A port that is free now. */
    public static int freePort() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
        try {
            process.waitFor(10, TimeUnit.SECONDS);
            if (!Files.exists(directory)) {
                return; // closed before
            }
            try (var files = Files.walk(directory)) {
                files.sorted((a, b) -> b.compareTo(a))
                        .forEach(file -> file.toFile().delete());
            }
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
