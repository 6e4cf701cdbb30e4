package io.smartrouter.podwatch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.smartrouter.pool.CallId;
import io.smartrouter.pool.CallState;
import io.smartrouter.pool.PodChange.Kind;
import io.smartrouter.pool.PodState;
import io.smartrouter.pool.redis.HeldStore;
import io.smartrouter.testing.TestApiServer;
import io.smartrouter.testing.TestRedis;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What becomes of a call when its pod's life changes, from the API server to the records in a real Redis. In each row
 * {@code call-1} is on {@code agent-0} (uid-a, container c1), {@code call-2} on {@code agent-1}, and both are ready.
 */
@NullUnmarked
class IncarnationWatchIT {
    private static final String POD = "agent-0";
    private static final CallState KEPT = CallState.ALLOCATED;
    private static final CallState LOST = CallState.LOST;
    private static final Duration QUARANTINE = Duration.ofSeconds(30);
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private static TestRedis redis;
    private TestApiServer api;
    private HeldStore store;
    private ToldRecords records;
    private WatchRig rig;
    private Pod first;

    @BeforeAll
    static void startRedis() {
        redis = TestRedis.start();
    }

    @AfterAll
    static void stopRedis() {
        redis.close();
    }

    @BeforeEach
    void aCallIsOnThePod() {
        api = TestApiServer.start();
        store = new HeldStore(redis, QUARANTINE);
        records = new ToldRecords(store.manager());
        first = api.show(Pods.running(POD, "uid-a", "", "c1"));
        rig = rig();
        await().atMost(PATIENCE).until(() -> store.pod(POD).isPresent());
        assertThat(store.allocate("call-1")).contains(POD);
        api.show(Pods.running("agent-1", "uid-1", "", "c1"));
        await().atMost(PATIENCE).until(() -> store.pod("agent-1").isPresent());
        assertThat(store.allocate("call-2")).contains("agent-1");
        await().atMost(PATIENCE).until(() -> rig.status().isWatching() && api.openWatches() == 1);
        records.forget();
    }

    @AfterEach
    void stop() {
        rig.close();
        store.close();
        api.close();
    }

    private WatchRig rig() {
        return WatchRig.start(api.port(), records);
    }

