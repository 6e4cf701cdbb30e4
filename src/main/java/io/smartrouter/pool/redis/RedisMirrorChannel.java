package io.smartrouter.pool.redis;

import io.smartrouter.pool.MirrorChannel;
import io.smartrouter.pool.StoreUnavailableException;
import java.nio.charset.StandardCharsets;
import java.util.OptionalInt;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.data.redis.connection.RedisConnectionFactory;

/** Publish and subscribe; the driver subscribes again by itself after a connection broke. */
final class RedisMirrorChannel implements MirrorChannel, DisposableBean {
    private static final Logger log = LoggerFactory.getLogger(RedisMirrorChannel.class);

    private final RedisCommands redis;
    private final String channel;
    private final OwnConnection listening;

    RedisMirrorChannel(RedisCommands redis, RedisKeys keys, RedisConnectionFactory connections) {
        this.redis = redis;
        this.channel = keys.mirrorChannel();
        this.listening = new OwnConnection(connections);
    }

    /** Who waits for an answer waits no longer than it would anyway, so a Redis that is away is no reason to fail. */
    @Override
    public OptionalInt say(String message) {
        try {
            Long heard = redis.read(template -> template.convertAndSend(channel, message));
            return heard == null ? OptionalInt.empty() : OptionalInt.of(heard.intValue());
        } catch (StoreUnavailableException e) {
            log.debug("not said on the channel reason=\"{}\"", e.getMessage());
            return OptionalInt.empty();
        }
    }

    @Override
    public synchronized void listen(Consumer<String> to) {
        if (listening.isSubscribed()) {
            return;
        }
        listening.close();
        listening.use(connection -> connection.subscribe(
                (message, pattern) -> to.accept(new String(message.getBody(), StandardCharsets.UTF_8)),
                RedisRecords.bytes(channel)));
    }

    @Override
    public synchronized void destroy() {
        listening.close();
    }
}
