package io.smartrouter.podwatch;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodList;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.FilterWatchListDeletable;
import io.fabric8.kubernetes.client.dsl.MixedOperation;
import io.fabric8.kubernetes.client.dsl.NonNamespaceOperation;
import io.fabric8.kubernetes.client.dsl.PodResource;
import java.util.Optional;

/**
 * Kubernetes asked for pods, in the one namespace and by the one selector of the settings. Requests that read one pod
 * name no resourceVersion, so the API server answers from its database and not from a cache that lags.
 */
final class PodLookup {
    private final KubernetesClient client;
    private final String namespace;
    private final String selector;

    PodLookup(KubernetesClient client, PodsProperties properties) {
        this.client = client;
        String own = client.getNamespace();
        String asked = properties.namespace();
        this.namespace = asked != null ? asked : own != null ? own : "default";
        this.selector = properties.selector();
    }

    String namespace() {
        return namespace;
    }

    /** The pods to watch. */
    FilterWatchListDeletable<Pod, PodList, PodResource> watched() {
        return pods().withLabelSelector(selector);
    }

    /** The pod as it is now; empty only for 404. Every other fault is thrown as fabric8 throws it. */
    Optional<Pod> fresh(String name) {
        return Optional.ofNullable(pods().withName(name).get());
    }

    /** Whether the selector takes the pod as it is now. */
    boolean isSelected(String name, String uid) {
        return pods().withLabelSelector(selector).withField("metadata.name", name).list().getItems().stream()
                .anyMatch(pod -> uid.equals(pod.getMetadata().getUid()));
    }

    private NonNamespaceOperation<Pod, PodList, PodResource> pods() {
        MixedOperation<Pod, PodList, PodResource> all = client.pods();
        return all.inNamespace(namespace);
    }
}