    static List<Arguments> rows() {
        return List.of(
                row(
                        "same name, new UID, the deletion not seen",
                        t -> t.show("uid-b", "c1"),
                        kinds(Kind.REPLACED),
                        LOST,
                        PodState.READY),
                row(
                        "same name, new UID, after an orderly deletion",
                        t -> {
                            t.delete();
                            t.api.remove(POD);
                            t.show("uid-b", "c1");
                        },
                        kinds(Kind.UPDATED, Kind.GONE, Kind.REGISTERED),
                        LOST,
                        PodState.READY),
                row(
                        "same name, new UID, after a deletion by force",
                        t -> {
                            t.api.remove(POD);
                            t.show("uid-b", "c1");
                        },
                        kinds(Kind.GONE, Kind.REGISTERED),
                        LOST,
                        PodState.READY),
                row(
                        "container restarts inside the pod, seen at once",
                        t -> {
                            t.api.show(stopped(Pods.running(POD, "uid-a", "", "c1")));
                            t.awaitChanges(1);
                            t.show("uid-a", "c2");
                        },
                        kinds(Kind.UPDATED, Kind.REPLACED),
                        LOST,
                        PodState.SUSPECT),
                row(
                        "container restarts inside the pod, seen 60 s late and several versions later in one event",
                        t -> {
                            t.api.refuseLists(503);
                            t.api.closeWatches();
                            for (String next : List.of("c2", "c3", "c4")) {
                                t.api.show(stopped(Pods.running(POD, "uid-a", "", next)));
                                t.show("uid-a", next);
                            }
                            t.api.forget(); // so nothing of it is told one by one
                            t.store.pass(Duration.ofSeconds(60));
                            t.api.refuseLists(0);
                        },
                        kinds(Kind.REPLACED),
                        LOST,
                        PodState.SUSPECT),
                row(
                        "a container id not yet known is no other incarnation",
                        t -> {
                            t.api.show(stopped(Pods.running(POD, "uid-a", "", "")));
                            t.awaitChanges(1);
                            t.show("uid-a", "c1");
                        },
                        kinds(Kind.UPDATED, Kind.UPDATED),
                        KEPT,
                        PodState.READY),
                row(
                        "a container id not yet known, then another one",
                        t -> {
                            t.api.show(stopped(Pods.running(POD, "uid-a", "", "")));
                            t.awaitChanges(1);
                            t.show("uid-a", "c2");
                        },
                        kinds(Kind.UPDATED, Kind.REPLACED),
                        LOST,
                        PodState.SUSPECT),
                row("deletion begins", IncarnationWatchIT::delete, kinds(Kind.UPDATED), KEPT, PodState.DRAINING),
                row(
                        "deletion inferred from a list, and a fresh GET answers 404",
                        t -> {
                            t.api.refuseLists(503);
                            t.api.closeWatches();
                            t.api.remove(POD);
                            t.api.forget();
                            t.api.refuseLists(0);
                        },
                        kinds(Kind.GONE),
                        LOST,
                        PodState.GONE),
                row(
                        "deletion inferred from a list that lags, and a fresh GET finds the pod",
                        t -> {
                            int gets = t.api.gets();
                            t.api.omitFromLists(POD);
                            t.api.sayGone();
                            await().atMost(PATIENCE).until(() -> t.api.gets() > gets);
                            t.api.omitFromLists(null);
                        },
                        kinds(),
                        KEPT,
                        PodState.READY),
                row(
                        "deletion inferred from a list, and Kubernetes gives no answer for a while",
                        t -> {
                            int gets = t.api.gets();
                            t.api.refuseGets(503);
                            t.api.refuseLists(503);
                            t.api.closeWatches();
                            t.api.remove(POD);
                            t.api.forget();
                            t.api.refuseLists(0);
                            await().atMost(PATIENCE).until(() -> t.api.gets() >= gets + 2);
                            assertThat(t.store.call("call-1"))
                                    .as("unknown is never free")
                                    .isEqualTo(KEPT);
                            t.api.refuseGets(0);
                        },
                        kinds(Kind.GONE),
                        LOST,
                        PodState.GONE),
                row(
                        "late events of an incarnation that is gone",
                        t -> {
                            t.delete();
                            t.api.remove(POD);
                            t.awaitChanges(2);
                            t.api.say("MODIFIED", version(t.first, "900"));
                            t.awaitOld("900");
                        },
                        kinds(Kind.UPDATED, Kind.GONE),
                        LOST,
                        PodState.GONE),
                row(
                        "late events of an incarnation whose successor is there",
                        t -> {
                            t.delete();
                            t.api.remove(POD);
                            Pod second = t.show("uid-b", "c1");
                            t.awaitChanges(3);
                            t.api.say("MODIFIED", t.first);
                            t.awaitOld(t.first.getMetadata().getResourceVersion());
                            t.api.say("MODIFIED", second); // the watch has gone on, so the store must have too
                        },
                        kinds(Kind.UPDATED, Kind.GONE, Kind.REGISTERED),
                        LOST,
                        PodState.READY),
                row(
                        "an equal version, for another router tells the same",
                        t -> {
                            String version = t.first.getMetadata().getResourceVersion();
                            try (WatchRig second = t.rig()) {
                                t.awaitOld(version);
                                await().atMost(PATIENCE)
                                        .until(() -> second.status().waiting() == 0);
                            }
                        },
                        kinds(),
                        KEPT,
                        PodState.READY),
                row(
                        "an older version, by number and not by text",
                        t -> {
                            String version = "1000";
                            t.api.say("MODIFIED", version(t.first, version));
                            t.awaitChanges(1);
                            t.api.say("MODIFIED", version(stopped(Pods.running(POD, "uid-a", "", "c7")), "999"));
                            t.awaitOld("999");
                        },
                        kinds(Kind.UPDATED),
                        KEPT,
                        PodState.READY),
                row(
                        "delete of an unknown pod",
                        t -> {
                            Pod never = version(Pods.running("agent-9", "uid-9", "", "c1"), "500");
                            t.api.say("ADDED", stopped(never)); // known to the watch, not to the store
                            t.awaitChanges(1);
                            t.api.say("DELETED", deleting(version(never, "501")));
                        },
                        kinds(Kind.NOT_REGISTRABLE, Kind.UNKNOWN),
                        KEPT,
                        PodState.READY),
                row(
                        "410 in the middle of a deletion, and the pod is gone when the list comes",
                        t -> {
                            t.delete();
                            t.awaitChanges(1);
                            t.api.refuseLists(503);
                            t.api.sayGone();
                            t.api.remove(POD);
                            t.api.forget();
                            t.api.refuseLists(0);
                        },
                        kinds(Kind.UPDATED, Kind.GONE),
                        LOST,
                        PodState.GONE),
                row(
                        "410 in the middle of a deletion, and the pod still ends its call",
                        t -> {
                            t.delete();
                            t.awaitChanges(1);
                            int lists = t.api.lists();
                            t.api.sayGone();
                            await().atMost(PATIENCE).until(() -> t.api.lists() > lists && t.api.openWatches() == 1);
                        },
                        kinds(Kind.UPDATED),
                        KEPT,
                        PodState.DRAINING),
                row(
                        "410 in the middle of a deletion, and another pod has its name when the list comes",
                        t -> {
                            t.delete();
                            t.awaitChanges(1);
                            t.api.refuseLists(503);
                            t.api.sayGone();
                            t.api.remove(POD);
                            t.show("uid-b", "c1");
                            t.api.forget();
                            t.api.refuseLists(0);
                        },
                        kinds(Kind.UPDATED, Kind.REPLACED),
                        LOST,
                        PodState.READY));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("rows")
    void aCallIsInheritedByNobody(
            String name, Consumer<IncarnationWatchIT> happens, List<Kind> changes, CallState call, PodState pod) {
        happens.accept(this);
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(records.changes()).isEqualTo(changes));
        await().atMost(PATIENCE)
                .until(() -> rig.status().isWatching() && rig.status().waiting() == 0);
        // Something that happens after all of this to another pod, so that nothing of it is still on its way.
        api.show(Pods.running("agent-2", "uid-2", "", "c1"));
        await().atMost(PATIENCE).until(() -> store.pod("agent-2").isPresent());
        List<Kind> all = new ArrayList<>(changes);
        all.add(Kind.REGISTERED);
        assertThat(records.changes()).isEqualTo(all);

        assertThat(store.violations()).isEmpty();
        assertThat(store.call("call-1")).isEqualTo(call);
        assertThat(store.call("call-2")).as("the other pod's call").isEqualTo(KEPT);
        assertThat(store.pod(POD)).contains(pod);
        assertThat(records.told().stream().flatMap(told -> told.lost().stream()))
                .isEqualTo(call == LOST ? List.of(new CallId("call-1")) : List.of());
        List<String> offered = call == LOST && pod == PodState.READY ? List.of(POD, "agent-2") : List.of("agent-2");
        List<String> taken = IntStream.range(3, 6)
                .boxed()
                .flatMap(i -> store.allocate("call-" + i).stream())
                .sorted()
                .toList();
        assertThat(taken).as("pods that other calls get").isEqualTo(offered);
        assertThat(store.violations()).isEmpty();
    }

