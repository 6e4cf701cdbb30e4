package io.smartrouter.dev;

import io.smartrouter.stream.StreamToken;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.web.server.servlet.context.ServletWebServerInitializedEvent;
import org.springframework.context.ApplicationListener;
import org.springframework.context.SmartLifecycle;

/**
 * All simulated voice agents. They listen as long as this object lives; when the router stops, they stop first, so that
 * the ends of their calls still reach it.
 */
final class DevAgents implements SmartLifecycle, ApplicationListener<ServletWebServerInitializedEvent>, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(DevAgents.class);
    private static final List<String> TIERS = List.of("gold", "gold", "basic", "basic", "basic");
    private static final Duration GOODBYE = Duration.ofSeconds(2);

    private final Vertx vertx;
    private final RouterClient router;
    private final List<DevAgent> agents;
    private volatile boolean running;

    private DevAgents(Vertx vertx, RouterClient router, List<DevAgent> agents) {
        this.vertx = vertx;
        this.router = router;
        this.agents = agents;
    }

    /** Starts all of them, each on a free port. */
    static DevAgents start(StreamToken tokens, Clock clock) {
        Vertx vertx = Vertx.vertx();
        RouterClient router = new RouterClient(vertx);
        DevAgents all = new DevAgents(
                vertx,
                router,
                IntStream.range(0, TIERS.size())
                        .mapToObj(i -> new DevAgent("voice-agent-" + i, TIERS.get(i), vertx, tokens, router, clock))
                        .toList());
        try {
            all.agents.forEach(DevAgent::start);
        } catch (RuntimeException e) {
            all.close();
            throw e;
        }
        return all;
    }

    List<DevAgent> all() {
        return agents;
    }

    @Override
    public void onApplicationEvent(ServletWebServerInitializedEvent event) {
        if (event.getApplicationContext().getServerNamespace() == null) {
            router.routerListensOn(event.getWebServer().getPort());
        }
    }

    @Override
    public void start() {
        running = true;
    }

    @Override
    public void stop() {
        running = false;
        await(Future.join(agents.stream().map(DevAgent::stop).toList()));
    }

    @Override
    public boolean isRunning() {
        return running;
    }

    @Override
    public int getPhase() {
        return Integer.MAX_VALUE; // stops before the web server does
    }

    @Override
    public void close() {
        await(vertx.close());
    }

    private static void await(Future<?> done) {
        try {
            done.toCompletionStage().toCompletableFuture().get(GOODBYE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            log.warn("voice agents did not stop in order reason={}", e.toString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
