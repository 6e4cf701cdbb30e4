package io.smartrouter.deploy;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** A voice agent on loopback that checks nothing: it takes every stream, echoes it, and counts who reached it. */
final class EchoAgent implements AutoCloseable {
    private final String pod;
    private final String address;
    private final Vertx vertx;
    private final int port;
    private HttpServer server;
    private final AtomicInteger connections = new AtomicInteger();
    private final List<String> paths = new CopyOnWriteArrayList<>();

    EchoAgent(Vertx vertx, String pod, String address) {
        this.vertx = vertx;
        this.pod = pod;
        this.address = address;
        this.server = listen(0);
        this.port = server.actualPort();
    }

    private HttpServer listen(int at) {
        return vertx.createHttpServer(new HttpServerOptions())
                .connectionHandler(connection -> connections.incrementAndGet())
                .requestHandler(this::serve)
                .listen(at, address)
                .toCompletionStage()
                .toCompletableFuture()
                .join();
    }

    /** Closes its port: connections to it are refused. */
    void pause() {
        close();
    }

    /** Listens again where it did. */
    void resume() {
        server = listen(port);
    }

    private void serve(HttpServerRequest request) {
        paths.add(request.uri());
        if (request.canUpgradeToWebSocket()) {
            request.toWebSocket()
                    .onSuccess(socket -> socket.textMessageHandler(text -> socket.writeTextMessage(pod + ": " + text)));
        } else {
            request.response().end(pod);
        }
    }

    String pod() {
        return pod;
    }

    /** An IP address of loopback. */
    String address() {
        return address;
    }

    int port() {
        return port;
    }

    /** How many connections were made to it, whatever came over them. */
    int connections() {
        return connections.get();
    }

    /** What was asked of it. */
    List<String> paths() {
        return List.copyOf(paths);
    }

    @Override
    public void close() {
        server.close().toCompletionStage().toCompletableFuture().join();
    }
}
