package io.smartrouter.podwatch;

import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.smartrouter.testing.TestApiServer;
import java.time.Duration;

/** A watch of an API server on loopback, as the router makes it but with short pauses. */
final class WatchRig implements AutoCloseable {
    private static final Duration LONG = Duration.ofHours(1);
    private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(2);

    private final KubernetesClient client;
    private final PodWatch watch;

    private WatchRig(KubernetesClient client, PodWatch watch) {
        this.client = client;
        this.watch = watch;
        watch.start();
    }

    /** One that compares only after lists and outages, is never made anew, and waits long for a silent connection. */
    static WatchRig start(int port, PodRecords records) {
        return start(port, records, LONG, Duration.ofSeconds(60));
    }

    /**
     * Starts one.
     *
     * @param port where the API server, or a proxy to it, listens
     * @param longestSilence after it a connection on which nothing arrives is dead
     */
    static WatchRig start(int port, PodRecords records, Duration restartAfter, Duration longestSilence) {
        return start(port, records, restartAfter, longestSilence, REQUEST_TIMEOUT);
    }

    /**
     * Starts one.
     *
     * @param requestTimeout how long a list may take before it is asked for again
     */
    static WatchRig start(
            int port, PodRecords records, Duration restartAfter, Duration longestSilence, Duration requestTimeout) {
        ConfigBuilder config = new ConfigBuilder()
                .withMasterUrl("http://127.0.0.1:" + port)
                .withNamespace(TestApiServer.NAMESPACE)
                .withRequestTimeout((int) requestTimeout.toMillis())
                .withConnectionTimeout(2_000)
                .withWatchReconnectInterval(50)
                .withWatchReconnectLimit(-1)
                .withRequestRetryBackoffLimit(0);
        WatchThreads threads = new WatchThreads();
        KubernetesClient client = DeadConnections.client(config, longestSilence, threads);
        PodsProperties properties =
                new PodsProperties(TestApiServer.NAMESPACE, "app=voice-agent", null, 8080, restartAfter);
        return new WatchRig(
                client,
                new PodWatch(new PodInformer(client, properties, threads), properties, longestSilence, records));
    }

    WatchStatus status() {
        return watch;
    }

    @Override
    public void close() {
        watch.stop();
        client.close();
    }
}
