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
final class WebhookClient {
    private final int port;

    WebhookClient(ServletWebServerApplicationContext router) {
        port = Objects.requireNonNull(router.getWebServer()).getPort();
    }

    record Answer(int status, Map<String, String> headers, String body) {
        String header(String name) {
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

    Answer send(String method, String target, Map<String, String> headers, byte[] body) {
        return exchange(method, target, headers, "Content-Length: " + body.length, body);
    }

    /** A body that does not say how long it is. */
    Answer chunked(String target, String form) {
        String chunk = Integer.toHexString(form.length()) + "\r\n" + form + "\r\n0\r\n\r\n";
        return exchange(
                "POST",
                target,
                Map.of("Content-Type", "application/x-www-form-urlencoded"),
                "Transfer-Encoding: chunked",
                chunk.getBytes(StandardCharsets.UTF_8));
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
