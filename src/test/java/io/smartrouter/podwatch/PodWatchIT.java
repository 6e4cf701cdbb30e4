package io.smartrouter.podwatch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.server.mock.KubernetesCrudDispatcher;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.mockwebserver.Context;
import io.fabric8.mockwebserver.MockWebServer;
import io.fabric8.mockwebserver.http.MockResponse;
import io.smartrouter.pool.Incarnation;
import io.smartrouter.pool.PodChange;
import io.smartrouter.pool.PodFacts;
import io.smartrouter.pool.StoreUnavailableException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The watch end to end: fabric8's API server, and a store that records what it is told. */
@SuppressWarnings("NullAway.Init") // fields are set before each test
class PodWatchIT {
    private final Api api = new Api();
    private final Records records = new Records();
    private KubernetesMockServer server;
    private KubernetesClient cluster;
    private KubernetesClient client;
    private PodInformer informer;
    private PodWatch watch;

    @BeforeEach
    void start() {
        server = new KubernetesMockServer(new Context(), new MockWebServer(), new HashMap<>(), api, false);
        server.init(java.net.InetAddress.getLoopbackAddress(), 0);
        cluster = server.createClient();
        WatchThreads threads = new WatchThreads();
        client = new KubernetesClientBuilder()
                .withTaskExecutor(threads)
                .withConfig(new ConfigBuilder(cluster.getConfiguration())
                        .withNamespace("test")
                        .withWatchReconnectInterval(50)
                        .withRequestRetryBackoffLimit(0)
                        .build())
                .build();
        PodsProperties properties = new PodsProperties("test", "app=voice-agent", null, 8080, Duration.ofMinutes(3));
        informer = new PodInformer(client, properties, threads);
        watch = new PodWatch(informer, properties, Duration.ofSeconds(60), records);
    }

    @AfterEach
    void stop() {
        watch.stop();
        client.close();
        cluster.close();
        server.destroy();
    }

    private Pod create(String name, String container) {
        return cluster.pods()
                .inNamespace("test")
                .resource(Pods.running(name, "", "", container))
                .create();
    }

    private static Incarnation of(Pod pod, String container) {
        return Incarnation.of(pod.getMetadata().getName(), pod.getMetadata().getUid(), container);
    }

    private void awaitWatch() {
        watch.start();
        await().until(() -> watch.isSynced() && watch.isWatching());
    }

    @Test
    void sameNameNewUidEndsTheOldObjectBeforeTheNewIsTold() {
        awaitWatch();
        Pod first = create("agent-0", "c1");
        await().until(() -> records.seen(of(first, "c1")));
        cluster.pods().inNamespace("test").withName("agent-0").delete();
        Pod second = create("agent-0", "c1");
        await().until(() -> records.seen(of(second, "c1")));
        assertThat(records.told)
                .containsSubsequence("seen " + of(first, "c1"), "gone " + of(first, ""), "seen " + of(second, "c1"));
    }

    @Test
    void storeAwayWhileContainerRestartsThenTakesTheNewestAndIsNotHammered() {
        awaitWatch();
        Pod pod = create("agent-0", "c1");
        await().until(() -> records.seen(of(pod, "c1")));
        records.away = true;
        for (String next : List.of("c2", "c3", "c4")) {
            cluster.pods()
                    .inNamespace("test")
                    .withName("agent-0")
                    .edit(p -> new PodBuilder(p)
                            .editStatus()
                            .editFirstContainerStatus()
                            .withContainerID(next)
                            .endContainerStatus()
                            .endStatus()
                            .build());
        }
        await().until(() -> records.refused.get() >= 3);
        assertThat(records.refused.get()).isLessThan(20);
        records.away = false;
        await().until(() -> records.seen(of(pod, "c4")));
        await().until(() -> watch.waiting() == 0);
        assertThat(records.told).doesNotContain("gone " + of(pod, ""));
    }

    @Test
    void goneWhileAllRoutersWereDownIsFoundByAFreshGet() {
        Incarnation old = Incarnation.of("agent-9", "u9", "c9");
        records.store("agent-9", old);
        awaitWatch();
        await().until(() -> records.told.contains("gone " + old));
    }

    @Test
    void freshGetThatFailsFreesNothingAndIsAskedAgainWithPauses() {
        Incarnation old = Incarnation.of("agent-9", "u9", "c9");
        records.store("agent-9", old);
        api.getCode = 503;
        awaitWatch();
        await().until(() -> api.gets.get() >= 4);
        assertThat(records.told).isEmpty();
        assertThat(api.gets.get()).isLessThan(12);
        api.getCode = 0;
        await().until(() -> records.told.contains("gone " + old));
    }

    @Test
    void livingPodThatLeavesTheSelectorKeepsItsCallsAndGetsNoNewOnes() {
        awaitWatch();
        Pod pod = create("agent-0", "c1");
        await().until(() -> records.seen(of(pod, "c1")));
        cluster.pods()
                .inNamespace("test")
                .withName("agent-0")
                .edit(p -> new PodBuilder(p)
                        .editMetadata()
                        .addToLabels("app", "debug")
                        .endMetadata()
                        .build());
        await().until(() -> records.last.kubernetes() == PodFacts.Readiness.NOT_READY);
        assertThat(records.told).noneMatch(told -> told.startsWith("gone"));
    }

