package io.smartrouter.dev;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.smartrouter.podwatch.WatchThreads;
import io.smartrouter.stream.StreamToken;
import java.time.Clock;
import org.springframework.boot.autoconfigure.AbstractDependsOnBeanFactoryPostProcessor;
import org.springframework.boot.tomcat.ConfigurableTomcatWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Primary;
import org.springframework.context.annotation.Profile;
import org.springframework.core.env.Environment;
import org.springframework.data.redis.connection.RedisConnectionFactory;

/** Puts the surroundings of the profile {@code dev} together; Spring stops them in the reverse order. */
@Configuration(proxyBeanMethods = false)
@Profile("dev")
class DevConfiguration {
    @Bean
    static RedisFirst redisFirst() {
        return new RedisFirst();
    }

    /** Nothing may connect to Redis before it runs, and it stops after everything that did. */
    static final class RedisFirst extends AbstractDependsOnBeanFactoryPostProcessor {
        RedisFirst() {
            super(RedisConnectionFactory.class, EmbeddedRedis.class);
        }
    }

    @Bean
    EmbeddedRedis embeddedRedis(Environment environment) {
        return EmbeddedRedis.start(environment.getRequiredProperty("spring.data.redis.port", Integer.class));
    }

    /** Tomcat leaves its working directory behind; Redis' guard does not. */
    @Bean
    WebServerFactoryCustomizer<ConfigurableTomcatWebServerFactory> tomcatHome(EmbeddedRedis redis) {
        return factory ->
                factory.setBaseDirectory(redis.home().resolve("tomcat").toFile());
    }

    @Bean
    DevAgents devAgents(StreamToken tokens) {
        return DevAgents.start(tokens, Clock.systemUTC());
    }

    @Bean
    DevCluster devCluster(DevAgents agents) {
        DevCluster cluster = DevCluster.start();
        cluster.add(agents.all());
        return cluster;
    }

    @Bean
    @Primary
    KubernetesClient devKubernetesClient(DevCluster cluster, WatchThreads threads) {
        return cluster.client(threads);
    }

    @Bean
    DevBanner devBanner(Environment environment) {
        return new DevBanner(System.out, environment.getRequiredProperty("spring.data.redis.port", Integer.class));
    }
}
