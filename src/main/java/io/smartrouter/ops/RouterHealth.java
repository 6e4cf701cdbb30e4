package io.smartrouter.ops;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.smartrouter.podwatch.WatchStatus;
import io.smartrouter.pool.MirrorExchange;
import io.smartrouter.pool.RouterMirror;
import io.smartrouter.pool.RoutingConfigurations;
import io.smartrouter.pool.Settlement;
import java.time.Clock;
import java.time.Duration;
import java.util.Locale;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * What health says. None of it asks anybody: Redis' state is {@link Opening}'s last look, so a health call takes no
 * time, whatever hangs. {@code start} belongs to readiness, the others to the group {@code routing}.
 */
@Configuration(proxyBeanMethods = false)
class RouterHealth {
    private static final Duration LOOK_IS_OLD = Duration.ofSeconds(10);
    private static final double MS = 1_000;

    /** Ready from the first opening until the end; what Redis does later is no reason to leave callers in silence. */
    @Bean
    HealthIndicator startHealthIndicator(Opening opening, WatchStatus watch) {
        return () -> {
            if (opening.hasOpened()) {
                return Health.up().build();
            }
            Health.Builder health =
                    Health.outOfService().withDetail("waits_for", opening.last().reason());
            watch.problem().ifPresent(problem -> health.withDetail("kubernetes", problem));
            return health.build();
        };
    }

    @Bean
    HealthIndicator redisHealthIndicator(Opening opening) {
        return () -> redis(opening.last(), Clock.systemUTC());
    }

    static Health redis(Opening.Look look, Clock clock) {
        boolean old = look.at().plus(LOOK_IS_OLD).isBefore(clock.instant());
        Health.Builder health = look.state() == Opening.State.OPEN && !old ? Health.up() : Health.down();
        health.withDetail("data_set", look.state().name().toLowerCase(Locale.ROOT))
                .withDetail("looked_at", look.at().toString());
        if (!look.reason().isEmpty()) {
            health.withDetail("reason", look.reason());
        }
        if (old) {
            health.withDetail("stuck", "the last look at Redis does not come back");
        }
        return health.build();
    }

    /** Up also with a gap: routing goes on, and only a loss right now would cost a quarantine. */
    @Bean
    HealthIndicator mirrorHealthIndicator(RouterMirror mirror) {
        return () -> Health.up()
                .withDetail("whole", mirror.isWhole())
                .withDetail("age_seconds", mirror.age().toMillis() / MS)
                .withDetail("copies", mirror.size())
                .build();
    }

    @Bean
    HealthIndicator configurationHealthIndicator(RoutingConfigurations configurations) {
        return () -> configurations
                .problem()
                .map(problem -> Health.down().withDetail("problem", problem).build())
                .orElseGet(() -> Health.up().build());
    }

    /** An API that is away stops no routing: health shows how old the view of the cluster is. */
    @Bean
    HealthIndicator kubernetesHealthIndicator(WatchStatus watch) {
        return () -> {
            Health.Builder health = watch.isSynced() && watch.isWatching() ? Health.up() : Health.down();
            health.withDetail("synced", watch.isSynced())
                    .withDetail("watching", watch.isWatching())
                    .withDetail("pods_waiting", watch.waiting());
            watch.age().ifPresent(age -> health.withDetail("age_seconds", age.toMillis() / MS));
            watch.lastEvent().ifPresent(at -> health.withDetail("last_event", at.toString()));
            watch.problem().ifPresent(problem -> health.withDetail("problem", problem));
            return health.build();
        };
    }

    /** What a loss would cost now, as numbers. */
    @Bean
    MeterBinder mirrorMetrics(RouterMirror mirror, MirrorExchange exchange) {
        return (MeterRegistry registry) -> {
            Gauge.builder("smart_router.mirror.whole", mirror, m -> m.isWhole() ? 1 : 0)
                    .description("Whether this router's mirror follows without a gap")
                    .register(registry);
            Gauge.builder("smart_router.mirror.age", mirror, m -> m.age().toMillis() / MS)
                    .description("How long ago this router's mirror was in step")
                    .baseUnit("seconds")
                    .register(registry);
            Gauge.builder("smart_router.mirror.copies", mirror, RouterMirror::size)
                    .description("Calls and pods in this router's mirror")
                    .register(registry);
            FunctionCounter.builder("smart_router.mirror.joined", exchange, MirrorExchange::taken)
                    .description("Copies from this router's mirror that a data set had lost")
                    .register(registry);
        };
    }

    /** The same facts as numbers, for alerts. */
    @Bean
    MeterBinder routingMetrics(
            Opening opening, Settlement settlement, RoutingConfigurations configurations, WatchStatus watch) {
        return (MeterRegistry registry) -> {
            Gauge.builder(
                            "smart_router.redis.hazard",
                            opening,
                            o -> o.last().state() == Opening.State.OPEN
                                            && !o.last().reason().isEmpty()
                                    ? 1
                                    : 0)
                    .description("1 while Redis is set up so that it can drop live calls by itself")
                    .register(registry);
            Gauge.builder("smart_router.redis.open", opening, o -> o.last().state() == Opening.State.OPEN ? 1 : 0)
                    .description("Whether Redis answers and its data set is open")
                    .register(registry);
            Gauge.builder(
                            "smart_router.configuration.problem",
                            configurations,
                            c -> c.problem().map(problem -> 1).orElse(0))
                    .description("Whether the configuration in Redis is refused")
                    .register(registry);
            Gauge.builder(
                            "smart_router.watch.age",
                            watch,
                            w -> w.age().map(age -> age.toMillis() / MS).orElse(Double.NaN))
                    .description("How old the view of the cluster may be")
                    .baseUnit("seconds")
                    .register(registry);
            Gauge.builder("smart_router.watch.waiting", watch, WatchStatus::waiting)
                    .description("Pods whose news the store has not taken yet")
                    .register(registry);
            FunctionCounter.builder("smart_router.settlements", settlement, Settlement::opened)
                    .description("Data sets that this router opened")
                    .register(registry);
        };
    }
}
