package io.smartrouter.webhook;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.web.server.servlet.context.ServletWebServerApplicationContext;

/** Sends requests with any header, also those that a well-behaved client would not let one set. */
public final class WebhookClient {
    private final int port;

    /** Sends to this router. */
    public WebhookClient(ServletWebServerApplicationContext router) {
        this(Objects.requireNonNull(router.getWebServer()).getPort());
    }

    /** Sends to this port of loopback. */
    public WebhookClient(int port) {
        this.port = port;
    }

    /** An answer; the names of its headers are in lower case. */
    public record Answer(int status, Map<String, String> headers, String body) {
        /** A header, or an empty text. */
        public String header(String name) {
            return headers.getOrDefault(name, "");
        }
    }

    Answer form(String method, String path, String query, @Nullable String form, Map<String, String> headers) {
        Map<String, String> all = new LinkedHashMap<>(headers);
        if (form != null) {
            all.put("Content-Type", "application/x-www-form-urlencoded");
        }
        byte[] body = form == null ? new byte[0] : form.getBytes(StandardCharsets.UTF_8);
        return send(method, query.isEmpty() ? path : path + "?" + query, all, body);
    }

    /** Sends a request as it is. */
    public Answer send(String method, String target, Map<String, String> headers, byte[] body) {
        return exchange(method, target, headers, "Content-Length: " + body.length, body);
    }

    /** A body that does not say how long it is. */
    Answer chunked(String target, String form) {
        Map<String, String> headers = Map.of("Content-Type", "application/x-www-form-urlencoded");
        return chunked(target, headers, form.getBytes(StandardCharsets.UTF_8));
    }

    /** A POST whose body does not say how long it is. */
    public Answer chunked(String target, Map<String, String> headers, byte[] body) {
        ByteArrayOutputStream chunk = new ByteArrayOutputStream();
        chunk.writeBytes((Integer.toHexString(body.length) + "\r\n").getBytes(StandardCharsets.UTF_8));
        chunk.writeBytes(body);
        chunk.writeBytes("\r\n0\r\n\r\n".getBytes(StandardCharsets.UTF_8));
        return exchange("POST", target, headers, "Transfer-Encoding: chunked", chunk.toByteArray());
    }

    private Answer exchange(String method, String target, Map<String, String> headers, String length, byte[] body) {
        Map<String, String> all = new LinkedHashMap<>(Map.of("Host", "127.0.0.1"));
        all.putAll(headers);
        StringBuilder head = new StringBuilder(method + " " + target + " HTTP/1.1\r\nConnection: close\r\n" + length);
        all.forEach(
                (name, value) -> head.append("\r\n").append(name).append(": ").append(value));
        head.append("\r\n\r\n");
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(15_000);
            ByteArrayOutputStream read = new ByteArrayOutputStream();
            try {
                socket.getOutputStream().write(head.toString().getBytes(StandardCharsets.UTF_8));
                socket.getOutputStream().write(body);
                socket.getOutputStream().flush();
            } catch (IOException e) {
                // The server may answer and close while we still send: what it answered is what counts.
            }
            try {
                socket.getInputStream().transferTo(read);
            } catch (IOException e) {
                if (read.size() == 0) {
                    throw e;
                }
            }
            return parse(read.toString(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Answer parse(String answer) {
        int end = answer.indexOf("\r\n\r\n");
        String[] lines = answer.substring(0, end).split("\r\n", -1);
        Map<String, String> headers = new TreeMap<>();
        for (int i = 1; i < lines.length; i++) {
            int colon = lines[i].indexOf(':');
            headers.put(
                    lines[i].substring(0, colon).toLowerCase(Locale.ROOT),
                    lines[i].substring(colon + 1).strip());
        }
        return new Answer(Integer.parseInt(lines[0].split(" ", -1)[1]), headers, answer.substring(end + 4));
    }
}
