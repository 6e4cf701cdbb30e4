package io.smartrouter.api;

import io.smartrouter.podwatch.PodInquiry;
import io.smartrouter.pool.AgentProbe;
import io.smartrouter.pool.Incarnation;
import io.smartrouter.pool.PodFacts;
import io.smartrouter.pool.PodSource;
import io.smartrouter.pool.PodWord;
import io.smartrouter.pool.ProviderAbilities;
import io.smartrouter.pool.WhenExhausted;
import io.smartrouter.testing.TestRedis;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;
import org.springframework.boot.web.server.servlet.context.ServletWebServerApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.ComponentScan;

/** A router over HTTP and a real Redis, without cluster and timers: nothing but requests writes. */
final class TestRouter implements AutoCloseable {
    static final String READER = "reader-reader-reader-reader-1";
    static final String OPERATOR = "operator-operator-operator-1";
    static final String OPERATOR_NEXT = "operator-operator-operator-2";

    private final ServletWebServerApplicationContext context;

    TestRouter(TestRedis redis, int pods, Map<String, Object> more) {
        Map<String, Object> settings = new HashMap<>(Map.of(
                "server.port", 0,
                "server.address", "127.0.0.1",
                "spring.data.redis.host", "127.0.0.1",
                "spring.data.redis.port", redis.port(),
                "spring.main.banner-mode", "off",
                "router.settle.quarantine", "0s",
                "router.stream.base-url", "wss://voice.example.com",
                "router.stream.keys[0].id", "k1",
                "router.stream.keys[0].secret", "stream-secret-stream-secret-stream-secret"));
        settings.putAll(Map.of(
                "router.api.keys[0].id", "reader",
                "router.api.keys[0].secret", READER,
                "router.api.keys[0].role", "read",
                "router.api.keys[1].id", "old",
                "router.api.keys[1].secret", OPERATOR,
                "router.api.keys[1].role", "operator",
                "router.api.keys[2].id", "new",
                "router.api.keys[2].secret", OPERATOR_NEXT,
                "router.api.keys[2].role", "operator",
                "test.pods", pods));
        settings.put("router.stop.linger", "0s");
        settings.put("management.server.port", -1);
        settings.put("management.endpoint.health.validate-group-membership", false);
        settings.putAll(more);
        SpringApplication application = new SpringApplication(Parts.class);
        String[] arguments = settings.entrySet().stream()
                .map(setting -> "--" + setting.getKey() + "=" + setting.getValue())
                .toArray(String[]::new);
        context = (ServletWebServerApplicationContext) application.run(arguments);
    }

    HttpClientForTests http() {
        return new HttpClientForTests(
                java.util.Objects.requireNonNull(context.getWebServer()).getPort());
    }

    <T> T bean(Class<T> type) {
        return context.getBean(type);
    }

    @Override
    public void close() {
        context.close();
    }

    static String podName(int ordinal) {
        return "voice-agent-" + ordinal;
    }

    @SpringBootConfiguration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @ComponentScan({
        "io.smartrouter.pool",
        "io.smartrouter.stream",
        "io.smartrouter.web",
        "io.smartrouter.reconcile",
        "io.smartrouter.api"
    })
    @ConfigurationPropertiesScan({
        "io.smartrouter.pool",
        "io.smartrouter.stream",
        "io.smartrouter.reconcile",
        "io.smartrouter.api"
    })
    static class Parts {
        @Bean
        PodSource cluster(@org.springframework.beans.factory.annotation.Value("${test.pods}") int pods) {
            List<PodFacts> facts = IntStream.range(0, pods)
                    .mapToObj(i -> new PodFacts(
                            podName(i),
                            Incarnation.of(podName(i), "uid-" + i, "containerd://" + i),
                            "1",
                            PodFacts.Readiness.READY,
                            "127.0.0.1:" + (9_000 + i),
                            true,
                            null,
                            null))
                    .toList();
            return new PodSource() {
                @Override
                public boolean isComplete() {
                    return true;
                }

                @Override
                public List<PodFacts> pods() {
                    return facts;
                }

                @Override
                public PodWord ask(String pod, Duration atMost) {
                    return new PodWord.Silent();
                }
            };
        }

        /** What this router's provider cannot do, for what is refused when it is configured. */
        @Bean
        ProviderAbilities abilities() {
            return () -> Map.of("exotel", Set.of(WhenExhausted.Action.REJECT, WhenExhausted.Action.MESSAGE));
        }

        @Bean
        PodInquiry inquiry() {
            return news -> {};
        }

        @Bean
        AgentProbe agents() {
            return new AgentProbe() {
                @Override
                public boolean answers(String address) {
                    return true;
                }

                @Override
                public boolean saysFree(String address) {
                    return false;
                }

                @Override
                public boolean refuses(String address) {
                    return false;
                }
            };
        }
    }
}
