package io.smartrouter.testing;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** Every command that a Redis does from now on, in its order, by MONITOR. */
public final class RedisMonitor implements AutoCloseable {
    private final TestRedis redis;
    private final Socket socket;
    private final BufferedReader lines;

    /** Begins to look. */
    public RedisMonitor(TestRedis redis) {
        this.redis = redis;
        try {
            socket = new Socket(InetAddress.getLoopbackAddress(), redis.port());
            socket.setSoTimeout(10_000);
            lines = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1));
            socket.getOutputStream().write("MONITOR\r\n".getBytes(StandardCharsets.US_ASCII));
            if (!"+OK".equals(lines.readLine())) {
                throw new IllegalStateException("no MONITOR");
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What was done since it began, or since this was asked: a mark of its own says where that ends. */
    public List<String> commands() {
        String mark = "mark-" + UUID.randomUUID();
        redis.command("ECHO " + mark);
        List<String> commands = new ArrayList<>();
        try {
            for (String line = lines.readLine(); !line.contains(mark); line = lines.readLine()) {
                commands.add(line);
            }
            return commands;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
