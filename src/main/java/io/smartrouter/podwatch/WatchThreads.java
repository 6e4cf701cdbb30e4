package io.smartrouter.podwatch;

import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.springframework.stereotype.Component;

/**
 * The threads on which Kubernetes' client hands out what a watch brought. They end with the watch and so before the
 * client: its own threads outlive its connections, and whatever they have in hand then fails with a stack trace at
 * every stop that meets an event.
 */
@Component
public class WatchThreads implements Executor {
    private static final Duration LONGEST_WAIT = Duration.ofSeconds(1);

    private final ExecutorService threads = Executors.newThreadPerTaskExecutor(
            Thread.ofVirtual().name("podwatch-", 0).factory());

    @Override
    public void execute(Runnable task) {
        threads.execute(task);
    }

    /** Takes nothing more, and waits, a second at most, for what is in hand. */
    void stop() {
        threads.shutdown();
        try {
            threads.awaitTermination(LONGEST_WAIT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
