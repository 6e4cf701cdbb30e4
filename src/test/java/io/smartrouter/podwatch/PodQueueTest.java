package io.smartrouter.podwatch;

import static org.assertj.core.api.Assertions.assertThat;

import io.smartrouter.podwatch.PodNews.Deleted;
import io.smartrouter.pool.Incarnation;
import io.smartrouter.pool.StoreFaultException;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

class PodQueueTest {
    @Test
    void newsOfAPodWhoseRecordIsDamagedHoldsUpNoOther() {
        Set<String> told = ConcurrentHashMap.newKeySet();
        PodQueue queue = new PodQueue(
                news -> {
                    told.add(news.pod());
                    if (news.pod().equals("damaged")) {
                        throw new StoreFaultException("WRONGTYPE", new IllegalStateException());
                    }
                },
                Duration.ofHours(1), // a pause that the test would not survive
                Duration.ofHours(1));
        queue.start();
        try {
            queue.add(deleted("damaged"));
            Awaitility.await().until(() -> told.contains("damaged"));
            queue.add(deleted("agent-1"));
            queue.add(deleted("agent-2"));
            Awaitility.await().until(() -> told.containsAll(Set.of("agent-1", "agent-2")) && queue.size() == 1);
        } finally {
            queue.stop();
        }
        assertThat(queue.size()).as("news of the damaged one is kept").isEqualTo(1);
    }

    private static Deleted deleted(String pod) {
        return new Deleted(pod, Incarnation.of(pod, "uid", ""), Optional.empty());
    }
}
