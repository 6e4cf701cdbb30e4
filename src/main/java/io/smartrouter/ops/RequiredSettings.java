package io.smartrouter.ops;

import io.smartrouter.InvalidSettingException;
import java.util.List;
import org.springframework.beans.factory.config.BeanFactoryPostProcessor;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;

/** Settings whose default would be wrong in silence, asked for before any bean is made. */
@Configuration(proxyBeanMethods = false)
class RequiredSettings {
    private static final List<String> REDIS = List.of(
            "spring.data.redis.url",
            "spring.data.redis.host",
            "spring.data.redis.sentinel.master",
            "spring.data.redis.cluster.nodes",
            "spring.data.redis.cluster.nodes[0]",
            "spring.data.redis.masterreplica.nodes",
            "spring.data.redis.masterreplica.nodes[0]");

    /** Spring's own default is localhost: a router in a cluster would wait for a Redis that nobody meant. */
    @Bean
    static BeanFactoryPostProcessor redisIsNamed(Environment environment) {
        return beans -> {
            if (REDIS.stream().noneMatch(name -> isSet(environment, name))) {
                throw new InvalidSettingException(
                        "spring.data.redis.host",
                        "is not set; name the Redis to use with it, or with spring.data.redis.url, .sentinel.master and"
                                + " .sentinel.nodes, or .cluster.nodes (to try the router without any: mvn"
                                + " spring-boot:run)");
            }
        };
    }

    private static boolean isSet(Environment environment, String name) {
        String value = environment.getProperty(name);
        return value != null && !value.isBlank();
    }
}
