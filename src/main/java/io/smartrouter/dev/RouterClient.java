package io.smartrouter.dev;

import io.smartrouter.pool.CallId;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The router's agent API as a voice agent calls it: over HTTP, with the stream token as the bearer token. */
final class RouterClient {
    private static final Logger log = LoggerFactory.getLogger(RouterClient.class);
    private static final Duration TIMEOUT = Duration.ofSeconds(3);
    private static final Set<Integer> OVER = Set.of(404, 409, 410); // unknown, another lease, ended
    private static final int FIRST_REFUSAL = 300;

    /** What the router's answer means for the stream. */
    enum Verdict {
        /** The lease is the call's. */
        LIVE,
        /** The call has ended, or holds another pod. */
        OVER,
        /** The router cannot say now. */
        UNKNOWN
    }

    private final HttpClient http;
    private final CompletableFuture<Integer> port = new CompletableFuture<>();

    RouterClient(Vertx vertx) {
        this.http = vertx.createHttpClient(new HttpClientOptions().setConnectTimeout((int) TIMEOUT.toMillis()));
    }

    /** Says where the router listens on loopback, once it does. */
    void routerListensOn(int routerPort) {
        port.complete(routerPort);
    }

    /** Tells the router of a live stream: {@code connected} or {@code heartbeat}. */
    Future<Verdict> tell(CallId call, String event, String token) {
        return post(call, event, token, Buffer.buffer())
                .map(status -> {
                    if (OVER.contains(status)) {
                        return Verdict.OVER;
                    }
                    return status < FIRST_REFUSAL ? Verdict.LIVE : Verdict.UNKNOWN;
                })
                .otherwise(fault -> {
                    log.warn("router does not answer sid={} event={} reason={}", call, event, fault.getMessage());
                    return Verdict.UNKNOWN;
                });
    }

    /** Tells the router that the stream has ended; the router keeps what it cannot store. */
    Future<Integer> ended(CallId call, String token) {
        return post(call, "ended", token, Buffer.buffer("{\"reason\":\"stream_closed\"}"))
                .onFailure(fault -> log.warn("end not reported sid={} reason={}", call, fault.getMessage()));
    }

    private Future<Integer> post(CallId call, String event, String token, Buffer body) {
        return Future.fromCompletionStage(port)
                .compose(number -> http.request(new RequestOptions()
                        .setMethod(HttpMethod.POST)
                        .setHost("127.0.0.1")
                        .setPort(number)
                        .setURI("/calls/" + call + "/" + event)
                        .setTimeout(TIMEOUT.toMillis())
                        .putHeader("Authorization", "Bearer " + token)
                        .putHeader("Content-Type", "application/json")))
                .compose(request -> request.send(body.length() == 0 ? Buffer.buffer("{}") : body))
                .compose(response -> response.body().map(response.statusCode()));
    }
}
