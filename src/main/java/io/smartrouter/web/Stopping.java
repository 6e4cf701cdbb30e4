package io.smartrouter.web;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;

/**
 * The first thing that stops. Readiness is off by then, but whoever balances the load learns it seconds later; so the
 * router goes on answering for {@code router.stop.linger}, and asks each client to open no further request on its
 * connection ({@link StoppingFilter}). Only then does the web server take no more, and end what it has begun. A client
 * never meets a closed connection with a request under way.
 */
@Component
public class Stopping implements SmartLifecycle {
    private static final Logger log = LoggerFactory.getLogger(Stopping.class);

    private final Duration linger;
    private final CountDownLatch begun = new CountDownLatch(1);
    private volatile boolean running;

    Stopping(StopProperties properties) {
        this.linger = properties.linger();
    }

    /** Whether the stop has begun. */
    public boolean hasBegun() {
        return begun.getCount() == 0;
    }

    /**
     * Waits for the stop to begin.
     *
     * @param atMost how long
     * @return whether it has begun
     */
    public boolean awaitBegin(Duration atMost) throws InterruptedException {
        return begun.await(atMost.toMillis(), TimeUnit.MILLISECONDS);
    }

    @Override
    public void start() {
        running = true;
    }

    @Override
    public void stop() {
        stop(() -> {});
    }

    @Override
    public void stop(Runnable stopped) {
        begun.countDown();
        running = false;
        if (linger.isZero()) {
            stopped.run();
            return;
        }
        log.info("stop begins, requests are still answered linger_ms={}", linger.toMillis());
        Thread.ofVirtual().name("stop-linger").start(() -> {
            try {
                Thread.sleep(linger);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } finally {
                stopped.run();
            }
        });
    }

    @Override
    public boolean isRunning() {
        return running;
    }

    @Override
    public int getPhase() {
        return DEFAULT_PHASE; // the highest, so before the web server, whose phase is lower
    }
}
