package io.smartrouter.bench;

import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.api.StatefulRedisConnection;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.boot.data.redis.autoconfigure.DataRedisProperties;
import org.springframework.context.annotation.Profile;
import org.springframework.stereotype.Component;

/** One connection to the router's Redis with the driver as it comes: each command is sent as soon as it is given. */
@Component
@Profile("bench")
final class PlainRedis implements DisposableBean {
    private static final String SCRIPT = "return 1";

    private final RedisClient client;
    private final StatefulRedisConnection<String, String> connection;
    private final String sha;

    PlainRedis(DataRedisProperties properties) {
        client = RedisClient.create(RedisURI.create(properties.getHost(), properties.getPort()));
        connection = client.connect();
        sha = connection.sync().scriptLoad(SCRIPT);
    }

    /** Runs a script that answers 1, with this key. */
    void ask(String key) {
        connection.sync().<Long>evalsha(sha, ScriptOutputType.INTEGER, key);
    }

    @Override
    public void destroy() {
        connection.close();
        client.shutdown();
    }
}
