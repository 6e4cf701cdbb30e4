package io.smartrouter.webhook.hostile;

import io.lettuce.core.Range;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.sync.RedisCommands;
import io.smartrouter.testing.TestRedis;
import java.util.List;

/** Everything that a Redis holds, as text. */
final class RedisText {
    private RedisText() {}

    static String of(TestRedis server) {
        try (RedisClient client = RedisClient.create(RedisURI.create("127.0.0.1", server.port()))) {
            RedisCommands<String, String> redis = client.connect().sync();
            List<String> all = redis.keys("*").stream()
                    .map(key -> key + " " + value(redis, key))
                    .toList();
            return String.join("\n", all);
        }
    }

    private static Object value(RedisCommands<String, String> redis, String key) {
        String type = redis.type(key);
        return switch (type) {
            case "string" -> String.valueOf(redis.get(key));
            case "hash" -> redis.hgetall(key);
            case "set" -> redis.smembers(key);
            case "zset" -> redis.zrange(key, 0, -1);
            case "stream" -> redis.xrange(key, Range.unbounded());
            default -> throw new AssertionError("a key of an unknown type: " + key + " " + type);
        };
    }
}
