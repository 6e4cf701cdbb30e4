package io.smartrouter.dev;

import io.smartrouter.pool.LeaseClaim;
import io.smartrouter.stream.StreamToken;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.ServerWebSocket;
import java.time.Clock;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The voice agent of one simulated pod: a WebSocket server on loopback. It takes only streams that the router sent to
 * this pod and in time, and refuses all others before the upgrade. What it does with one is {@link DevCall}'s.
 *
 * <p>The set of calls is touched by the server's event loop alone, and copied for others there.
 */
final class DevAgent {
    private static final Logger log = LoggerFactory.getLogger(DevAgent.class);
    private static final String HOST = "127.0.0.1";
    private static final int FORBIDDEN = 403;
    private static final int NOT_FOUND = 404;
    private static final int EXPIRED = 410;
    private static final long START_SECONDS = 10;

    private final String pod;
    private final String tier;
    private final Vertx vertx;
    private final StreamToken tokens;
    private final RouterClient router;
    private final Clock clock;
    private final HttpServer server;
    private final Set<DevCall> calls = java.util.Collections.synchronizedSet(new HashSet<>());

    DevAgent(String pod, String tier, Vertx vertx, StreamToken tokens, RouterClient router, Clock clock) {
        this.pod = pod;
        this.tier = tier;
        this.vertx = vertx;
        this.tokens = tokens;
        this.router = router;
        this.clock = clock;
        this.server = vertx.createHttpServer(new HttpServerOptions()).requestHandler(this::serve);
    }

    String pod() {
        return pod;
    }

    String tier() {
        return tier;
    }

    int port() {
        return server.actualPort();
    }

    /** Starts to listen on a free port. */
    void start() {
        try {
            server.listen(0, HOST).toCompletionStage().toCompletableFuture().get(START_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new IllegalStateException("voice agent " + pod + " cannot listen on loopback", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    /** Ends all streams, and answers when the router has heard of it. */
    Future<Void> stop() {
        List<Future<Void>> ending =
                List.copyOf(calls).stream().map(DevCall::goAway).toList();
        return Future.join(ending).mapEmpty();
    }

    private void serve(HttpServerRequest request) {
        if (request.canUpgradeToWebSocket()) {
            stream(request);
        } else if (request.path().equals("/health")) {
            request.response().end("ok\n");
        } else if (request.path().equals("/status")) {
            request.response()
                    .putHeader("Content-Type", "application/json")
                    .end("{\"active_calls\":" + calls.size() + "}\n");
        } else {
            refuse(request, NOT_FOUND);
        }
    }

    private void stream(HttpServerRequest request) {
        String[] path = request.path().split("/", -1);
        if (path.length != 5 || !path[1].equals("agent") || !path[2].equals(pod)) {
            refuse(request, NOT_FOUND);
            return;
        }
        String token = path[4];
        Optional<LeaseClaim> verified = tokens.verify(token);
        if (verified.isEmpty()
                || !verified.get().pod().equals(pod)
                || !verified.get().call().value().equals(path[3])) {
            refuse(request, FORBIDDEN);
            return;
        }
        LeaseClaim claim = verified.get();
        Instant connectBy = claim.connectBy();
        if (connectBy != null && clock.instant().isAfter(connectBy)) {
            refuse(request, EXPIRED);
            return;
        }
        request.toWebSocket().onSuccess(socket -> begin(claim, token, socket));
    }

    private void begin(LeaseClaim claim, String token, ServerWebSocket socket) {
        DevCall call = new DevCall(vertx, router, claim, token, socket);
        calls.add(call);
        call.begin(() -> calls.remove(call));
    }

    private void refuse(HttpServerRequest request, int status) {
        log.debug("request refused pod={} status={}", pod, status);
        request.response().setStatusCode(status).end();
    }
}
