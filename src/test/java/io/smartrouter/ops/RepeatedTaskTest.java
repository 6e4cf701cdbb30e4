package io.smartrouter.ops;

import static org.assertj.core.api.Assertions.assertThat;

import io.smartrouter.pool.StoreUnavailableException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

@ExtendWith(OutputCaptureExtension.class)
class RepeatedTaskTest {
    @Test
    void nothingThatItThrowsStopsIt() throws Exception {
        AtomicInteger runs = new AtomicInteger();
        CountDownLatch three = new CountDownLatch(3);
        RepeatedTask task = new RepeatedTask("test", Duration.ofMillis(1), () -> {
            three.countDown();
            if (runs.incrementAndGet() % 2 == 0) {
                throw new AssertionError("even an error");
            }
            throw new IllegalStateException("a fault");
        });
        Thread thread = task.start();
        assertThat(three.await(10, TimeUnit.SECONDS)).isTrue();
        task.stop();
        task.awaitEnd(Duration.ofSeconds(10));
        assertThat(thread.join(Duration.ofSeconds(10))).isTrue();
    }

    @Test
    void aFaultIsLoggedOnceAndSoIsItsEnd(CapturedOutput output) {
        AtomicInteger runs = new AtomicInteger();
        RepeatedTask task = new RepeatedTask("test-logs", Duration.ofHours(1), () -> {
            if (runs.incrementAndGet() <= 3) {
                throw new IllegalStateException("the same fault");
            }
        });
        for (int i = 0; i < 5; i++) {
            task.once();
        }
        assertThat(output.getAll()).containsOnlyOnce("task failed, it goes on task=test-logs");
        assertThat(output.getAll()).containsOnlyOnce("task works again task=test-logs");
    }

    @Test
    void thatRedisIsAwayIsNoFaultOfATask(CapturedOutput output) {
        new RepeatedTask("test-away", Duration.ofHours(1), () -> {
                    throw new StoreUnavailableException("away");
                })
                .once();
        assertThat(output.getAll()).doesNotContain("test-away");
    }
}
