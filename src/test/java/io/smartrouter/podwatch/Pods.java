package io.smartrouter.podwatch;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;

/** Pods as a cluster shows them. */
final class Pods {
    private Pods() {}

    /** A running, ready voice agent. */
    static Pod running(String name, String uid, String version, String containerId) {
        return new PodBuilder()
                .withNewMetadata()
                .withName(name)
                .withUid(uid)
                .withResourceVersion(version)
                .withNamespace("test")
                .addToLabels("app", "voice-agent")
                .addToLabels("controller-revision-hash", "rev-1")
                .addToLabels("voice.smartrouter.io/tier", "gold")
                .endMetadata()
                .withNewSpec()
                .addNewContainer()
                .withName("agent")
                .addNewPort()
                .withContainerPort(9000)
                .endPort()
                .endContainer()
                .endSpec()
                .withNewStatus()
                .withPodIP("127.0.0.7")
                .addNewCondition()
                .withType("Ready")
                .withStatus("True")
                .endCondition()
                .addNewContainerStatus()
                .withName("agent")
                .withContainerID(containerId)
                .withNewState()
                .withNewRunning()
                .endRunning()
                .endState()
                .endContainerStatus()
                .endStatus()
                .build();
    }
}
