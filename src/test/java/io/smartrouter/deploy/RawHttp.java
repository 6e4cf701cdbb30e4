package io.smartrouter.deploy;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sends a request byte for byte as a test wrote it, also what no client would send. */
final class RawHttp {
    private static final Pattern LENGTH = Pattern.compile("(?i)\r\ncontent-length: *([0-9]+)\r\n");
    private static final int SWITCHED = 101;

    private final int port;

    RawHttp(int port) {
        this.port = port;
    }

    /** An answer; status 0 is a connection that was closed without one. */
    record Answer(int status, String head, String body) {}

    Answer get(String target, Map<String, String> headers) {
        return send("GET", target, headers, "");
    }

    Answer form(String target, String form, Map<String, String> headers) {
        return send("POST", target, with(headers, "Content-Type", "application/x-www-form-urlencoded"), form);
    }

    Answer json(String target, String json, Map<String, String> headers) {
        return send("POST", target, with(headers, "Content-Type", "application/json"), json);
    }

    private static Map<String, String> with(Map<String, String> headers, String name, String value) {
        Map<String, String> all = new LinkedHashMap<>(headers);
        all.put(name, value);
        return all;
    }

    Answer send(String method, String target, Map<String, String> headers, String body) {
        StringBuilder request = new StringBuilder(
                method + " " + target + " HTTP/1.1\r\nHost: voice.example.com\r\nConnection: close\r\n");
        headers.forEach(
                (name, value) -> request.append(name).append(": ").append(value).append("\r\n"));
        if (!method.equals("GET")) {
            request.append("Content-Length: ").append(body.length()).append("\r\n");
        }
        return exchange(request + "\r\n" + body);
    }

    /** Sends these bytes and reads one answer. */
    Answer exchange(String bytes) {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(30_000);
            try {
                socket.getOutputStream().write(bytes.getBytes(StandardCharsets.ISO_8859_1));
                socket.getOutputStream().flush();
            } catch (IOException e) {
                // It may answer and close while we still send: what it answered is what counts.
            }
            return answer(new BufferedInputStream(socket.getInputStream()));
        } catch (SocketException e) {
            return new Answer(0, "", "");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Answer answer(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder();
        for (int read = in.read(); read >= 0; read = in.read()) {
            head.append((char) read);
            if (head.indexOf("\r\n\r\n", head.length() - 4) >= 0) {
                int status = Integer.parseInt(head.substring(9, 12));
                Matcher length = LENGTH.matcher(head);
                byte[] body = status == SWITCHED
                        ? new byte[0]
                        : length.find() ? in.readNBytes(Integer.parseInt(length.group(1))) : in.readAllBytes();
                return new Answer(status, head.toString(), new String(body, StandardCharsets.UTF_8));
            }
        }
        return new Answer(0, "", head.toString());
    }
}
