package io.smartrouter.pool.redis;

import io.smartrouter.pool.MirrorChannel;
import io.smartrouter.pool.StoreUnavailableException;
import java.nio.charset.StandardCharsets;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.data.redis.connection.RedisConnectionFactory;

/**
 * Publish and subscribe. The driver subscribes again by itself after a connection broke; where one is silent, as nothing
 * need ever be said on it, a router notices by its own words, which do not come back.
 */
final class RedisMirrorChannel implements MirrorChannel, DisposableBean {
    private static final Logger log = LoggerFactory.getLogger(RedisMirrorChannel.class);

    private static final int MOST_UNHEARD = 4;

    private final RedisCommands redis;
    private final String channel;
    private final OwnConnection listening;
    private final AtomicInteger unheard = new AtomicInteger(); // words of this router since it heard any

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
            unheard.incrementAndGet();
            return heard == null ? OptionalInt.empty() : OptionalInt.of(heard.intValue());
        } catch (StoreUnavailableException e) {
            log.debug("not said on the channel reason=\"{}\"", e.getMessage());
            return OptionalInt.empty();
        }
    }

    @Override
    public synchronized void listen(Consumer<String> to) {
        if (listening.isSubscribed() && unheard.get() <= MOST_UNHEARD) {
            return;
        }
        listening.close();
        unheard.set(0);
        listening.use(connection -> connection.subscribe(
                (message, pattern) -> {
                    unheard.set(0);
                    to.accept(new String(message.getBody(), StandardCharsets.UTF_8));
                },
                RedisRecords.bytes(channel)));
    }

    @Override
    public synchronized void destroy() {
        listening.close();
    }
}
