package io.smartrouter.ops;

import io.smartrouter.pool.StoreUnavailableException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Does one thing again and again on a virtual thread of its own, with a fixed delay between. Nothing that it throws
 * stops it, and a fault is logged when it begins, changes and ends. That Redis is away is {@link Opening}'s to say.
 */
final class RepeatedTask {
    private static final Logger log = LoggerFactory.getLogger(RepeatedTask.class);

    private final String name;
    private final Duration delay;
    private final Runnable step;
    private final CountDownLatch stopped = new CountDownLatch(1);
    private final CountDownLatch ended = new CountDownLatch(1);
    private @Nullable String fault;

    /**
     * @param name for the log
     * @param delay from the end of one step to the begin of the next
     * @param step the step
     */
    RepeatedTask(String name, Duration delay, Runnable step) {
        this.name = name;
        this.delay = delay;
        this.step = step;
    }

    Thread start() {
        return Thread.ofVirtual().name("task-" + name).start(this::run);
    }

    /** No further step begins; one that runs ends by itself. */
    void stop() {
        stopped.countDown();
    }

    /** Waits for the end of a step that runs. */
    void awaitEnd(Duration patience) {
        try {
            if (!ended.await(patience.toMillis(), TimeUnit.MILLISECONDS)) {
                log.warn("task still works while the router stops task={}", name);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        try {
            do {
                once();
            } while (!stopped.await(delay.toMillis(), TimeUnit.MILLISECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            ended.countDown();
        }
    }

    void once() {
        try {
            step.run();
            if (fault != null) {
                log.info("task works again task={}", name);
                fault = null;
            }
        } catch (StoreUnavailableException e) {
            log.debug("task waits for redis task={} reason=\"{}\"", name, e.getMessage());
        } catch (RuntimeException | Error e) {
            if (!e.toString().equals(fault)) {
                log.error("task failed, it goes on task={}", name, e); // a fault of ours: its trace is needed
            }
            fault = e.toString();
        }
    }
}
