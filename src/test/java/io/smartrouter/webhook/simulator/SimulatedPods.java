package io.smartrouter.webhook.simulator;

import io.smartrouter.testing.TestCluster;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.ServerWebSocket;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Pods whose agents listen on loopback, each at a port of its own, and talk on every WebSocket that reaches them. */
final class SimulatedPods implements AutoCloseable {
    private final TestCluster cluster;
    private final Vertx vertx = Vertx.vertx();
    private final Map<String, Agent> running = new ConcurrentHashMap<>();

    private record Agent(HttpServer server, Set<ServerWebSocket> streams) {}

    SimulatedPods(TestCluster cluster) {
        this.cluster = cluster;
    }

    /** The pods {@code voice-agent-0} and on. */
    void start(int count) {
        for (int i = 0; i < count; i++) {
            start("voice-agent-" + i);
        }
    }

    /** A pod, a new object each time. */
    void start(String pod) {
        Set<ServerWebSocket> streams = ConcurrentHashMap.newKeySet();
        HttpServer server = vertx.createHttpServer()
                .webSocketHandler(stream -> {
                    streams.add(stream);
                    stream.closeHandler(closed -> streams.remove(stream));
                    stream.textMessageHandler(stream::writeTextMessage);
                })
                .listen(0, "127.0.0.1")
                .toCompletionStage()
                .toCompletableFuture()
                .join();
        running.put(pod, new Agent(server, streams));
        cluster.add(pod, server.actualPort());
    }

    /** How many streams a pod's agent has open. */
    int streams(String pod) {
        Agent agent = running.get(pod);
        return agent == null ? 0 : agent.streams().size();
    }

    /** The agent's process ends: its streams break, and its port refuses. Kubernetes has not noticed it. */
    void dies(String pod) {
        Agent agent = Objects.requireNonNull(running.remove(pod));
        agent.server().close().toCompletionStage().toCompletableFuture().join();
    }

    /** Kubernetes has noticed it: the pod's object goes. */
    void goes(String pod) {
        cluster.delete(pod);
    }

    @Override
    public void close() {
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }
}
