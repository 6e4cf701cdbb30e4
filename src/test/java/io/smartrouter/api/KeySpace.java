package io.smartrouter.api;

import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.codec.ByteArrayCodec;
import io.smartrouter.testing.TestRedis;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;

/** Everything that a Redis holds, byte for byte. */
final class KeySpace implements AutoCloseable {
    private final RedisClient client;
    private final RedisCommands<byte[], byte[]> redis;

    KeySpace(TestRedis server) {
        client = RedisClient.create(RedisURI.create("127.0.0.1", server.port()));
        redis = client.connect(ByteArrayCodec.INSTANCE).sync();
    }

    /** Key → DUMP, and the number of keys. */
    Map<String, String> dump() {
        Map<String, String> all = new TreeMap<>();
        for (byte[] key : redis.keys("*")) {
            all.put(new String(key, StandardCharsets.UTF_8), HexFormat.of().formatHex(redis.dump(key)));
        }
        all.put("DBSIZE", String.valueOf(redis.dbsize()));
        return all;
    }

    RedisCommands<byte[], byte[]> redis() {
        return redis;
    }

    @Override
    public void close() {
        client.shutdown();
    }
}