    private Pod show(String uid, String container) {
        return api.show(Pods.running(POD, uid, "", container));
    }

    private void delete() {
        api.show(deleting(first));
    }

    private void awaitChanges(int count) {
        await().atMost(PATIENCE).until(() -> records.changes().size() == count);
    }

    private void awaitOld(String version) {
        await().atMost(PATIENCE).until(() -> records.foundOld(version));
    }

    private static Pod deleting(Pod pod) {
        return new PodBuilder(pod)
                .editMetadata()
                .withDeletionTimestamp("2026-01-01T00:00:00Z")
                .endMetadata()
                .build();
    }

    private static Pod stopped(Pod pod) {
        return new PodBuilder(pod)
                .editStatus()
                .editFirstCondition()
                .withStatus("False")
                .endCondition()
                .editFirstContainerStatus()
                .withNewState()
                .withNewWaiting()
                .endWaiting()
                .endState()
                .endContainerStatus()
                .endStatus()
                .build();
    }

    private static Pod version(Pod pod, String version) {
        return new PodBuilder(pod)
                .editMetadata()
                .withResourceVersion(version)
                .endMetadata()
                .build();
    }

    private static List<Kind> kinds(Kind... kinds) {
        return List.of(kinds);
    }

    private static Arguments row(
            String name, Consumer<IncarnationWatchIT> happens, List<Kind> changes, CallState call, PodState pod) {
        return Arguments.of(name, happens, changes, call, pod);
    }
}
