package io.smartrouter.pool.redis;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.data.redis.core.StringRedisTemplate;

/** A tests' look at a whole data set from outside, whoever writes it. */
public final class DataSet implements AutoCloseable {
    private static final String PREFIX = "voice";

    private final LettuceConnectionFactory connections;
    private final StringRedisTemplate template;

    /** Looks at the server on this port. */
    public DataSet(int port) {
        connections = new LettuceConnectionFactory("127.0.0.1", port);
        connections.afterPropertiesSet();
        connections.start();
        template = new StringRedisTemplate(connections);
    }

    /** DESIGN's invariants that do not hold now. */
    public List<String> violations() {
        return Invariants.violations(dump(), PREFIX);
    }

    /** Locks of calls that are held now. */
    public Set<String> locks() {
        RedisDump dump = dump();
        return dump.names(dump.strings(), PREFIX + ":lock:call:", "");
    }

    /** Live sids by the pod that holds them. */
    public Map<String, Set<String>> callsByPod() {
        RedisDump dump = dump();
        Map<String, Set<String>> calls = new TreeMap<>();
        for (String pod : dump.set(PREFIX + ":pods")) {
            calls.put(pod, dump.set(PREFIX + ":pod:" + pod + ":calls"));
        }
        return calls;
    }

    /** All live sids, by the index alone: cheap beside many tombstones. */
    public Set<String> liveCalls() {
        return Objects.requireNonNull(template.opsForZSet().range(PREFIX + ":calls", 0, -1));
    }

    /** A merchant's live sids, as cheap as they are few. */
    public Set<String> liveCalls(String merchant) {
        return Objects.requireNonNull(template.opsForSet().members(PREFIX + ":merchant:" + merchant + ":calls"));
    }

    /** Names of hashes that begin so, without that: sids after {@code call:}, for instance. */
    public Set<String> hashes(String begin) {
        RedisDump dump = dump();
        return new TreeSet<>(dump.names(dump.hashes(), PREFIX + ":" + begin, ""));
    }

    /** One call's record. */
    public Map<String, String> call(String sid) {
        return dump().hashes().getOrDefault(PREFIX + ":call:" + sid, Map.of());
    }

    /** Names of pods by their state. */
    public Set<String> available() {
        RedisDump dump = dump();
        Set<String> names = new TreeSet<>();
        for (String pool : dump.names(dump.scores(), PREFIX + ":pool:", ":available")) {
            names.addAll(dump.zset(PREFIX + ":pool:" + pool + ":available").keySet());
        }
        return names;
    }

    private RedisDump dump() {
        return RedisDump.of(template, PREFIX);
    }

    @Override
    public void close() {
        connections.destroy();
    }
}
