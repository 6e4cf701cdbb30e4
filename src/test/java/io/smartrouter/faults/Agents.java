package io.smartrouter.faults;

import io.smartrouter.faults.History.PodLost;
import io.smartrouter.faults.History.Span;
import io.smartrouter.faults.History.Stream;
import io.smartrouter.faults.History.ToldOver;
import io.smartrouter.pool.Incarnation;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.ServerWebSocket;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The voice agents of all pods, behind one port of loopback: a stream's path says which of them it is for. They keep
 * the account of who is connected, tell the routers `connected` and then a heartbeat every half second, and close a
 * stream when a router says that its call is over.
 */
final class Agents implements AutoCloseable {
    static final Set<String> OVER = Set.of("call_ended", "stale_lease", "unknown_call");

    private record Open(String sid, String pod, String token, long since) {}

    private final History history;
    private final RouterClient routers;
    private final Vertx vertx = Vertx.vertx();
    private final HttpServer server;
    private final Map<ServerWebSocket, Open> open = new ConcurrentHashMap<>();
    private final Map<String, Incarnation> running = new ConcurrentHashMap<>();
    private final ScheduledExecutorService pulse = Executors.newSingleThreadScheduledExecutor();
    private final ExecutorService beats = Executors.newVirtualThreadPerTaskExecutor();
    private final AtomicInteger turn = new AtomicInteger();

    Agents(History history, RouterClient routers) {
        this.history = history;
        this.routers = routers;
        this.server = vertx.createHttpServer()
                .requestHandler(this::serve)
                .listen(0, "127.0.0.1")
                .toCompletionStage()
                .toCompletableFuture()
                .join();
        var _ = pulse.scheduleWithFixedDelay(this::beat, 500, 500, TimeUnit.MILLISECONDS);
    }

    int port() {
        return server.actualPort();
    }

    private void serve(HttpServerRequest request) {
        List<String> path = List.of(request.path().split("/", -1)); // "", agent, pod, sid, token
        Incarnation serves = running.get(path.get(2));
        if (serves == null || !incarnationOf(path.get(4)).equals(serves.toString())) {
            request.response().setStatusCode(404).end(); // that incarnation runs no more, so nothing listens
            return;
        }
        request.toWebSocket().onSuccess(socket -> {
            Open stream = new Open(path.get(3), path.get(2), path.get(4), System.nanoTime());
            open.put(socket, stream);
            socket.closeHandler(done -> closed(socket));
            beats.execute(() -> say(socket, stream, "connected"));
        });
    }

    private void closed(ServerWebSocket socket) {
        Open stream = open.remove(socket);
        if (stream != null) {
            history.add(new Stream(
                    stream.sid(), stream.pod(), stream.token(), new Span(stream.since(), System.nanoTime())));
        }
    }

    private void beat() {
        open.forEach((socket, stream) -> beats.execute(() -> say(socket, stream, "heartbeat")));
    }

    private void say(ServerWebSocket socket, Open stream, String word) {
        long begun = System.nanoTime();
        RouterClient.Reply reply = routers.agent(turn.getAndIncrement(), stream.sid(), stream.token(), word);
        if (OVER.contains(reply.code()) && open.containsKey(socket)) {
            history.add(new ToldOver(
                    stream.sid(), stream.token(), new Span(begun, System.nanoTime()), reply.code(), reply.router()));
            socket.close();
        }
    }

    /** Which incarnation the token names. */
    static String incarnationOf(String token) {
        byte[] payload = Base64.getUrlDecoder().decode(token.split("\\.", -1)[1]);
        return new String(payload, StandardCharsets.UTF_8).split("\\|", -1)[3];
    }

    /** The pod runs, as this incarnation. */
    void runs(String pod, Incarnation incarnation) {
        running.put(pod, incarnation);
    }

    /** The pod's incarnation ends: its streams break. */
    void ends(String pod) {
        Incarnation ended = running.remove(pod);
        history.add(new PodLost(String.valueOf(ended), System.nanoTime()));
        open.forEach((socket, stream) -> {
            if (stream.pod().equals(pod)) {
                socket.close();
            }
        });
    }

    /** Whether no stream of the call is open. */
    boolean hasLeft(String sid) {
        return open.values().stream().noneMatch(stream -> stream.sid().equals(sid));
    }

    @Override
    public void close() {
        pulse.shutdownNow();
        beats.shutdownNow();
        open.keySet().forEach(this::closed);
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }
}
