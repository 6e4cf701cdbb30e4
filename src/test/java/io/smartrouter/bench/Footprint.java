package io.smartrouter.bench;

import io.smartrouter.testing.Programs;
import io.smartrouter.testing.RouterProcess;
import io.smartrouter.testing.TestRedis;

/**
 * What a router and its Redis hold, with no request on its way.
 *
 * @param heap of the router, used after a full collection (bytes)
 * @param copies calls and pods in its mirror, which keeps the newest ends for ten minutes
 * @param threads of its JVM, virtual ones apart
 * @param files that it has open, connections among them
 * @param connections that Redis has
 * @param redis its memory without the stream of events (bytes), which is capped
 * @param keys of Redis, nearly all of them records of calls that ended less than an hour ago
 */
record Footprint(long heap, long copies, long threads, long files, long connections, long redis, long keys) {
    static Footprint of(RouterProcess router, TestRedis redis) {
        Programs.ofJdk("jcmd", Long.toString(router.process().pid()), "GC.run");
        return new Footprint(
                (long) BenchRig.metric(router, "jvm_memory_used_bytes{area=\"heap\""),
                (long) BenchRig.metric(router, "smart_router_mirror_copies"),
                (long) BenchRig.metric(router, "jvm_threads_live_threads"),
                (long) BenchRig.metric(router, "process_files_open_files"),
                Long.parseLong(redis.info("connected_clients")),
                Long.parseLong(redis.info("used_memory"))
                        - number(redis.command("MEMORY USAGE voice:events SAMPLES 0")),
                number(redis.command("DBSIZE")));
    }

    private static long number(String reply) {
        return reply.startsWith(":") ? Long.parseLong(reply.substring(1).trim()) : 0;
    }
}
