package io.smartrouter.podwatch;

import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.vertx5.Vertx5HttpClientFactory;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.WebSocketClientOptions;
import io.vertx.ext.web.client.WebClientOptions;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * Ends connections that died in silence. fabric8 sends pings on a watch but waits for no answer to them; so a watch
 * whose connection a firewall or a lost node forgot would look open until it is renewed, 5 to 10 minutes later. Here a
 * connection on which nothing arrives, not even the answers to three pings, is closed; fabric8 then opens another.
 */
final class DeadConnections extends Vertx5HttpClientFactory {
    private static final int PINGS = 3;

    private final Duration longestSilence;

    private DeadConnections(Duration longestSilence) {
        this.longestSilence = longestSilence;
    }

    /**
     * A client whose connections end after that silence.
     *
     * @param config all else of the client
     * @param longestSilence how long nothing may arrive on a connection that is in use
     * @param threads hand out what watches bring; they must end before the client is closed
     */
    static KubernetesClient client(ConfigBuilder config, Duration longestSilence, WatchThreads threads) {
        return new KubernetesClientBuilder()
                .withConfig(config.withWebsocketPingInterval(longestSilence.toMillis() / PINGS)
                        .build())
                .withHttpClientFactory(new DeadConnections(longestSilence))
                .withTaskExecutor(threads)
                .build();
    }

    @Override
    protected void additionalConfig(WebClientOptions http, WebSocketClientOptions webSocket, PoolOptions pool) {
        int silenceMs = Math.toIntExact(longestSilence.toMillis());
        webSocket.setIdleTimeoutUnit(TimeUnit.MILLISECONDS).setReadIdleTimeout(silenceMs);
        // Where WebSockets are refused, fabric8 watches by plain HTTP; there the API server's bookmarks break silence.
        http.setIdleTimeoutUnit(TimeUnit.MILLISECONDS).setReadIdleTimeout(silenceMs);
    }
}
