package io.smartrouter.faults;

import io.smartrouter.faults.History.Allocate;
import io.smartrouter.faults.History.Fault;
import io.smartrouter.faults.History.Given;
import io.smartrouter.faults.History.Paused;
import io.smartrouter.faults.History.Span;
import io.smartrouter.faults.History.Starting;
import io.smartrouter.faults.HistoryChecker.Finding;
import io.smartrouter.faults.HistoryChecker.Kind;
import io.smartrouter.pool.redis.DataSet;
import io.smartrouter.testing.RedisLink;
import io.smartrouter.testing.RouterProcess;
import io.smartrouter.testing.TcpProxy;
import io.smartrouter.testing.TestCluster;
import io.smartrouter.testing.TestRedis;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionTimeoutException;
import org.jspecify.annotations.Nullable;

/** Routers as processes, each with a network of its own to one real Redis, an API server, agents, and the load. */
final class FaultRig implements AutoCloseable {
    static final Duration PATIENCE = Duration.ofSeconds(60);

    private final List<RouterProcess> routers = new ArrayList<>();
    private final List<RedisLink> links = new ArrayList<>();
    private final List<TcpProxy> networks = new ArrayList<>();
    private final Map<String, String> settings = new HashMap<>();
    private final List<Long> brokeOffAt = new ArrayList<>();
    private final List<Thread> starts = new ArrayList<>();
    final int pods;
    /** What was doubled or unknown within DESIGN's limit 6. */
    final List<String> atTheLimit = new ArrayList<>();

    final History history = new History();
    final RouterClient client = new RouterClient(history);
    final Agents agents = new Agents(history, client);
    final Load load;
    final TestCluster cluster = TestCluster.start(0);
    final TcpProxy apiServer;
    TestRedis redis;

    /** All is there, and every pod available. */
    FaultRig(long seed, int routers, int pods, Map<String, String> settings, String... redisArguments) {
        this(seed, routers, pods, settings, TestRedis.start(redisArguments));
    }

    /** The same on this Redis; settings may lead the routers to it by another way. */
    FaultRig(long seed, int routers, int pods, Map<String, String> settings, TestRedis redis) {
        this.pods = pods;
        this.redis = redis;
        this.apiServer = TcpProxy.to(URI.create(cluster.url()).getPort());
        this.load = new Load(client, agents, seed);
        this.settings.putAll(Map.of(
                "router.stream.base-url", "ws://{address}",
                "router.settle.quarantine", "3s",
                "router.reconcile.interval", "1s"));
        this.settings.putAll(settings);
        for (int i = 0; i < pods; i++) {
            addPod("voice-agent-" + i);
        }
        for (int i = 0; i < routers; i++) {
            startRouter();
        }
        this.routers.forEach(RouterProcess::awaitReady);
        if (routers > 0) {
            awaitPods();
        }
    }

    /** Waits until every pod is available. */
    void awaitPods() {
        Awaitility.await().atMost(PATIENCE).until(() -> available() == pods);
    }

    /** Starts one that is asked from now on, ready or not. */
    RouterProcess startRouter() {
        return startRouter(Map.of());
    }

    /** The same, with more in its environment. */
    RouterProcess startRouter(Map<String, String> environment) {
        TcpProxy network = anotherNetwork();
        String kubernetes = "http://127.0.0.1:" + apiServer.port();
        RouterProcess router = RouterProcess.start(network.port(), kubernetes, settings, environment);
        long begun = System.nanoTime();
        starts.add(Thread.ofVirtual().start(() -> {
            while (router.process().isAlive() && router.health("readiness").status() != 200) {
                LockSupport.parkNanos(100_000_000);
            }
            history.add(new Starting(router.port(), new Span(begun, System.nanoTime())));
        }));
        return add(router);
    }

    /** Starts one of this version, or of the one in this jar, that is asked as soon as it is ready, as a Service does. */
    RouterProcess startBeside(@Nullable Path jar) {
        TcpProxy network = anotherNetwork();
        String kubernetes = "http://127.0.0.1:" + apiServer.port();
        RouterProcess router = jar == null
                ? RouterProcess.start(network.port(), kubernetes, settings)
                : RouterProcess.start(jar, network.port(), kubernetes, settings);
        return add(router.awaitReady());
    }

    /** Is asked no more, and told to stop; how it ended. */
    int stopRouter(RouterProcess router) throws Exception {
        client.remove(router);
        router.process().destroy();
        return router.process().waitFor();
    }

    private RouterProcess add(RouterProcess router) {
        routers.add(router);
        client.add(router);
        return router;
    }

    private TcpProxy anotherNetwork() {
        RedisLink link = RedisLink.to(redis);
        links.add(link);
        TcpProxy network = TcpProxy.to(link.port());
        networks.add(network);
        return network;
    }

    RouterProcess router(int index) {
        return routers.get(index);
    }

    /** Which routers run now, the oldest first. */
    List<Integer> running() {
        return IntStream.range(0, routers.size())
                .filter(index -> routers.get(index).process().isAlive())
                .boxed()
                .toList();
    }

    TcpProxy network(int index) {
        return networks.get(index);
    }

    void killRouter(int index) throws Exception {
        RouterProcess router = routers.get(index);
        client.remove(router);
        router.process().destroyForcibly().waitFor();
    }