    @Test
    void apiServerThatRefusesAtTheStartIsTriedWithPausesUntilItAnswers() {
        api.listCode = 503;
        Pod pod = create("agent-0", "c1");
        watch.start();
        await().until(() -> api.lists.get() >= 5);
        assertThat(watch.isSynced()).isFalse();
        assertThat(watch.problem())
                .hasValueSatisfying(problem -> assertThat(problem).contains("503"));
        assertThat(api.lists.get()).isLessThan(20);
        assertThat(records.told).isEmpty();
        api.listCode = 0;
        await().until(() -> records.seen(of(pod, "c1")));
        await().until(() -> watch.problem().isEmpty());
    }

    @Test
    void twoThousandPodsAtOnceAreAllTold() {
        int pods = 2_000;
        IntStream.range(0, pods).forEach(i -> create("agent-" + i, "c"));
        long begun = System.nanoTime();
        watch.start();
        await().atMost(Duration.ofMinutes(1)).until(() -> records.names() == pods && watch.waiting() == 0);
        System.out.printf(
                "2,000 pods told in %d ms%n",
                Duration.ofNanos(System.nanoTime() - begun).toMillis());
        assertThat(watch.isSynced()).isTrue();
        // The watch repeats all of them before it brings what is new.
        await().until(watch::isWatching);
        Pod late = create("late", "c");
        await().atMost(Duration.ofMinutes(1)).until(() -> records.seen(of(late, "c")));
    }

    @Test
    void stopWaitsForTheEventInHandSoThatTheClientMayBeClosed() {
        AtomicInteger begun = new AtomicInteger();
        AtomicInteger ended = new AtomicInteger();
        informer.start(
                new Added(() -> {
                    begun.incrementAndGet();
                    long until = System.nanoTime() + Duration.ofMillis(300).toNanos();
                    while (System.nanoTime() < until) {
                        LockSupport.parkNanos(
                                1_000_000); // which returns when interrupted, and goes on here all the same
                    }
                    ended.incrementAndGet();
                }),
                fault -> {});
        create("agent-0", "c1");
        await().until(() -> begun.get() == 1);
        informer.stop();
        assertThat(ended).hasValue(1);
    }

    @Test
    void watchThatIsStoppedBeforeItBeganBeginsNoMore() {
        informer.stop();
        informer.start(new Added(() -> {}), fault -> {});
        await().during(Duration.ofMillis(300)).until(() -> api.lists.get() == 0 && !informer.isWatching());
    }

    private record Added(Runnable then) implements ResourceEventHandler<Pod> {
        @Override
        public void onAdd(Pod pod) {
            then.run();
        }

        @Override
        public void onUpdate(Pod old, Pod pod) {}

        @Override
        public void onDelete(Pod pod, boolean unknown) {}
    }

    /** An API server that can refuse, and counts. */
    private static final class Api extends KubernetesCrudDispatcher {
        private final AtomicInteger lists = new AtomicInteger();
        private final AtomicInteger gets = new AtomicInteger();
        private volatile int listCode;
        private volatile int getCode;

        @Override
        public MockResponse handleGet(String path) {
            boolean one = path.matches(".*/pods/[^?]+");
            int refuse = one ? getCode : listCode;
            if (!path.contains("watch=true")) {
                (one ? gets : lists).incrementAndGet();
                if (refuse != 0) {
                    return new MockResponse().setResponseCode(refuse);
                }
            }
            return super.handleGet(path);
        }
    }

    @SuppressWarnings("NullAway.Init")
    private static final class Records implements PodRecords {
        private final List<String> told = new CopyOnWriteArrayList<>();
        private final List<io.smartrouter.pool.Pod> stored = new CopyOnWriteArrayList<>();
        private final java.util.Set<String> names = java.util.concurrent.ConcurrentHashMap.newKeySet();
        private final AtomicInteger refused = new AtomicInteger();
        private volatile boolean away;
        private volatile PodFacts last;

        void store(String name, Incarnation incarnation) {
            stored.add(new io.smartrouter.pool.Pod(
                    name,
                    incarnation,
                    "1",
                    "gold",
                    null,
                    null,
                    1,
                    "127.0.0.1:1",
                    null,
                    PodFacts.Readiness.READY,
                    false,
                    null,
                    null,
                    io.smartrouter.pool.PodState.READY,
                    0));
        }

        boolean seen(Incarnation incarnation) {
            return told.contains("seen " + incarnation);
        }

        int names() {
            return names.size();
        }

        private void check() {
            if (away) {
                refused.incrementAndGet();
                throw new StoreUnavailableException("away");
            }
        }

        @Override
        public PodChange observe(PodFacts facts) {
            check();
            last = facts;
            names.add(facts.pod());
            told.add("seen " + facts.incarnation());
            return new PodChange(PodChange.Kind.UPDATED, List.of());
        }

        @Override
        public PodChange gone(String pod, Incarnation incarnation, Optional<String> version) {
            check();
            stored.removeIf(p -> p.name().equals(pod));
            told.add("gone " + incarnation);
            return new PodChange(PodChange.Kind.GONE, List.of());
        }

        @Override
        public List<io.smartrouter.pool.Pod> pods() {
            return List.copyOf(stored);
        }
    }
}
