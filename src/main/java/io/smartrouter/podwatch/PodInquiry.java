package io.smartrouter.podwatch;

/** Takes what is to be told or asked about pods. Nothing is told out of order with what the watch says of the same pod. */
@FunctionalInterface
public interface PodInquiry {
    /** Takes it unless something about this pod waits already: that is newer, or leads to it. Returns at once. */
    void take(PodNews news);
}
