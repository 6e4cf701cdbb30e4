package io.smartrouter.ops;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.smartrouter.web.InFlight;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** How busy the router is, and what it refused for that. */
@Configuration(proxyBeanMethods = false)
class OverloadMetrics {
    @Bean
    MeterBinder inFlightMetrics(InFlight inFlight) {
        return registry -> {
            for (InFlight.Kind kind : InFlight.Kind.values()) {
                Gauge.builder("smart_router.requests.in_flight", inFlight, all -> all.now(kind))
                        .description("Requests that are worked on now")
                        .tag("kind", kind.word())
                        .register(registry);
                FunctionCounter.builder("smart_router.requests.overloaded", inFlight, all -> all.refused(kind))
                        .description("Requests that were answered at once because too many were worked on")
                        .tag("kind", kind.word())
                        .register(registry);
            }
        };
    }
}
