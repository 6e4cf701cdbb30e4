package io.smartrouter.pool.redis;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.SocketOptions;
import io.lettuce.core.TimeoutOptions;
import io.smartrouter.InvalidSettingException;
import io.smartrouter.pool.PoolProperties;
import io.smartrouter.pool.SettlementStore;
import io.smartrouter.pool.Tokens;
import org.springframework.boot.data.redis.autoconfigure.LettuceClientConfigurationBuilderCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.data.redis.core.StringRedisTemplate;

/** Puts the store together on Spring's connection to Redis. */
@Configuration(proxyBeanMethods = false)
class RedisConfiguration {
    /** A command gives up in time, and at once where there is no connection: a caller waits in silence. */
    @Bean
    LettuceClientConfigurationBuilderCustomizer boundedCommands(PoolProperties properties) {
        var timeout = properties.redis().commandTimeout();
        return builder -> builder.commandTimeout(timeout)
                .clientOptions(ClientOptions.builder()
                        .disconnectedBehavior(ClientOptions.DisconnectedBehavior.REJECT_COMMANDS)
                        .timeoutOptions(TimeoutOptions.enabled(timeout))
                        .socketOptions(
                                SocketOptions.builder().connectTimeout(timeout).build())
                        .build());
    }

    @Bean
    RedisKeys redisKeys(PoolProperties properties, RedisConnectionFactory connections) {
        String prefix = properties.redis().keyPrefix();
        if (connections instanceof LettuceConnectionFactory lettuce
                && lettuce.isClusterAware()
                && !prefix.startsWith("{")) {
            throw new InvalidSettingException(
                    "router.redis.key-prefix", "must be a hash tag in a Redis Cluster: write \"{" + prefix + "}\"");
        }
        return new RedisKeys(prefix);
    }

    @Bean
    RedisScripts redisScripts() {
        return new RedisScripts();
    }

    @Bean
    RedisCommands redisCommands(StringRedisTemplate redis, RedisKeys keys) {
        return new RedisCommands(redis, keys);
    }

    @Bean
    RedisPoolStore poolStore(RedisCommands redis, RedisScripts scripts, RedisKeys keys, PoolProperties properties) {
        return new RedisPoolStore(redis, scripts, keys, properties);
    }

    @Bean
    SettlementStore settlementStore(
            RedisCommands redis,
            RedisScripts scripts,
            RedisKeys keys,
            RedisPoolStore store,
            PoolProperties properties,
            Tokens tokens) {
        return new RedisSettlementStore(redis, scripts, keys, store, properties, tokens);
    }
}
