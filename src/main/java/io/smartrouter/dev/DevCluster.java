package io.smartrouter.dev;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.apps.StatefulSetBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesCrudDispatcher;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.mockwebserver.Context;
import io.fabric8.mockwebserver.MockWebServer;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Executor;

/**
 * A simulated cluster on loopback: the API server is fabric8's mock, which keeps objects and serves watches. In it is
 * one StatefulSet, and a pod for each agent as Kubernetes would show it. Killing or changing pods through the API
 * works as in a real cluster, except that nobody starts them again.
 */
final class DevCluster implements AutoCloseable {
    static final String NAMESPACE = "default";
    private static final String NAME = "voice-agent";
    private static final String TIER = "voice.smartrouter.io/tier";

    private final KubernetesMockServer server;

    private DevCluster(KubernetesMockServer server) {
        this.server = server;
    }

    static DevCluster start() {
        KubernetesMockServer server = new KubernetesMockServer(
                new Context(), new MockWebServer(), new HashMap<>(), new KubernetesCrudDispatcher(), false);
        server.init(InetAddress.getLoopbackAddress(), 0);
        return new DevCluster(server);
    }

    /**
     * A client of this cluster's API; its user closes it.
     *
     * @param threads hand out what watches bring
     */
    KubernetesClient client(Executor threads) {
        return server.createClient(builder -> builder.withTaskExecutor(threads));
    }

    /**
     * Adds the StatefulSet and its pods.
     *
     * @param agents the agents, whose order gives the ordinals
     */
    void add(Iterable<DevAgent> agents) {
        try (KubernetesClient client = server.createClient()) {
            int replicas = 0;
            for (DevAgent agent : agents) {
                client.pods().inNamespace(NAMESPACE).resource(pod(agent)).create();
                replicas++;
            }
            client.apps()
                    .statefulSets()
                    .inNamespace(NAMESPACE)
                    .resource(new StatefulSetBuilder()
                            .withNewMetadata()
                            .withName(NAME)
                            .endMetadata()
                            .withNewSpec()
                            .withReplicas(replicas)
                            .withServiceName(NAME)
                            .withNewSelector()
                            .addToMatchLabels("app", NAME)
                            .endSelector()
                            .endSpec()
                            .build())
                    .create();
        }
    }

    private static Pod pod(DevAgent agent) {
        return new PodBuilder()
                .withNewMetadata()
                .withName(agent.pod())
                .withLabels(Map.of("app", NAME, TIER, agent.tier(), "controller-revision-hash", NAME + "-dev"))
                .addNewOwnerReference()
                .withApiVersion("apps/v1")
                .withKind("StatefulSet")
                .withName(NAME)
                .withController(true)
                .endOwnerReference()
                .endMetadata()
                .withNewSpec()
                .addNewContainer()
                .withName("agent")
                .withImage("loopback-voice-agent")
                .addNewPort()
                .withName("ws")
                .withContainerPort(agent.port())
                .endPort()
                .endContainer()
                .endSpec()
                .withNewStatus()
                .withPhase("Running")
                .withPodIP("127.0.0.1")
                .addNewPodIP("127.0.0.1")
                .addNewCondition()
                .withType("Ready")
                .withStatus("True")
                .endCondition()
                .addNewContainerStatus()
                .withName("agent")
                .withContainerID("containerd://" + UUID.randomUUID().toString().replace("-", ""))
                .withReady(true)
                .withStarted(true)
                .withNewState()
                .withNewRunning()
                .endRunning()
                .endState()
                .endContainerStatus()
                .endStatus()
                .build();
    }

    @Override
    public void close() {
        server.destroy();
    }
}
