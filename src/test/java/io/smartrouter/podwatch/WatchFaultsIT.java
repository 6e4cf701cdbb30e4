package io.smartrouter.podwatch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.smartrouter.pool.CallState;
import io.smartrouter.pool.PodChange.Kind;
import io.smartrouter.pool.PodState;
import io.smartrouter.pool.redis.HeldStore;
import io.smartrouter.testing.TcpProxy;
import io.smartrouter.testing.TestApiServer;
import io.smartrouter.testing.TestRedis;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.NullUnmarked;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The API server and the network to it at their worst, with calls in a real Redis: what happened meanwhile is told once
 * they are back, no call is lost but those of pods that are gone, and nobody is asked without a pause.
 */
@NullUnmarked
@Execution(ExecutionMode.CONCURRENT)
class WatchFaultsIT {
    /** A list of 2,000 pods that a busy machine is slow to give may be asked for again, but not without end. */
    private static final int SLOW_LISTS = 3;

    private static final int PODS = 4;
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Duration LONG = Duration.ofHours(1);
    private static final Duration SILENCE = Duration.ofSeconds(3);
    private static final Duration NEVER_SILENT = Duration.ofMinutes(5);

    private TestRedis redis;
    private TestApiServer api;
    private TcpProxy network;
    private HeldStore store;
    private ToldRecords records;
    private @Nullable WatchRig rig;

    @BeforeEach
    void start() {
        redis = TestRedis.start();
        api = TestApiServer.start();
        network = TcpProxy.to(api.port());
        store = new HeldStore(redis, Duration.ZERO);
        records = new ToldRecords(store.manager());
    }

    @AfterEach
    void stop() {
        if (rig != null) {
            rig.close();
        }
        network.close();
        store.close();
        api.close();
        redis.close();
    }

    private static String pod(int ordinal) {
        return "agent-" + ordinal;
    }

    private void show(int ordinal) {
        api.show(Pods.running(pod(ordinal), "", "", "c1"));
    }

    /** The first pods are there, each with a call: call-0 on agent-0 and on. */
    private WatchStatus watching(Duration restartAfter, Duration longestSilence) {
        rig = WatchRig.start(network.port(), records, restartAfter, longestSilence);
        for (int i = 0; i < PODS; i++) {
            int next = i;
            show(i);
            await().atMost(PATIENCE).until(() -> store.pod(pod(next)).isPresent());
            assertThat(store.allocate("call-" + i)).contains(pod(i));
        }
        awaitOpen(rig.status());
        records.forget();
        return rig.status();
    }

    private void awaitOpen(WatchStatus status) {
        await().atMost(PATIENCE).until(() -> status.isWatching() && api.openWatches() >= 1);
    }

    /** While nobody watches: agent-0 goes, agent-1 is made again, agent-9 comes; the others stay as they are. */
    private void manyThingsHappen() {
        api.remove(pod(0));
        api.remove(pod(1));
        show(1);
        show(9);
    }

