package io.smartrouter.bench;

import java.util.ArrayList;
import java.util.List;

/**
 * What grew under a steady load beyond what is kept by design: a mirror's copies, and Redis' records of ended calls, which
 * cost for each what they did from the beginning to the first footprint. Bounds are for what the JVM and Redis do of their
 * own accord: caches, threads that come and go, tables that double, buffers of clients.
 */
final class Growth {
    private static final long HEAP = 12L << 20;
    private static final long COPY = 2_048;
    private static final long THREADS = 8;
    /** The load's connections of the last part may not be closed yet; one for each of every part would be more. */
    private static final long FILES = BenchRig.CLIENTS + 16;

    private static final long CONNECTIONS = 2;
    private static final long REDIS = 8L << 20;
    private static final double PER_KEY = 1.15;

    private Growth() {}

    /** In words; none where nothing grew. */
    static List<String> found(Footprint begin, Footprint first, Footprint later) {
        List<String> found = new ArrayList<>();
        long copies = Math.max(0, later.copies() - first.copies());
        check(found, "bytes of heap", later.heap() - first.heap(), HEAP + copies * COPY);
        check(found, "threads", later.threads() - first.threads(), THREADS);
        check(found, "open files", later.files() - first.files(), FILES);
        check(found, "connections to Redis", later.connections() - first.connections(), CONNECTIONS);
        double perKey = (double) (first.redis() - begin.redis()) / Math.max(1, first.keys() - begin.keys());
        long records = Math.round(PER_KEY * perKey * (later.keys() - first.keys()));
        check(found, "bytes of Redis", later.redis() - first.redis(), records + REDIS);
        return found;
    }

    private static void check(List<String> found, String what, long more, long bound) {
        if (more > bound) {
            found.add("%,d more %s, where at most %,d are explained".formatted(more, what, bound));
        }
    }
}
