package io.smartrouter.ops;

import io.smartrouter.pool.PoolManager;
import io.smartrouter.pool.PoolProperties;
import io.smartrouter.pool.RoutingConfigurations;
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
    private static final Duration LAST_STEP = Duration.ofSeconds(2);
    private static final int AFTER_REDIS = 1_000; // Spring's connection factory has phase 0, the web server a huge one

    private final List<RepeatedTask> tasks = new ArrayList<>();
    private final RepeatedTask retry;
    private volatile boolean running;

    RouterTasks(
            Opening opening,
            PoolManager manager,
            RoutingConfigurations configurations,
            PoolGauges gauges,
            PoolProperties pool,
            MetricsProperties metrics,
            Environment environment) {
        retry = new RepeatedTask("retry-releases", RETRY, manager::retryReleases);
        tasks.add(new RepeatedTask("look-at-redis", LOOK, opening::look));
        tasks.add(new RepeatedTask("expire", EXPIRE, manager::expire));
        tasks.add(retry);
        tasks.add(new RepeatedTask("poll-configuration", pool.config().poll(), configurations::poll));
        tasks.add(new RepeatedTask("count-pools", metrics.refresh(), gauges::refresh));
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
        tasks.forEach(task -> task.awaitEnd(LAST_STEP));
        retry.once(); // the last chance of ends that the last requests brought
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
