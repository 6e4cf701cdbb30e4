package io.smartrouter.faults;

import java.net.http.WebSocket;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Callers, each with one call after another: it asks for a pod (again, at another router, while it gets none), streams
 * to it for a while, asks again where its agent is lost, and hangs up, as often as it takes.
 */
final class Load implements AutoCloseable {
    private static final Duration ASKS_FOR = Duration.ofSeconds(25);

    private final RouterClient routers;
    private final Agents agents;
    private final long seed;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final List<Future<?>> callers = new CopyOnWriteArrayList<>();
    private final CountDownLatch stop = new CountDownLatch(1);

    Load(RouterClient routers, Agents agents, long seed) {
        this.routers = routers;
        this.agents = agents;
        this.seed = seed;
    }

    /** A stream as its caller sees it. */
    private static final class Stream implements WebSocket.Listener {
        private final CompletableFuture<Void> closed = new CompletableFuture<>();

        @Override
        public @Nullable CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
            closed.complete(null);
            return null;
        }

        @Override
        public void onError(WebSocket socket, Throwable fault) {
            closed.complete(null);
        }
    }

    /** Callers whose calls last for up to this long. */
    void callers(int count, Duration longest) {
        for (int i = 0; i < count; i++) {
            int caller = callers.size();
            Random random = new Random(seed * 1_000 + caller);
            callers.add(threads.submit(() -> {
                for (int n = 0; !over(0); n++) {
                    call("c" + caller + "-" + n, random, random.nextLong(longest.toMillis()) + 1);
                }
                return null;
            }));
        }
    }

    /** Callers with one call each, which lasts until the load stops. */
    void longCalls(int count) {
        for (int i = 0; i < count; i++) {
            String sid = "long-" + callers.size();
            Random random = new Random(seed * 1_000 + callers.size());
            callers.add(threads.submit(() -> {
                call(sid, random, Long.MAX_VALUE);
                return null;
            }));
        }
    }

    private boolean over(long millis) throws InterruptedException {
        return stop.await(millis, TimeUnit.MILLISECONDS);
    }

    private void call(String sid, Random random, long lastsMs) throws InterruptedException {
        long hangsUpAt = lastsMs == Long.MAX_VALUE ? lastsMs : System.nanoTime() + lastsMs * 1_000_000;
        String url = ask(sid, random);
        while (url != null) {
            if (streamBroke(sid, url, hangsUpAt)) {
                url = ask(sid, random); // the provider asks what comes next
            } else {
                break;
            }
        }
        var _ = routers.hangUp(() -> random.nextInt(1 << 20), sid, ASKS_FOR);
    }

    private @Nullable String ask(String sid, Random random) throws InterruptedException {
        long until = System.nanoTime() + ASKS_FOR.toNanos();
        do {
            String url = routers.allocate(random.nextInt(1 << 20), sid);
            if (url != null) {
                return url;
            }
        } while (System.nanoTime() < until && !over(50));
        return null;
    }

    /** Streams until the caller hangs up; true if it was the stream that ended. */
    private boolean streamBroke(String sid, String url, long hangsUpAt) throws InterruptedException {
        Stream stream = new Stream();
        WebSocket socket;
        try {
            socket = routers.connect(url, stream);
        } catch (InterruptedException e) {
            throw e;
        } catch (Exception e) {
            return !over(20);
        }
        while (!stream.closed.isDone() && System.nanoTime() < hangsUpAt && !over(5)) {
            // talks
        }
        if (stream.closed.isDone()) {
            return !over(0);
        }
        socket.sendClose(WebSocket.NORMAL_CLOSURE, "").exceptionally(fault -> socket);
        try {
            stream.closed.get(5, TimeUnit.SECONDS);
        } catch (java.util.concurrent.ExecutionException | TimeoutException e) {
            socket.abort();
        }
        while (!agents.hasLeft(sid)) {
            Thread.onSpinWait();
        }
        return false;
    }

    /** Lets every caller hang up, and waits until they have. */
    void finish() throws Exception {
        stop.countDown();
        for (Future<?> caller : callers) {
            caller.get(90, TimeUnit.SECONDS);
        }
    }

    @Override
    public void close() {
        stop.countDown();
        threads.shutdownNow();
    }
}
