package io.smartrouter.testing;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
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
        try {
            Path directory = Files.createTempDirectory("test-redis");
            List<String> command = new ArrayList<>(List.of(
                    executable(),
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

    private static String executable() throws IOException {
        String configured = System.getProperty("test.redis-server", "");
        if (!configured.isEmpty()) {
            return configured;
        }
        File embedded = ExecutableProvider.newJarResourceProvider().get();
        return embedded.getAbsolutePath();
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
            try (var files = Files.walk(directory)) {
                files.sorted((a, b) -> b.compareTo(a))
                        .forEach(file -> file.toFile().delete());
            }
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
