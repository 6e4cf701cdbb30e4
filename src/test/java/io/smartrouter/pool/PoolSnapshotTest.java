package io.smartrouter.pool;

import static org.assertj.core.api.Assertions.assertThat;

import io.smartrouter.pool.PoolSnapshot.PoolCount;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class PoolSnapshotTest {
    private static final RoutingConfiguration TIERS = RoutingConfiguration.parse("""
        {"tiers":{"gold":{"type":"exclusive","target":2},
                  "basic":{"type":"shared","target":5,"max_concurrent":3}},
         "default_chain":["gold","basic"]}\
        """, Map.of());

    private static Pod pod(String name, String pool, int capacity, PodState state, int calls, @Nullable String moves) {
        return new Pod(
                name,
                Incarnation.of(name, "uid", "container"),
                "1",
                pool,
                null,
                moves,
                capacity,
                "10.0.0.1:8080",
                null,
                PodFacts.Readiness.READY,
                false,
                null,
                null,
                state,
                calls);
    }

    @Test
    void countsPodsByPoolAndState() {
        PoolSnapshot snapshot = PoolSnapshot.of(
                Instant.EPOCH,
                7,
                TIERS,
                List.of(
                        pod("a-0", "basic", 3, PodState.READY, 2, null),
                        pod("a-1", "basic", 3, PodState.READY, 3, null),
                        pod("a-2", "basic", 3, PodState.SUSPECT, 0, null),
                        pod("a-3", "basic", 3, PodState.READY, 0, "gold"),
                        pod("a-4", "gold", 1, PodState.DRAINING, 2, null),
                        pod("a-5", "merchant:acme", 1, PodState.READY, 0, null)));
        assertThat(snapshot.pools())
                .containsExactly(
                        new PoolCount("gold", 2, 0, 0, 1, 0, 1, 2, 1),
                        new PoolCount("basic", 5, 3, 1, 0, 1, 12, 5, 0),
                        new PoolCount("merchant:acme", 0, 1, 0, 0, 1, 1, 0, 0));
        assertThat(snapshot.liveCalls()).isEqualTo(7);
        assertThat(snapshot.pools().get(1).pods()).isEqualTo(4);
    }

    @Test
    void anEmptyClusterHasItsTiersWithZeros() {
        assertThat(PoolSnapshot.of(Instant.EPOCH, 0, TIERS, List.of()).pools())
                .extracting(PoolCount::pool, PoolCount::pods)
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple("gold", 0),
                        org.assertj.core.groups.Tuple.tuple("basic", 0));
    }
}
