package io.smartrouter.ops;

import io.smartrouter.pool.DeferredReleases;
import io.smartrouter.pool.MirrorExchange;
import io.smartrouter.pool.MirrorFollower;
import io.smartrouter.pool.PoolManager;
import io.smartrouter.pool.PoolProperties;
import io.smartrouter.pool.RoutingConfigurations;
import io.smartrouter.pool.Ticker;
import io.smartrouter.reconcile.ReconcileProperties;
import io.smartrouter.reconcile.Reconciler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.springframework.context.SmartLifecycle;
import org.springframework.core.env.Environment;
import org.springframework.stereotype.Component;

/** What the router does by itself. It begins before requests come in, and ends after the last was answered. */
@Component
class RouterTasks implements SmartLifecycle {
    private static final Duration LOOK = Duration.ofSeconds(1);
    private static final Duration EXPIRE = Duration.ofSeconds(1);
    private static final Duration RETRY = Duration.ofSeconds(1);
    private static final Duration ASK = Duration.ofSeconds(2);
    /** It waits for events by itself; this only keeps a fault from turning fast. */
    private static final Duration FOLLOW = Duration.ofMillis(5);
    /** A settlement waits for the routers of which it missed no more than three. */
    private static final Duration HELLO = Duration.ofSeconds(3);

    private static final Duration LAST_STEP = Duration.ofSeconds(2);
    /** Together with a step that still runs well within spring.lifecycle.timeout-per-shutdown-phase. */
    private static final Duration LAST_TRIES = Duration.ofSeconds(8);

    private static final Duration LAST_PAUSE = Duration.ofMillis(250);
    private static final int AFTER_REDIS = 1_000; // Spring's connection factory has phase 0, the web server a huge one

    private final List<RepeatedTask> tasks = new ArrayList<>();
    private final RepeatedTask retry;
    private final DeferredReleases deferred;
    private final Ticker ticker;
    private volatile boolean running;

    RouterTasks(
            Opening opening,
            PoolManager manager,
            RoutingConfigurations configurations,
            PoolGauges gauges,
            PoolProperties pool,
            MetricsProperties metrics,
            Reconciler reconciler,
            ReconcileProperties reconcile,
            DeferredReleases deferred,
            MirrorFollower follower,
            MirrorExchange exchange,
            Ticker ticker,
            Environment environment) {
        this.deferred = deferred;
        this.ticker = ticker;
        retry = new RepeatedTask("retry-releases", RETRY, manager::retryReleases);
        tasks.add(new RepeatedTask("look-at-redis", LOOK, opening::look));
        tasks.add(new RepeatedTask("expire", EXPIRE, manager::expire));
        tasks.add(retry);
        tasks.add(new RepeatedTask("poll-configuration", pool.config().poll(), configurations::poll));
        tasks.add(new RepeatedTask("count-pools", metrics.refresh(), gauges::refresh));
        tasks.add(new RepeatedTask("reconcile", reconcile.interval(), reconciler::round));
        tasks.add(new RepeatedTask("follow-mirror", FOLLOW, follower::step));
        tasks.add(new RepeatedTask("say-hello", HELLO, exchange::hello));
        String statusUrl = environment.getProperty("router.agent.status-url");
        if (statusUrl != null && !statusUrl.isBlank()) {
            tasks.add(new RepeatedTask("ask-quarantined", ASK, manager::askQuarantined));
        }
    }

    @Override
    public void start() {
        running = true;
        tasks.forEach(RepeatedTask::start);
    }

    @Override
    public void stop() {
        running = false;
        tasks.forEach(RepeatedTask::stop);
        long begun = ticker.nanos();
        tasks.forEach(task -> task.awaitEnd(left(begun, LAST_STEP)));
        // The last chance of ends that the last requests brought, or that Redis could not take until now.
        retry.once();
        while (deferred.size() > 0 && !left(begun, LAST_TRIES).isZero()) {
            ticker.pause(LAST_PAUSE);
            retry.once();
        }
        deferred.giveUp();
    }

    private Duration left(long begun, Duration of) {
        Duration left = of.minus(ticker.since(begun));
        return left.isNegative() ? Duration.ZERO : left;
    }

    @Override
    public boolean isRunning() {
        return running;
    }

    @Override
    public int getPhase() {
        return AFTER_REDIS;
    }
}
