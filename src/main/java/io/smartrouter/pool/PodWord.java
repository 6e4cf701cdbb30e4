package io.smartrouter.pool;

/** What Kubernetes says of one pod when it is asked now, past every cache. */
public sealed interface PodWord {
    /**
     * It is there.
     *
     * @param facts its facts
     */
    record Present(PodFacts facts) implements PodWord {}

    /** There is no pod of this name. */
    record Absent() implements PodWord {}

    /** No answer came in time, or it could not be read: nothing is known. */
    record Silent() implements PodWord {}
}
