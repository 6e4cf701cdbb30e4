package io.smartrouter.pool.redis;

import io.smartrouter.pool.Copy;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.springframework.data.redis.connection.DataType;
import org.springframework.data.redis.core.StringRedisTemplate;
import org.springframework.data.redis.core.script.DefaultRedisScript;

/**
 * Everything under a prefix at one moment, read by one script: the tests' own eyes, which share no code with the store.
 *
 * @param strings string keys
 * @param hashes hash keys
 * @param sets set keys
 * @param scores sorted sets, member to score
 */
record RedisDump(
        Map<String, String> strings,
        Map<String, Map<String, String>> hashes,
        Map<String, Set<String>> sets,
        Map<String, Map<String, Double>> scores) {
    private static final DefaultRedisScript<List<Object>> DUMP = script();

    @SuppressWarnings({"unchecked", "rawtypes"})
    private static DefaultRedisScript<List<Object>> script() {
        return new DefaultRedisScript<>("""
            local answer = {}
            for _, key in ipairs(redis.call('KEYS', ARGV[1] .. ':*')) do
              local type = redis.call('TYPE', key).ok
              local value
              if type == 'string' then value = { redis.call('GET', key) }
              elseif type == 'hash' then value = redis.call('HGETALL', key)
              elseif type == 'set' then value = redis.call('SMEMBERS', key)
              elseif type == 'zset' then value = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
              else value = {} end
              answer[#answer + 1] = key
              answer[#answer + 1] = type
              answer[#answer + 1] = value
            end
            return answer
            """, (Class) List.class);
    }

    @SuppressWarnings("unchecked")
    static RedisDump of(StringRedisTemplate redis, String prefix) {
        RedisDump dump = new RedisDump(new TreeMap<>(), new TreeMap<>(), new TreeMap<>(), new TreeMap<>());
        List<Object> answer = Objects.requireNonNull(redis.execute(DUMP, List.of(prefix + ":epoch"), prefix));
        for (int i = 0; i < answer.size(); i += 3) {
            dump.put((String) answer.get(i), DataType.fromCode((String) answer.get(i + 1)), (List<String>)
                    answer.get(i + 2));
        }
        return dump;
    }

    /** A call's record as a mirror holds it: with its deadline, and without what the agent's next word brings back. */
    Copy call(String prefix, String sid) {
        Map<String, String> record = new HashMap<>(Objects.requireNonNull(hashes.get(prefix + ":call:" + sid)));
        record.remove("heartbeat_at");
        Double deadline = scores.getOrDefault(prefix + ":calls", Map.of()).get(sid);
        if (deadline != null) {
            record.put("deadline", Long.toString(deadline.longValue()));
        }
        return new Copy(Copy.Kind.CALL, sid, record);
    }

    private void put(String key, DataType type, List<String> value) {
        switch (type) {
            case STRING -> strings.put(key, value.getFirst());
            case SET -> sets.put(key, new TreeSet<>(value));
            case HASH -> {
                Map<String, String> hash = new TreeMap<>();
                for (int i = 0; i < value.size(); i += 2) {
                    hash.put(value.get(i), value.get(i + 1));
                }
                hashes.put(key, hash);
            }
            case ZSET -> {
                Map<String, Double> members = new TreeMap<>();
                for (int i = 0; i < value.size(); i += 2) {
                    members.put(value.get(i), Double.valueOf(value.get(i + 1)));
                }
                scores.put(key, members);
            }
            case STREAM -> {}
            default -> throw new AssertionError("a key of an unknown type: " + key);
        }
    }

    Set<String> set(String key) {
        return sets.getOrDefault(key, Set.of());
    }

    Map<String, Double> zset(String key) {
        return scores.getOrDefault(key, Map.of());
    }

    /** Names of keys that begin and end so, without both. */
    Set<String> names(Map<String, ?> of, String begin, String end) {
        Set<String> names = new HashSet<>();
        for (String key : of.keySet()) {
            if (key.startsWith(begin) && key.endsWith(end) && key.length() > begin.length() + end.length()) {
                names.add(key.substring(begin.length(), key.length() - end.length()));
            }
        }
        return names;
    }
}
