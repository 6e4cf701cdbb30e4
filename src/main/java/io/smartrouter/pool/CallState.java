package io.smartrouter.pool;

import java.util.Locale;

/** The states of a call: {@code allocated} → {@code connected} → {@code ended} | {@code lost}. */
public enum CallState {
    /** Holds a pod; its stream has not been seen there yet. */
    ALLOCATED,
    /** Its stream reached the pod. */
    CONNECTED,
    /** Over; stays so for an hour, and gets no pod again. */
    ENDED,
    /** The incarnation that it was on is gone; it gets a new pod when it asks. */
    LOST;

    /** Whether the call holds a pod. */
    public boolean isLive() {
        return this == ALLOCATED || this == CONNECTED;
    }

    /** The word in Redis and JSON. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Reads {@link #word()} back. */
    public static CallState of(String word) {
        return valueOf(word.toUpperCase(Locale.ROOT));
    }
}
