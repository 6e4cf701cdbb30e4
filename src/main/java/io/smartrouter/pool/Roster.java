package io.smartrouter.pool;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * Which routers are there, by the hellos that each says every few seconds. Not time tells that one has gone, but how many
 * of its own this router heard since: while Redis is away nobody is heard, and everybody is there all the same.
 */
final class Roster {
    private static final int MAY_BE_MISSED = 3;

    private final String self;
    private final Map<String, Long> others = new HashMap<>(); // to the number of own hellos before the last word
    private long hellos;

    Roster(String self) {
        this.self = self;
    }

    /** It said that it is there; returns whether it is another one, of which nothing was known. */
    synchronized boolean heard(String router) {
        return !router.equals(self) && others.put(router, hellos) == null;
    }

    /** The hello of this router came back: it hears what others say. */
    synchronized void heardItself() {
        hellos++;
        others.values().removeIf(at -> hellos - at > MAY_BE_MISSED);
    }

    synchronized Set<String> others() {
        return Set.copyOf(others.keySet());
    }
}
