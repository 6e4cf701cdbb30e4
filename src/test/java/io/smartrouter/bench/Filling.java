package io.smartrouter.bench;

import io.smartrouter.pool.AllocationOutcome;
import io.smartrouter.pool.AllocationOutcome.Allocated;
import io.smartrouter.pool.AllocationRequest;
import io.smartrouter.pool.CallId;
import io.smartrouter.pool.redis.Cluster;
import io.smartrouter.pool.redis.StoreFixture;
import io.smartrouter.testing.TestRedis;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;

/**
 * Pods and live calls in a data set that a router has opened, written by the router's own scripts as another router would.
 * Kubernetes has none of these pods, so the routers must not reconcile meanwhile.
 */
final class Filling {
    private static final Map<String, String> SETTINGS =
            Map.of("router.redis.command-timeout", "10s", "router.settle.quarantine", "0s");
    private static final int AT_ONCE = 64;
    private static final int MERCHANTS = 50;
    /** Behind those that Kubernetes has. */
    private static final int FIRST = 1_000;

    private Filling() {}

    static void fill(TestRedis redis, int pods, int calls) {
        long begun = System.nanoTime();
        try (StoreFixture router = new StoreFixture(redis, SETTINGS)) {
            parallel(pods, i -> router.store().observe(Cluster.pod(FIRST + i)));
            parallel(calls, i -> allocate(router, "kept-" + i, "kept-" + i % MERCHANTS));
        } catch (InterruptedException | ExecutionException e) {
            throw new IllegalStateException(e);
        }
        System.out.printf(
                "%,d pods and %,d calls put in within %d s%n",
                pods, calls, (System.nanoTime() - begun) / 1_000_000_000);
    }

    private static void allocate(StoreFixture router, String sid, String merchant) {
        CallId call = new CallId(sid);
        AllocationOutcome outcome = router.manager().allocate(new AllocationRequest(call, "plivo", "MA1", merchant));
        if (!(outcome instanceof Allocated)) {
            throw new IllegalStateException("no pod for " + sid + ": " + outcome);
        }
    }

    private static void parallel(int count, IntConsumer task) throws ExecutionException, InterruptedException {
        AtomicInteger next = new AtomicInteger();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> workers = new ArrayList<>();
            for (int worker = 0; worker < AT_ONCE; worker++) {
                workers.add(threads.submit(() -> {
                    for (int i = next.getAndIncrement(); i < count; i = next.getAndIncrement()) {
                        task.accept(i);
                    }
                }));
            }
            for (Future<?> worker : workers) {
                worker.get();
            }
        }
    }
}
