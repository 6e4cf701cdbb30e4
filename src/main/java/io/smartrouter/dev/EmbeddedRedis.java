package io.smartrouter.dev;

import io.smartrouter.InvalidSettingException;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.embedded.core.ExecutableProvider;

/**
 * A real Redis on loopback that keeps nothing. A small shell process guards it: when this JVM ends, however it ends,
 * the guard's input closes, and it stops Redis and removes their directory. So there is nothing to remember in a
 * shutdown hook, and a {@code kill -9} leaves neither process nor file.
 */
final class EmbeddedRedis implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(EmbeddedRedis.class);
    private static final String SETSID = "/usr/bin/setsid";
    private static final String PORT = "spring.data.redis.port";
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final int PING_TIMEOUT_MS = 500;
    private static final int PAUSE_MS = 10;

    private final Process guard;
    private final Path home;
    private final int port;

    private EmbeddedRedis(Process guard, Path home, int port) {
        this.guard = guard;
        this.home = home;
        this.port = port;
    }

    /**
     * Starts Redis and waits until it answers.
     *
     * @param port where it listens on 127.0.0.1
     * @throws InvalidSettingException if the port is taken, or Redis cannot run on this machine
     */
    static EmbeddedRedis start(int port) {
        requireFree(port);
        try {
            Path home = Files.createTempDirectory("smart-router-dev-");
            Process guard = new ProcessBuilder(command(home, port))
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            EmbeddedRedis redis = new EmbeddedRedis(guard, home, port);
            try {
                redis.run();
                return redis;
            } catch (IOException | RuntimeException e) {
                redis.close();
                throw e;
            }
        } catch (IOException e) {
            throw new InvalidSettingException(
                    PORT,
                    "the embedded Redis cannot run here (" + e.getMessage()
                            + "); the profile dev needs Linux or macOS");
        }
    }

    int port() {
        return port;
    }

    /** A directory that goes when Redis goes. */
    Path home() {
        return home;
    }

    private void run() throws IOException {
        File program = ExecutableProvider.newJarResourceProvider(home.toFile()).get();
        Path expected = home.resolve("redis-server");
        if (!program.toPath().equals(expected)) {
            Files.move(program.toPath(), expected);
        }
        guard.getOutputStream().write("start\n".getBytes(StandardCharsets.US_ASCII));
        guard.getOutputStream().flush();
        long begun = System.nanoTime();
        while (!answers()) {
            if (System.nanoTime() - begun > PATIENCE.toNanos()) {
                throw new IOException("it does not answer on port " + port);
            }
            try {
                Thread.sleep(PAUSE_MS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted", e);
            }
        }
        log.info("embedded redis started port={}", port);
    }

    private boolean answers() {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), PING_TIMEOUT_MS);
            socket.setSoTimeout(PING_TIMEOUT_MS);
            OutputStream out = socket.getOutputStream();
            out.write("PING\r\n".getBytes(StandardCharsets.US_ASCII));
            out.flush();
            return new String(socket.getInputStream().readNBytes(5), StandardCharsets.US_ASCII).equals("+PONG");
        } catch (IOException e) {
            return false;
        }
    }

    @Override
    public void close() {
        try {
            guard.getOutputStream().close();
            if (!guard.waitFor(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
                log.warn("embedded redis still stops pid={}", guard.pid());
            }
        } catch (IOException e) {
            log.warn("embedded redis was not told to stop: {}", e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void requireFree(int port) {
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        } catch (IOException e) {
            throw new InvalidSettingException(
                    PORT,
                    port
                            + " is taken on 127.0.0.1; stop what listens there, or leave the setting out to get a free"
                            + " port");
        }
    }

    /** The guard; where the system has setsid, also out of reach of a signal to the router's whole process group. */
    private static List<String> command(Path home, int port) throws IOException {
        List<String> command = new ArrayList<>();
        if (Files.isExecutable(Path.of(SETSID))) {
            command.add(SETSID);
        }
        command.addAll(List.of("/bin/sh", "-c", script(), "smart-router-dev", home.toString(), Integer.toString(port)));
        return command;
    }

    private static String script() throws IOException {
        try (InputStream script = EmbeddedRedis.class.getResourceAsStream("/dev/redis-guard.sh")) {
            if (script == null) {
                throw new IOException("dev/redis-guard.sh is missing on the class path");
            }
            return new String(script.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
