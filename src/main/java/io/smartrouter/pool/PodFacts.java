package io.smartrouter.pool;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What Kubernetes says of a pod at one version.
 *
 * @param pod the pod's name
 * @param incarnation which life
 * @param version {@code metadata.resourceVersion}, a decimal number
 * @param kubernetes its readiness
 * @param address where its agent listens, {@code host:port}; null while it has no address
 * @param running whether the agent's container runs
 * @param revision label {@code controller-revision-hash}, or null
 * @param wantedPool the pool that the pod's labels ask for, or null
 */
public record PodFacts(
        String pod,
        Incarnation incarnation,
        String version,
        Readiness kubernetes,
        @Nullable String address,
        boolean running,
        @Nullable String revision,
        @Nullable String wantedPool) {
    private static final Pattern POD = Pattern.compile("[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?");
    private static final Pattern VERSION = Pattern.compile("[1-9][0-9]{0,39}");

    /** Checks name and version. */
    public PodFacts {
        requirePodName(pod);
        if (!VERSION.matcher(version).matches()) {
            throw new InvalidInputException("version", "must be a decimal number without leading zeros");
        }
    }

    /** Whether the pod may be registered: it has an address, and its agent's container is known and runs. */
    public boolean isRegistrable() {
        return address != null && running && incarnation.isComplete();
    }

    /**
     * Checks a pod's name by Kubernetes' rule (a DNS subdomain, RFC 1123).
     *
     * @param name the name
     * @return the name
     * @throws InvalidInputException if it is none
     */
    public static String requirePodName(String name) {
        if (!POD.matcher(name).matches()) {
            throw new InvalidInputException("pod_name", "must be a Kubernetes pod name: a-z 0-9 . -");
        }
        return name;
    }

    /** Kubernetes' word on a pod. */
    public enum Readiness {
        /** Its Ready condition is True. */
        READY,
        /** Its Ready condition is not True. */
        NOT_READY,
        /** It has a deletionTimestamp. */
        DELETING
    }
}
