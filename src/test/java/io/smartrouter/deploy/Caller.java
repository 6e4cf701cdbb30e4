package io.smartrouter.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A provider's end of a stream. */
final class Caller implements WebSocket.Listener, AutoCloseable {
    private final BlockingQueue<String> heard = new LinkedBlockingQueue<>();
    private final CompletableFuture<Integer> closed = new CompletableFuture<>();
    private final WebSocket socket;

    private Caller(HttpClient http, String url) {
        socket = http.newWebSocketBuilder().buildAsync(URI.create(url), this).join();
    }

    /** Connects. */
    static Caller connect(HttpClient http, String url) {
        try {
            return new Caller(http, url);
        } catch (CompletionException e) {
            if (e.getCause() instanceof WebSocketHandshakeException refused) {
                throw new Refused(refused.getResponse().statusCode(), e);
            }
            throw e;
        }
    }

    /** The stream is refused. */
    static final class Refused extends RuntimeException {
        private static final long serialVersionUID = 1;
        private final int status;

        private Refused(int status, Throwable cause) {
            super("refused with " + status, cause);
            this.status = status;
        }
    }

    /** The status with which a stream is refused; 101 if it is not. */
    static int refusal(HttpClient http, String url) {
        try {
            connect(http, url).close();
            return 101;
        } catch (Refused e) {
            return e.status;
        }
    }

    /** Says something and hears its echo. */
    String say(String text) throws InterruptedException {
        socket.sendText(text, true).join();
        String echo = heard.poll(20, TimeUnit.SECONDS);
        assertThat(echo).as("echo of " + text).isNotNull();
        return String.valueOf(echo);
    }

    boolean isOpen() {
        return !closed.isDone() && !socket.isInputClosed();
    }

    @Override
    public CompletionStage<?> onText(WebSocket from, CharSequence text, boolean last) {
        heard.add(text.toString());
        from.request(1);
        return CompletableFuture.completedFuture(null);
    }

    @Override
    public CompletionStage<?> onClose(WebSocket from, int code, String reason) {
        closed.complete(code);
        return CompletableFuture.completedFuture(null);
    }

    @Override
    public void onError(WebSocket from, Throwable error) {
        closed.complete(-1);
    }

    @Override
    public void close() {
        socket.abort();
    }
}
