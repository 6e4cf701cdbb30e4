package io.smartrouter.pool.redis;

import io.smartrouter.pool.StoreUnavailableException;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisConnectionFactory;

/**
 * A connection of its own, for what blocks it or subscribes on it: opened at its first use, and dropped when one fails.
 * One thread uses it at a time.
 */
final class OwnConnection implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(OwnConnection.class);

    private final RedisConnectionFactory connections;
    private @Nullable RedisConnection open;

    OwnConnection(RedisConnectionFactory connections) {
        this.connections = connections;
    }

    /** @throws StoreUnavailableException if Redis cannot answer */
    void use(Consumer<RedisConnection> what) {
        ask(connection -> {
            what.accept(connection);
            return true;
        });
    }

    /** @throws StoreUnavailableException if Redis cannot answer */
    <T> T ask(Function<RedisConnection, T> what) {
        try {
            if (open == null) {
                open = connections.getConnection();
            }
            return what.apply(open);
        } catch (DataAccessException | io.lettuce.core.RedisException | IllegalStateException e) {
            close();
            throw new StoreUnavailableException("Redis cannot answer: " + e.getMessage(), e);
        }
    }

    boolean isSubscribed() {
        return open != null && open.isSubscribed();
    }

    @Override
    public void close() {
        RedisConnection closing = open;
        open = null;
        if (closing != null) {
            try {
                closing.close();
            } catch (DataAccessException | io.lettuce.core.RedisException | IllegalStateException e) {
                log.debug("connection closed with a fault reason=\"{}\"", e.getMessage()); // it was broken
            }
        }
    }
}
