package io.smartrouter.testing;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.fabric8.kubernetes.api.model.ContainerStatusBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesCrudDispatcher;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.mockwebserver.Context;
import io.fabric8.mockwebserver.MockWebServer;
import io.smartrouter.pool.Incarnation;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;

/** An API server on loopback that keeps objects and serves watches, with voice-agent pods in it. */
public final class TestCluster implements AutoCloseable {
    private static final String NAMESPACE = "default";
    private static final int AGENT_PORT = 9_000;

    private final KubernetesMockServer server;
    private final KubernetesClient client;

    private TestCluster(KubernetesMockServer server) {
        this.server = server;
        this.client = server.createClient();
    }

    /** Starts it, with ready pods {@code voice-agent-0} and on. */
    public static TestCluster start(int pods) {
        KubernetesMockServer server = new KubernetesMockServer(
                new Context(), new MockWebServer(), new HashMap<>(), new KubernetesCrudDispatcher(), false);
        server.init(InetAddress.getLoopbackAddress(), 0);
        TestCluster cluster = new TestCluster(server);
        for (int i = 0; i < pods; i++) {
            cluster.add("voice-agent-" + i);
        }
        return cluster;
    }

    /** Adds a ready pod, a new object each time. */
    public void add(String name) {
        client.pods().inNamespace(NAMESPACE).resource(pod(name, AGENT_PORT)).create();
    }

    /** Adds a ready pod whose agent listens on this port of loopback; which incarnation it is. */
    @CanIgnoreReturnValue
    public Incarnation add(String name, int port) {
        Pod created =
                client.pods().inNamespace(NAMESPACE).resource(pod(name, port)).create();
        return Incarnation.of(
                name,
                created.getMetadata().getUid(),
                created.getStatus().getContainerStatuses().getFirst().getContainerID());
    }

    /** Deletes a pod's object. */
    public void delete(String name) {
        client.pods().inNamespace(NAMESPACE).withName(name).withGracePeriod(0).delete();
    }

    private static Pod pod(String name, int port) {
        return new PodBuilder()
                .withNewMetadata()
                .withName(name)
                .withLabels(Map.of("app", "voice-agent"))
                .endMetadata()
                .withNewSpec()
                .addNewContainer()
                .withName("agent")
                .withImage("agent")
                .addNewPort()
                .withName("ws")
                .withContainerPort(port)
                .endPort()
                .endContainer()
                .endSpec()
                .withNewStatus()
                .withPhase("Running")
                .withPodIP("127.0.0.1")
                .addNewCondition()
                .withType("Ready")
                .withStatus("True")
                .endCondition()
                .withContainerStatuses(new ContainerStatusBuilder()
                        .withName("agent")
                        .withContainerID("containerd://" + UUID.randomUUID())
                        .withReady(true)
                        .withNewState()
                        .withNewRunning()
                        .endRunning()
                        .endState()
                        .build())
                .endStatus()
                .build();
    }

    /** The API server's URL. */
    public String url() {
        return "http://127.0.0.1:" + server.getPort();
    }

    @Override
    public void close() {
        client.close();
        server.destroy();
    }
}
