package io.smartrouter.pool.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.smartrouter.pool.CallId;
import io.smartrouter.pool.MerchantPolicy;
import io.smartrouter.pool.ProbeResult;
import io.smartrouter.testing.TestRedis;
import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Holds the table of keys in docs/redis.md against the code, and against what really stands in Redis. */
class RedisDocsIT {
    private static final Pattern ROW = Pattern.compile("^\\| `voice:([^`]+)` \\| (\\w+) \\|.*");
    private static final Pattern LUA =
            Pattern.compile("prefix \\.\\. '([^']+)'(?: \\.\\. \\w+(?: \\.\\. '([^']+)')?)?");

    @Test
    void theTableHasTheKeysOfRedisKeysAndNoOthers() throws Exception {
        TreeSet<String> made = new TreeSet<>();
        RedisKeys keys = new RedisKeys("voice");
        for (Method method : RedisKeys.class.getDeclaredMethods()) {
            if (method.getReturnType() == String.class
                    && method.getParameterCount() <= 1
                    && !method.getName().equals("toString")
                    && !method.getName().equals("prefix")) {
                Object[] name = Arrays.stream(method.getParameterTypes())
                        .map(type -> type == CallId.class ? new CallId("NAME") : "NAME")
                        .toArray();
                made.add(((String) Objects.requireNonNull(method.invoke(keys, name))).replace("NAME", "<>"));
            }
        }
        assertThat(shapes()).isEqualTo(made);
    }

    @Test
    void theScriptsMakeNoOtherKeys() throws IOException {
        TreeSet<String> made = new TreeSet<>();
        try (var scripts = Files.list(Path.of("src/main/resources/redis"))) {
            for (Path script : scripts.toList()) {
                var key = LUA.matcher(Files.readString(script));
                while (key.find()) {
                    String end = key.group(2) == null ? "" : key.group(2);
                    made.add("voice:" + key.group(1) + (key.group(1).endsWith(":") ? "<>" : "") + end);
                }
            }
        }
        made.remove("voice:lock:task:settle");
        assertThat(shapes()).containsAll(made);
        assertThat(made).hasSizeGreaterThan(12);
    }

    @Test
    void whatStandsInRedisIsInTheTableWithItsType() throws IOException {
        try (TestRedis redis = TestRedis.start();
                StoreFixture store = new StoreFixture(redis, Map.of("router.settle.quarantine", "0s"))) {
            store.cluster(CorePods.pods(4));
            store.pool().configurations().poll();
            store.pool().configurations().putMerchant("m1", new MerchantPolicy("default", "acme", null, null));
            store.pool().configurations().putNumber("+14155550100", "m1");
            CorePods.allocate(store, "a", "m1");
            CorePods.allocate(store, "b", null);
            CorePods.release(store, "b");
            store.store().probed("voice-agent-3", CorePods.pod(3).incarnation(), ProbeResult.SILENT);
            store.store().lockTask("placement", "token", java.time.Duration.ofMinutes(1));
            RedisDump dump = RedisDump.of(store.template(), "voice");
            Map<String, String> types = new TreeMap<>();
            dump.strings().keySet().forEach(key -> types.put(key, "string"));
            dump.hashes().keySet().forEach(key -> types.put(key, "hash"));
            dump.sets().keySet().forEach(key -> types.put(key, "set"));
            dump.scores().keySet().forEach(key -> types.put(key, "zset"));

            assertThat(types).hasSizeGreaterThan(12);
            types.forEach((key, type) -> assertThat(documented()).as(key).anySatisfy((shape, documentedType) -> {
                assertThat(key).matches(shape.replace("<>", "[^:]+"));
                assertThat(documentedType).isEqualTo(type);
            }));
        }
    }

    private static java.util.Set<String> shapes() {
        return new TreeSet<>(documented().keySet());
    }

    private static Map<String, String> documented() {
        Map<String, String> rows = new TreeMap<>();
        try {
            for (String line : Files.readAllLines(Path.of("docs/redis.md"))) {
                var row = ROW.matcher(line);
                if (row.matches()) {
                    rows.put("voice:" + row.group(1).replaceAll("<[^>]*>", "<>"), row.group(2));
                }
            }
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
        return rows;
    }
}
