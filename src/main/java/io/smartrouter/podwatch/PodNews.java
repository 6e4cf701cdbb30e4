package io.smartrouter.podwatch;

import io.smartrouter.pool.Incarnation;
import io.smartrouter.pool.PodFacts;
import java.util.Optional;

/** One thing to tell the store of a pod, or to find out first. {@link PodInquiry} takes it. */
public sealed interface PodNews {
    /** The pod's name. */
    String pod();

    /** Which life it is about; of a deletion only the object counts. */
    Incarnation incarnation();

    /** Whether both are about the same pod object. */
    default boolean sameObject(PodNews other) {
        return incarnation().object().equals(other.incarnation().object());
    }

    /**
     * Kubernetes showed the pod.
     *
     * @param facts what it showed
     */
    record Seen(PodFacts facts) implements PodNews {
        @Override
        public String pod() {
            return facts.pod();
        }

        @Override
        public Incarnation incarnation() {
            return facts.incarnation();
        }
    }

    /**
     * Kubernetes said that the object is deleted: proven.
     *
     * @param pod the pod's name
     * @param incarnation its object's
     * @param version of the event
     */
    record Deleted(String pod, Incarnation incarnation, Optional<String> version) implements PodNews {}

    /**
     * The object should be there and was not seen: no evidence, but a reason to ask.
     *
     * @param pod the pod's name
     * @param incarnation its object's
     * @param version of the event that said so; empty if no event did
     */
    record Missing(String pod, Incarnation incarnation, Optional<String> version) implements PodNews {}
}
