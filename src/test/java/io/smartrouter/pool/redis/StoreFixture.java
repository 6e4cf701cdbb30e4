package io.smartrouter.pool.redis;

import io.smartrouter.pool.DeferredReleases;
import io.smartrouter.pool.MirrorFixture;
import io.smartrouter.pool.PodFacts;
import io.smartrouter.pool.PodSource;
import io.smartrouter.pool.PodWord;
import io.smartrouter.pool.PoolFixture;
import io.smartrouter.pool.PoolManager;
import io.smartrouter.pool.PoolProperties;
import io.smartrouter.pool.PoolStore;
import io.smartrouter.pool.ReconcileStore;
import io.smartrouter.pool.SettlementStore;
import io.smartrouter.pool.Tokens;
import io.smartrouter.testing.RedisLink;
import io.smartrouter.testing.TestRedis;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.data.redis.connection.RedisStandaloneConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceClientConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.data.redis.core.StringRedisTemplate;

/**
 * The store on a real Redis without Spring's context. Its clock can be held: {@link #setTime} gives Redis' scripts the
 * time of a key instead of the machine's.
 */
public final class StoreFixture implements AutoCloseable {
    private static final String TIME_KEY = "test:time";

    private final LettuceConnectionFactory connections;
    private final StringRedisTemplate template;
    private final PoolProperties properties;
    private final RedisPoolStore store;
    private final SettlementStore settling;
    private final List<PodFacts> clusterPods = new ArrayList<>();
    private final PodSource source = source();
    private final ReconcileStore reconciling;
    private final MirrorFixture mirroring;
    private final DeferredReleases deferred = new DeferredReleases();
    private final PoolFixture pool;
    private volatile boolean clusterComplete = true;
    private volatile Runnable podsAsked = () -> {};
    private volatile Function<String, PodWord> kubernetes = pod -> new PodWord.Silent();

    /** Settings as in application.yaml, by their names. */
    public StoreFixture(TestRedis redis, Map<String, String> settings) {
        this(redis, settings, UnaryOperator.identity());
    }

    /** The same, with each script's text changed. */
    public StoreFixture(TestRedis redis, Map<String, String> settings, UnaryOperator<String> change) {
        this("127.0.0.1", redis.port(), settings, change);
    }

    /** Over a link, through which the primary can change. */
    public StoreFixture(RedisLink link, Map<String, String> settings) {
        this("127.0.0.1", link.port(), settings, UnaryOperator.identity());
    }

    StoreFixture(String host, int port, Map<String, String> settings, UnaryOperator<String> change) {
        properties =
                new Binder(new MapConfigurationPropertySource(settings)).bindOrCreate("router", PoolProperties.class);
        LettuceClientConfiguration.LettuceClientConfigurationBuilder client = LettuceClientConfiguration.builder();
        new RedisConfiguration().boundedCommands(properties).customize(client);
        connections = new LettuceConnectionFactory(new RedisStandaloneConfiguration(host, port), client.build());
        connections.afterPropertiesSet();
        connections.start();
        template = new StringRedisTemplate(connections);
        RedisKeys keys = new RedisKeys(properties.redis().keyPrefix());
        RedisCommands commands = new RedisCommands(template, keys);
        RedisScripts scripts = new RedisScripts(change);
        Tokens tokens = Tokens.secure();
        mirroring = new MirrorFixture(
                tokens,
                new RedisMirrorStore(commands, scripts, keys, properties, connections),
                new RedisMirrorChannel(commands, keys, connections),
                deferred,
                properties);
        store = new RedisPoolStore(commands, scripts, keys, properties, mirroring.mirror());
        settling = new RedisSettlementStore(commands, scripts, keys, store, properties, tokens);
        reconciling = new RedisReconcileStore(commands, scripts, keys, properties, mirroring.mirror());
        pool = poolOver(store);
    }

    /** The core over a store that a test stands before the real one. */
    PoolFixture poolOver(PoolStore other) {
        return new PoolFixture(other, settling, properties, source, mirroring::gather, deferred);
    }

    private PodSource source() {
        return new PodSource() {
            @Override
            public boolean isComplete() {
                return clusterComplete;
            }

            @Override
            public List<PodFacts> pods() {
                podsAsked.run();
                synchronized (clusterPods) {
                    return List.copyOf(clusterPods);
                }
            }

            @Override
            public PodWord ask(String pod, Duration atMost) {
                return kubernetes.apply(pod);
            }
        };
    }

    /** Scripts whose clock is held by {@link #setTime}. */
    public static UnaryOperator<String> heldClock() {
        return script ->
                script.replace("redis.call('TIME')", "redis.call('HMGET', '" + TIME_KEY + "', 'seconds', 'micros')");
    }

    /** Sets the held clock, in ms. */
    public void setTime(long ms) {
        template.opsForHash()
                .putAll(
                        TIME_KEY,
                        Map.of("seconds", Long.toString(ms / 1_000), "micros", Long.toString(ms % 1_000 * 1_000)));
    }

    /** The manager over this store. */
    public PoolManager manager() {
        return pool.manager();
    }

    /** Everything else of the core over this store. */
    public PoolFixture pool() {
        return pool;
    }

    /** The store itself. */
    public PoolStore store() {
        return store;
    }

    /** The store as the reconciler sees it. */
    public ReconcileStore reconciling() {
        return reconciling;
    }

    /** The watch. */
    public PodSource watch() {
        return source;
    }

    /** The settings. */
    public PoolProperties properties() {
        return properties;
    }

    SettlementStore settling() {
        return settling;
    }

    /** Plain commands. */
    public StringRedisTemplate template() {
        return template;
    }

    /** What the watch of the cluster would show to a settlement. */
    public void cluster(List<PodFacts> pods) {
        synchronized (clusterPods) {
            clusterPods.clear();
            clusterPods.addAll(pods);
        }
    }

    /** What Kubernetes says when it is asked about one pod. */
    public void kubernetesSays(Function<String, PodWord> word) {
        kubernetes = word;
    }

    /** Whether the watch has seen the cluster. */
    public void clusterComplete(boolean complete) {
        clusterComplete = complete;
    }

    /** Makes it look as if this primary were another one than that on which the data set was opened. */
    void failOver() {
        template.opsForHash()
                .putAll(properties.redis().keyPrefix() + ":epoch", Map.of("replid", "another", "run_id", "another"));
    }

    /** What the core does of the cluster's pods first, when it settles. */
    void whenPodsAreAsked(Runnable hook) {
        podsAsked = hook;
    }

    /** Empties the server. */
    public void flush() {
        try (var connection = connections.getConnection()) {
            connection.serverCommands().flushAll();
        }
    }

    /** This router's mirror, which follows once it is begun. */
    public MirrorFixture mirroring() {
        return mirroring;
    }

    @Override
    public void close() {
        mirroring.close();
        connections.destroy();
    }
}
