package io.smartrouter.ops;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.smartrouter.ops.Opening.State;
import io.smartrouter.pool.PodFacts;
import io.smartrouter.pool.PodSource;
import io.smartrouter.pool.PodWord;
import io.smartrouter.pool.redis.StoreFixture;
import io.smartrouter.testing.TestRedis;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.boot.health.contributor.Status;

/** Health and gauges on a real Redis that goes away, hangs and forgets. */
class OpeningIT {
    private final TestRedis redis = TestRedis.start();
    private final StoreFixture fixture =
            new StoreFixture(redis, Map.of("router.settle.quarantine", "0s", "router.settle.patience", "0s"));
    private final AtomicBoolean seen = new AtomicBoolean(true);
    private final List<Object> events = new ArrayList<>();
    private final Opening opening = look();

    private Opening look() {
        PodSource pods = new PodSource() {
            @Override
            public boolean isComplete() {
                return seen.get();
            }

            @Override
            public List<PodFacts> pods() {
                return List.of();
            }

            @Override
            public PodWord ask(String pod, Duration atMost) {
                return new PodWord.Silent();
            }
        };
        return new Opening(fixture.manager(), fixture.pool().settlement(), pods, events::add, Clock.systemUTC());
    }

    @AfterEach
    void end() {
        fixture.close();
        redis.close();
    }

    private Status health() {
        return RouterHealth.redis(opening.last(), Clock.systemUTC()).getStatus();
    }

    @Test
    void theFirstOpeningMakesReadyAndNothingTakesItBack() throws Exception {
        assertThat(opening.hasOpened()).isFalse();
        assertThat(health()).isEqualTo(Status.DOWN);
        opening.look();
        assertThat(opening.hasOpened()).isTrue();
        assertThat(events).containsExactly(new FirstOpening());
        assertThat(health()).isEqualTo(Status.UP);

        signal("STOP");
        long begun = System.nanoTime();
        opening.look();
        Duration took = Duration.ofNanos(System.nanoTime() - begun);
        assertThat(opening.last().state()).isEqualTo(State.UNAVAILABLE);
        assertThat(took).as("a hanging Redis").isLessThan(Duration.ofSeconds(2));
        assertThat(health()).isEqualTo(Status.DOWN);
        assertThat(opening.hasOpened()).isTrue();
        signal("CONT");

        fixture.flush();
        opening.look();
        assertThat(health()).as("opened again without any request").isEqualTo(Status.UP);
        assertThat(events).hasSize(1);
        assertThat(fixture.pool().settlement().opened()).isEqualTo(2);
        System.out.printf("opening: a look at a hanging Redis took %d ms%n", took.toMillis());
    }

    @Test
    void aClusterThatWasNotSeenKeepsItFromReady() {
        seen.set(false);
        opening.look();
        assertThat(opening.hasOpened()).isFalse();
        assertThat(events).isEmpty();
        seen.set(true);
        opening.look();
        assertThat(opening.hasOpened()).isTrue();
    }

    @Test
    void aRedisThatMayDropLiveCallsIsRefusedAtTheStartAndAlarmedLater() {
        redis.command("CONFIG SET maxmemory-policy allkeys-lru");
        opening.look();
        assertThat(opening.hasOpened()).isFalse();
        assertThat(opening.last().reason()).contains("maxmemory-policy").contains("noeviction");

        redis.command("CONFIG SET maxmemory-policy noeviction");
        opening.look();
        assertThat(opening.hasOpened()).isTrue();

        redis.command("CONFIG SET maxmemory-policy volatile-ttl");
        opening.look();
        assertThat(opening.hasOpened()).as("readiness is not taken back").isTrue();
        assertThat(opening.last().state()).isEqualTo(State.OPEN);
        assertThat(opening.last().reason()).contains("volatile-ttl");
    }

    @Test
    void aLookThatDoesNotComeBackIsNoGoodLook() {
        Clock later = Clock.fixed(Instant.EPOCH.plusSeconds(11), ZoneOffset.UTC);
        Opening.Look old = new Opening.Look(State.OPEN, "", Instant.EPOCH);
        assertThat(RouterHealth.redis(old, later).getStatus()).isEqualTo(Status.DOWN);
    }

    @Test
    void poolsAreCountedFromRedisAndStayAsTheyWereWhileItIsAway() throws Exception {
        SimpleMeterRegistry registry = new SimpleMeterRegistry();
        opening.look();
        PoolGauges gauges =
                new PoolGauges(fixture.manager(), fixture.pool().configurations(), registry, Clock.systemUTC());
        gauges.refresh();
        assertThat(registry.get("smart_router.pods")
                        .tags("pool", "default", "state", "ready")
                        .gauge()
                        .value())
                .isZero();
        signal("STOP");
        new RepeatedTask("count", Duration.ofHours(1), gauges::refresh).once();
        assertThat(registry.get("smart_router.calls.live").gauge().value()).isZero();
        assertThat(registry.get("smart_router.snapshot.age").gauge().value()).isBetween(0.0, 60.0);
    }

    private void signal(String name) throws Exception {
        new ProcessBuilder("kill", "-" + name, Long.toString(redis.process().pid()))
                .start()
                .waitFor();
    }
}
