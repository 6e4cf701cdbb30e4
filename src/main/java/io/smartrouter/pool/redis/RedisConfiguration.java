package io.smartrouter.pool.redis;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.SocketOptions;
import io.lettuce.core.resource.Delay;
import io.lettuce.core.resource.NettyCustomizer;
import io.netty.channel.Channel;
import io.netty.handler.flush.FlushConsolidationHandler;
import io.smartrouter.InvalidSettingException;
import io.smartrouter.pool.MirrorChannel;
import io.smartrouter.pool.MirrorStore;
import io.smartrouter.pool.PoolProperties;
import io.smartrouter.pool.ReconcileStore;
import io.smartrouter.pool.RouterMirror;
import io.smartrouter.pool.SettlementStore;
import io.smartrouter.pool.Tokens;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.springframework.boot.data.redis.autoconfigure.ClientResourcesBuilderCustomizer;
import org.springframework.boot.data.redis.autoconfigure.LettuceClientConfigurationBuilderCustomizer;
import org.springframework.boot.data.redis.autoconfigure.LettuceClientOptionsBuilderCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.data.redis.core.StringRedisTemplate;

/** Puts the store together on Spring's connection to Redis. */
@Configuration(proxyBeanMethods = false)
class RedisConfiguration {
    private static final Duration LONGEST_RECONNECT_DELAY = Duration.ofMillis(200);
    private static final int MISSED_COMMANDS = 10;

    /** A command gives up in time: a caller waits in silence. */
    @Bean
    LettuceClientConfigurationBuilderCustomizer boundedCommands(PoolProperties properties) {
        return builder -> builder.commandTimeout(properties.redis().commandTimeout());
    }

    /**
     * At once where there is no connection, and connecting takes no longer than a command. This goes on top of the
     * options that Spring made of its own settings, TLS and a Cluster's topology among them, and replaces none of them.
     */
    @Bean
    LettuceClientOptionsBuilderCustomizer boundedConnections(PoolProperties properties) {
        SocketOptions sockets = SocketOptions.builder()
                .connectTimeout(properties.redis().commandTimeout())
                .build();
        return builder -> builder.disconnectedBehavior(ClientOptions.DisconnectedBehavior.REJECT_COMMANDS)
                .socketOptions(sockets);
    }

    /**
     * All routers are back within the time in which a settlement waits for their mirrors, however long Redis was away. The
     * driver's own pauses between attempts grow to half a minute, in which a router that lost its connection would miss a
     * Redis that the others use again. Chance divides the attempts, so that many routers make no wave of them.
     */
    @Bean
    ClientResourcesBuilderCustomizer reconnectedSoon() {
        return builder -> builder.reconnectDelay(
                Delay.fullJitter(Duration.ofMillis(10), LONGEST_RECONNECT_DELAY, 10, TimeUnit.MILLISECONDS));
    }

    /**
     * A connection on which an answer is owed for ten commands' time is ended. And what concurrent requests ask leaves
     * together: a write to the socket costs more than the command in it. A command that is alone waits for nobody, since
     * the event loop flushes as soon as it has nothing else to write.
     */
    @Bean
    ClientResourcesBuilderCustomizer watchedAndFlushedTogether(PoolProperties properties) {
        Duration silence = properties.redis().commandTimeout().multipliedBy(MISSED_COMMANDS);
        return builder -> builder.nettyCustomizer(new NettyCustomizer() {
            @Override
            public void afterChannelInitialized(Channel channel) {
                channel.pipeline()
                        .addFirst(
                                new AnswerWatch(silence),
                                new FlushConsolidationHandler(
                                        FlushConsolidationHandler.DEFAULT_EXPLICIT_FLUSH_AFTER_FLUSHES, true));
            }
        });
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
        redis.setExposeConnection(true); // nobody here closes it; else each command would make a proxy that forbids it
        return new RedisCommands(redis, keys);
    }

    @Bean
    RedisPoolStore poolStore(
            RedisCommands redis, RedisScripts scripts, RedisKeys keys, PoolProperties properties, RouterMirror mirror) {
        return new RedisPoolStore(redis, scripts, keys, properties, mirror);
    }

    @Bean
    MirrorStore mirrorStore(
            RedisCommands redis,
            RedisScripts scripts,
            RedisKeys keys,
            PoolProperties properties,
            RedisConnectionFactory connections) {
        return new RedisMirrorStore(redis, scripts, keys, properties, connections);
    }

    @Bean
    MirrorChannel mirrorChannel(RedisCommands redis, RedisKeys keys, RedisConnectionFactory connections) {
        return new RedisMirrorChannel(redis, keys, connections);
    }

    @Bean
    ReconcileStore reconcileStore(
            RedisCommands redis, RedisScripts scripts, RedisKeys keys, PoolProperties properties, RouterMirror mirror) {
        return new RedisReconcileStore(redis, scripts, keys, properties, mirror);
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