    private void theyAreTold(WatchStatus status) {
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(List.of(
                                store.call("call-0"), store.call("call-1"), store.call("call-2"), store.call("call-3")))
                        .isEqualTo(List.of(CallState.LOST, CallState.LOST, CallState.ALLOCATED, CallState.ALLOCATED)));
        await().atMost(PATIENCE).until(() -> store.pod(pod(9)).isPresent());
        awaitOpen(status);
        await().atMost(PATIENCE)
                .until(() -> status.waiting() == 0 && status.problem().isEmpty());
        assertThat(store.pod(pod(0))).contains(PodState.GONE);
        assertThat(records.changes()).filteredOn(kind -> kind == Kind.GONE).hasSizeBetween(1, 2);
        assertThat(store.violations()).isEmpty();
        // Exactly the two pods that serve nobody can be had.
        assertThat(Stream.of("next-1", "next-2", "next-3").flatMap(sid -> store.allocate(sid).stream()))
                .containsExactlyInAnyOrder(pod(1), pod(9));
    }

    /** Nothing that the router knew is forgotten, and pods that it knows are still given. */
    private void routingGoesOn() {
        assertThat(IntStream.range(0, PODS).mapToObj(i -> store.call("call-" + i)))
                .as("unknown is never gone")
                .containsOnly(CallState.ALLOCATED);
        assertThat(records.told()).isEmpty();
        assertThat(store.violations()).isEmpty();
    }

    @Test
    void aWatchThatTheServerEndsIsOpenedAgainWhereItEnded() {
        WatchStatus status = watching(LONG, NEVER_SILENT);
        int lists = api.lists();
        api.refuseLists(503);
        api.closeWatches();
        manyThingsHappen();
        routingGoesOn();
        api.refuseLists(0);
        theyAreTold(status);
        assertThat(api.lists())
                .as("the watch goes on from its version, without a list")
                .isEqualTo(lists);
    }

    static List<Arguments> faults() {
        return List.of(
                Arguments.of("connections are reset", (Consumer<TcpProxy>) TcpProxy::reset),
                Arguments.of("connections are refused", (Consumer<TcpProxy>) TcpProxy::refuse),
                Arguments.of("silence", (Consumer<TcpProxy>) TcpProxy::hang),
                Arguments.of("replies are lost", (Consumer<TcpProxy>) TcpProxy::swallowReplies));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("faults")
    void anApiServerThatIsAwayFreesNothingAndWhatHappenedIsToldAfterwards(String name, Consumer<TcpProxy> fault) {
        WatchStatus status = watching(LONG, SILENCE);
        int lists = api.lists();
        fault.accept(network);
        await().atMost(PATIENCE).until(() -> !status.isWatching());
        manyThingsHappen();
        await().atMost(PATIENCE).until(() -> status.problem().isPresent());
        routingGoesOn();
        network.forward();
        theyAreTold(status);
        System.out.printf("API server away, %s: %s; %d more lists%n", name, records.changes(), api.lists() - lists);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("faults")
    void anAbsenceThatIsLongerThanTheServersMemoryEndsWithAList(String name, Consumer<TcpProxy> fault) {
        WatchStatus status = watching(LONG, SILENCE);
        int lists = api.lists();
        fault.accept(network);
        await().atMost(PATIENCE).until(() -> !status.isWatching());
        manyThingsHappen();
        api.forget();
        routingGoesOn();
        network.forward();
        theyAreTold(status);
        assertThat(api.lists()).isGreaterThan(lists);
    }

    @Test
    void aServerThatResetsEveryConnectionIsTriedWithPauses() {
        WatchStatus status = watching(LONG, NEVER_SILENT);
        int before = network.connections();
        long begun = System.nanoTime();
        network.reset();
        await().atMost(PATIENCE).until(() -> network.connections() - before >= 8);
        Duration took = Duration.ofNanos(System.nanoTime() - begun);
        // The pauses double from 50 ms to 1.6 s. Without them 8 tries take a few milliseconds.
        assertThat(took).isGreaterThan(Duration.ofMillis(1_500));
        System.out.printf("8 tries at a server that resets took %d ms%n", took.toMillis());
        routingGoesOn();
        network.forward();
        awaitOpen(status);
    }

    @Test
    void aConnectionThatDiesInSilenceIsNoticedAndItsAgeIsNoYoungerThanWhatIsKnown() {
        WatchStatus status = watching(LONG, SILENCE);
        await().atMost(PATIENCE).until(() -> age(status).compareTo(SILENCE.minusSeconds(1)) > 0);
        assertThat(status.isWatching()).isTrue();
        int watches = api.watches();
        long begun = System.nanoTime();
        network.hang();
        api.remove(pod(0));
        while (status.isWatching()) {
            // Whatever it looks like: of the removed pod nothing is known.
            Duration since = Duration.ofNanos(System.nanoTime() - begun);
            assertThat(age(status)).isGreaterThanOrEqualTo(min(since, SILENCE).minusMillis(50));
            assertThat(since).isLessThan(PATIENCE);
            Thread.onSpinWait();
        }
        Duration noticed = Duration.ofNanos(System.nanoTime() - begun);
        await().atMost(PATIENCE).until(() -> age(status).compareTo(SILENCE.multipliedBy(2)) > 0);
        assertThat(status.isWatching()).isFalse();
        routingGoesOn();
        network.forward();
        await().atMost(PATIENCE).until(() -> store.call("call-0") == CallState.LOST);
        await().atMost(PATIENCE).until(() -> age(status).compareTo(SILENCE) < 0);
        assertThat(api.watches()).isGreaterThan(watches);
        System.out.printf(
                "a silent connection was noticed after %d ms, of %d allowed%n", noticed.toMillis(), SILENCE.toMillis());
    }

    @Test
    void aQuietClusterIsNoDeadOne() {
        Duration silence = Duration.ofMillis(1_500);
        WatchStatus status = watching(LONG, silence);
        int watches = api.watches();
        await().atMost(PATIENCE)
                .during(silence.multipliedBy(4))
                .until(() -> status.isWatching() && api.watches() == watches);
        assertThat(age(status)).isBetween(silence.minusMillis(1), silence.plusSeconds(5));
    }

    @Test
    void aWatchThatCannotBeOpenedIsMadeAnewAndForgetsNothing() {
        WatchStatus status = watching(Duration.ofSeconds(2), NEVER_SILENT);
        int before = network.connections();
        network.hang();
        network.cut(); // the next watch is taken, and never answered
        await().atMost(PATIENCE).until(() -> network.connections() - before >= 3);
        manyThingsHappen();
        api.forget();
        routingGoesOn();
        network.forward();
        theyAreTold(status);
    }

    @Test
    void twoThousandPodsAtOnceAreAllRegistered() {
        int pods = 2_000;
        IntStream.range(0, pods).forEach(this::show);
        long begun = System.nanoTime();
        // A list of so many may take long on a busy machine, but one that a reset swallowed must be asked for again in
        // time.
        rig = WatchRig.start(network.port(), records, LONG, NEVER_SILENT, PATIENCE.dividedBy(3));
        WatchStatus status = rig.status();
        await().atMost(PATIENCE).until(() -> records.changes().size() >= pods && status.waiting() == 0);
        Duration took = Duration.ofNanos(System.nanoTime() - begun);
        assertThat(records.changes()).hasSize(pods).containsOnly(Kind.REGISTERED);
        assertThat(store.manager().pods()).hasSize(pods).allMatch(pod -> pod.state() == PodState.READY);
        assertThat(store.violations()).isEmpty();
        assertThat(api.lists()).isBetween(1, SLOW_LISTS);

        // All of them restart at once while the server is away: each is told once.
        for (int i = 0; i < 10; i++) {
            store.allocate("call-" + i);
        }
        records.forget();
        network.reset();
        await().atMost(PATIENCE).until(() -> !status.isWatching());
        IntStream.range(0, pods).forEach(this::show);
        api.forget();
        long again = System.nanoTime();
        network.forward();
        await().atMost(PATIENCE).until(() -> records.changes().size() >= pods && status.waiting() == 0);
        System.out.printf(
                "2,000 pods in Redis after %d ms, replaced after an absence in %d ms%n",
                took.toMillis(), Duration.ofNanos(System.nanoTime() - again).toMillis());
        assertThat(records.changes()).hasSize(pods).containsOnly(Kind.REPLACED);
        assertThat(IntStream.range(0, 10).mapToObj(i -> store.call("call-" + i)))
                .containsOnly(CallState.LOST);
        assertThat(api.lists()).isBetween(2, 2 * SLOW_LISTS);
        assertThat(store.violations()).isEmpty();
    }

    private static Duration age(WatchStatus status) {
        return status.age().orElse(Duration.ZERO);
    }

    private static Duration min(Duration a, Duration b) {
        return a.compareTo(b) < 0 ? a : b;
    }
}