    void signal(int router, String name) throws Exception {
        new ProcessBuilder(
                        "kill",
                        "-" + name,
                        Long.toString(router(router).process().pid()))
                .start()
                .waitFor();
    }

    /** Does it while this router stands still; from when to when it stood. */
    Span paused(int router, Action action) throws Exception {
        client.remove(router(router)); // a client would wait for it, as those do whose requests it has already
        long begun = System.nanoTime();
        signal(router, "STOP");
        action.run();
        signal(router, "CONT");
        Span span = new Span(begun, System.nanoTime());
        history.add(new Paused(router(router).port(), span));
        client.add(router(router));
        return span;
    }

    /** Ends the Redis at once, and starts a new one in its place. */
    void restartRedis(String... arguments) {
        redis.close();
        leadTo(TestRedis.start(arguments));
    }

    /** From now on this one is the primary of all routers. */
    void leadTo(TestRedis primary) {
        redis = primary;
        links.forEach(link -> link.leadTo(primary));
    }

    /** From now on this one is the primary of that router; for the others nothing changes. */
    void leadTo(TestRedis primary, int router) {
        links.get(router).leadTo(primary);
    }

    /** A replica that has all that the primary has. */
    TestRedis replica() {
        return redis.replica();
    }

    /** Ends the pod's incarnation: its object goes, its streams break, and a new object takes its name. */
    void replacePod(String pod) {
        agents.ends(pod);
        cluster.delete(pod);
        addPod(pod);
    }

    private void addPod(String pod) {
        agents.runs(pod, cluster.add(pod, agents.port()));
    }

    interface Action {
        void run() throws Exception;
    }

    /** Does it, and writes into the history from when to when it took. */
    void fault(String name, Action action) throws Exception {
        long begun = System.nanoTime();
        try {
            action.run();
        } finally {
            history.add(new Fault(name, new Span(begun, System.nanoTime())));
        }
    }

    /** Waits until so many more calls have got a pod. */
    void served(int more) {
        long before = given();
        Awaitility.await().atMost(PATIENCE).until(() -> given() >= before + more);
    }

    private long given() {
        return history.all(Allocate.class).stream()
                .filter(one -> one.answer() instanceof Given)
                .count();
    }

    /** Service breaks off now. */
    void breaksOff() {
        brokeOffAt.add(System.nanoTime());
    }

    /** How long nobody was given a pod after it broke off (ms), the shortest first. */
    List<Long> gapsMs() {
        return brokeOffAt.stream().map(this::gapMs).sorted().toList();
    }

    /** Until the first answer to a request that began after it. */
    private long gapMs(long at) {
        long first = history.all(Allocate.class).stream()
                .filter(one -> one.answer() instanceof Given && one.span().begun() > at)
                .mapToLong(one -> one.span().ended())
                .min()
                .orElse(Long.MAX_VALUE);
        return (first - at) / 1_000_000;
    }

    int available() {
        try (DataSet data = new DataSet(redis.port())) {
            return data.available().size();
        }
    }

    /** The load ends; what is wrong after all calls ended, and in the history. */
    List<String> finish(long boundMs) throws Exception {
        load.finish();
        List<String> wrong = new ArrayList<>();
        try (DataSet data = new DataSet(redis.port())) {
            try {
                Awaitility.await()
                        .atMost(PATIENCE)
                        .ignoreExceptions()
                        .until(() -> data.available().size() == pods
                                && data.callsByPod().values().stream().allMatch(java.util.Set::isEmpty));
            } catch (ConditionTimeoutException e) {
                wrong.add("LEAKED: %d of %d pods available, calls %s"
                        .formatted(data.available().size(), pods, data.callsByPod()));
            }
            data.violations().forEach(violation -> wrong.add("INVARIANT: " + violation));
        }
        agents.close(); // whoever is still connected is in the account from here on
        for (Thread start : starts) {
            start.join();
        }
        for (Finding finding : HistoryChecker.check(history, boundMs)) {
            (finding.kind() == Kind.KNOWN_TO_ONE_AWAY ? atTheLimit : wrong).add(finding.kind() + ": " + finding.what());
        }
        history.sids().stream()
                .filter(sid -> wrong.stream()
                        .anyMatch(what -> List.of(what.split("\\s", -1)).contains(sid)))
                .forEach(this::tell);
        return wrong;
    }

    /** All that was seen of a call, by the wall's clock: what the routers logged, and what clients and agents noted. */
    private void tell(String sid) {
        System.out.println("what was seen of " + sid + ":");
        Stream<String> logged = routers.stream()
                .flatMap(router -> router.log()
                        .lines()
                        .filter(line -> line.contains(sid)
                                || line.contains("data set opened")
                                || line.contains("mirror joined"))
                        .map(line -> line + " (router " + router.port() + ")"));
        Stream.concat(logged, history.told(sid).stream()).sorted().forEach(System.out::println);
    }

    @Override
    public void close() {
        load.close();
        for (RouterProcess router : routers) {
            router.process().destroyForcibly();
            router.close();
        }
        networks.forEach(TcpProxy::close);
        links.forEach(RedisLink::close);
        apiServer.close();
        agents.close();
        cluster.close();
        redis.close();
    }
}
