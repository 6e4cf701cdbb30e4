package io.smartrouter.podwatch;

import io.smartrouter.pool.Incarnation;
import io.smartrouter.pool.Pod;
import io.smartrouter.pool.PodChange;
import io.smartrouter.pool.PodFacts;
import io.smartrouter.pool.PoolManager;
import java.util.List;
import java.util.Optional;

/** What the watch needs of the core. Every method throws what {@link PoolManager}'s do. */
interface PodRecords {
    PodChange observe(PodFacts facts);

    PodChange gone(String pod, Incarnation incarnation, Optional<String> version);

    List<Pod> pods();

    static PodRecords of(PoolManager manager) {
        return new PodRecords() {
            @Override
            public PodChange observe(PodFacts facts) {
                return manager.observe(facts);
            }

            @Override
            public PodChange gone(String pod, Incarnation incarnation, Optional<String> version) {
                return manager.gone(pod, incarnation, version);
            }

            @Override
            public List<Pod> pods() {
                return manager.pods();
            }
        };
    }
}
