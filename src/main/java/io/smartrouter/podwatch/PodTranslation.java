package io.smartrouter.podwatch;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.smartrouter.pool.Incarnation;
import io.smartrouter.pool.InvalidInputException;
import io.smartrouter.pool.PodFacts;
import io.smartrouter.pool.PodFacts.Readiness;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a pod object means to the core: the only place that reads one.
 *
 * <p>The id of the agent's container is taken as Kubernetes says it, also of one that has stopped: the incarnation ends
 * when the next container is known, not before. A pod whose agent does not run counts as not Ready, whatever its
 * condition (which may lag) says.
 */
final class PodTranslation {
    static final String TIER_LABEL = "voice.smartrouter.io/tier";
    static final String MERCHANT_LABEL = "voice.smartrouter.io/merchant";
    static final String REVISION_LABEL = "controller-revision-hash";
    private static final Set<String> AGENT_PORTS = Set.of("ws", "agent");

    private final @Nullable String container;
    private final int port;

    PodTranslation(PodsProperties properties) {
        this.container = properties.container();
        this.port = properties.port();
    }

    /**
     * Translates.
     *
     * @throws InvalidInputException if the object lacks what every pod of a real cluster has; the message names it
     */
    PodFacts facts(Pod pod) {
        ObjectMeta meta = pod.getMetadata();
        Optional<ContainerStatus> status = agentStatus(pod);
        boolean running = status.map(ContainerStatus::getState)
                .map(state -> state.getRunning() != null)
                .orElse(false);
        String containerId =
                status.map(ContainerStatus::getContainerID).map(String::strip).orElse("");
        return new PodFacts(
                required("metadata.name", meta == null ? null : meta.getName()),
                incarnation(pod, containerId),
                required("metadata.resourceVersion", meta == null ? null : meta.getResourceVersion()),
                readiness(pod, running),
                address(pod),
                running,
                label(pod, REVISION_LABEL),
                wantedPool(pod));
    }

    /** The incarnation that the object alone names, its container left open: enough to say that the object is gone. */
    Incarnation object(Pod pod) {
        return incarnation(pod, "");
    }

    private static Incarnation incarnation(Pod pod, String containerId) {
        ObjectMeta meta = Objects.requireNonNullElseGet(pod.getMetadata(), ObjectMeta::new);
        return Incarnation.of(
                required("metadata.name", meta.getName()), required("metadata.uid", meta.getUid()), containerId);
    }

    private static String required(String field, @Nullable String value) {
        if (value == null || value.isEmpty()) {
            throw new InvalidInputException(field, "is missing");
        }
        return value;
    }

    private static Readiness readiness(Pod pod, boolean running) {
        if (pod.getMetadata().getDeletionTimestamp() != null) {
            return Readiness.DELETING;
        }
        boolean ready = running
                && pod.getStatus().getConditions().stream()
                        .anyMatch(c -> "Ready".equals(c.getType()) && "True".equals(c.getStatus()));
        return ready ? Readiness.READY : Readiness.NOT_READY;
    }

    private Optional<Container> agent(Pod pod) {
        List<Container> all = pod.getSpec() == null ? List.of() : pod.getSpec().getContainers();
        return all.stream()
                .filter(c -> container == null || container.equals(c.getName()))
                .findFirst();
    }

    private Optional<ContainerStatus> agentStatus(Pod pod) {
        PodStatus status = pod.getStatus();
        return status == null
                ? Optional.empty()
                : agent(pod)
                        .flatMap(agent -> status.getContainerStatuses().stream()
                                .filter(s -> Objects.equals(agent.getName(), s.getName()))
                                .findFirst());
    }

    private @Nullable String address(Pod pod) {
        String ip = pod.getStatus() == null ? null : pod.getStatus().getPodIP();
        Optional<Container> agent = agent(pod);
        if (ip == null || ip.isBlank() || agent.isEmpty()) {
            return null;
        }
        List<ContainerPort> ports = agent.get().getPorts().stream()
                .filter(p -> p.getContainerPort() != null && (p.getProtocol() == null || "TCP".equals(p.getProtocol())))
                .toList();
        int chosen = ports.stream()
                .filter(p -> p.getName() != null && AGENT_PORTS.contains(p.getName()))
                .findFirst()
                .or(() -> ports.stream().findFirst())
                .map(ContainerPort::getContainerPort)
                .orElse(port);
        return (ip.indexOf(':') >= 0 ? "[" + ip + "]" : ip) + ":" + chosen;
    }

    private static @Nullable String wantedPool(Pod pod) {
        String merchant = label(pod, MERCHANT_LABEL);
        return merchant != null ? "merchant:" + merchant : label(pod, TIER_LABEL);
    }

    private static @Nullable String label(Pod pod, String key) {
        Map<String, String> labels = pod.getMetadata().getLabels();
        String value = labels == null ? null : labels.get(key);
        return value == null || value.isEmpty() ? null : value;
    }
}
