package io.smartrouter.pool;

import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * The routers that have joined a settlement, and those that it waits for: who is known, and as many as listen, for a
 * router that has just come need not know of the others.
 */
final class Gathering {
    private final String token;
    private final Set<String> known;
    private final Set<String> joined = new HashSet<>();
    private final CountDownLatch complete = new CountDownLatch(1);
    private int listening;
    private boolean announced;

    Gathering(String token, Set<String> known) {
        this.token = token;
        this.known = new HashSet<>(known);
    }

    String token() {
        return token;
    }

    /** So many hear of it, the router that settles among them if it listens. Said again, when some may have come back. */
    synchronized void announced(int listeners) {
        announced = true;
        listening = Math.max(listening, listeners);
        completeIfAllJoined();
    }

    /** It is there, too. */
    synchronized void met(String router) {
        known.add(router);
    }

    synchronized void joined(String router) {
        joined.add(router);
        completeIfAllJoined();
    }

    private void completeIfAllJoined() {
        if (announced && joined.size() >= listening && joined.containsAll(known)) {
            complete.countDown();
        }
    }

    boolean isCompleteWithin(Duration time) throws InterruptedException {
        return complete.await(time.toNanos(), TimeUnit.NANOSECONDS);
    }

    @Override
    public synchronized String toString() {
        return "joined=%d known=%d listening=%s"
                .formatted(joined.size(), known.size(), announced ? listening : "unknown");
    }
}
