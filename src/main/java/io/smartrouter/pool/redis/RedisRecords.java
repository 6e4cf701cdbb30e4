package io.smartrouter.pool.redis;

import io.smartrouter.pool.Call;
import io.smartrouter.pool.CallId;
import io.smartrouter.pool.CallState;
import io.smartrouter.pool.Incarnation;
import io.smartrouter.pool.Lease;
import io.smartrouter.pool.Pod;
import io.smartrouter.pool.PodFacts;
import io.smartrouter.pool.PodState;
import io.smartrouter.pool.StoreUnavailableException;
import io.smartrouter.pool.StoredConfiguration;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.core.RedisCallback;
import tools.jackson.databind.json.JsonMapper;

/** Reads records as they stand. Many pods are read page by page, so that Redis is never held up for long. */
final class RedisRecords {
    private static final int PAGE = 200;
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final RedisCommands redis;
    private final RedisKeys keys;

    RedisRecords(RedisCommands redis, RedisKeys keys) {
        this.redis = redis;
        this.keys = keys;
    }

    Optional<Call> call(CallId id) {
        Map<String, String> record =
                redis.read(template -> template.<String, String>opsForHash().entries(keys.call(id)));
        String state = record.get("state");
        if (state == null) {
            return Optional.empty();
        }
        String pod = record.get("pod");
        String address = pod == null
                ? null
                : redis.read(template -> Optional.ofNullable(
                                template.<String, String>opsForHash().get(keys.pod(pod), "address")))
                        .orElse(null);
        String incarnation = record.get("incarnation");
        String lease = record.get("lease");
        return Optional.of(whole(() -> new Call(
                id,
                record.get("provider"),
                record.get("account"),
                record.get("merchant"),
                pod,
                incarnation == null ? null : Incarnation.parse(incarnation),
                address,
                record.get("pool"),
                CallState.of(state),
                lease == null ? null : new Lease(lease),
                Long.parseLong(record.getOrDefault("seq", "0")),
                instant(record.get("allocated_at")),
                instant(record.get("connect_by")),
                instant(record.get("connected_at")),
                instant(record.get("ended_at")),
                record.get("end_reason"))));
    }

    Optional<Pod> pod(String name) {
        return page(List.of(name)).stream().findFirst();
    }

    List<Pod> pods() {
        List<String> names = List.copyOf(new TreeSet<>(podNames()));
        List<Pod> pods = new ArrayList<>(names.size());
        for (int i = 0; i < names.size(); i += PAGE) {
            page(names.subList(i, Math.min(names.size(), i + PAGE))).stream()
                    .filter(pod -> pod.state() != PodState.GONE) // went while the pages were read
                    .forEach(pods::add);
        }
        return pods;
    }

    /** Empty where the server does not say it. */
    Optional<String> evictionPolicy() {
        Properties memory = redis.read(template -> template.execute((RedisCallback<Properties>)
                connection -> connection.serverCommands().info("memory")));
        return Optional.ofNullable(memory).map(info -> info.getProperty("maxmemory_policy"));
    }

    Collection<String> podNames() {
        Set<String> names = redis.read(template -> template.opsForSet().members(keys.pods()));
        return names == null ? List.of() : names;
    }

    StoredConfiguration configuration() {
        List<Object> read = pipelined(connection -> {
            // The revision first: a pipeline is no transaction, and what is applied between the reads must not pass for
            // the source that an edit was made from.
            connection.hashCommands().hMGet(bytes(keys.configApplied()), bytes("revision"), bytes("source"));
            connection.stringCommands().get(bytes(keys.tierConfig()));
            connection.hashCommands().hGetAll(bytes(keys.merchantConfig()));
        });
        List<@Nullable String> applied = list(read.get(0));
        return new StoredConfiguration(
                (String) read.get(1),
                map(read.get(2)),
                Objects.requireNonNullElse(applied.get(0), "0"),
                applied.get(1));
    }

    private List<Pod> page(List<String> names) {
        List<Object> read = pipelined(connection -> {
            for (String name : names) {
                connection.hashCommands().hGetAll(bytes(keys.pod(name)));
                connection.setCommands().sMembers(bytes(keys.podCalls(name)));
            }
        });
        List<Pod> pods = new ArrayList<>(names.size());
        for (int i = 0; i < names.size(); i++) {
            Map<String, String> record = map(read.get(2 * i));
            if (record.containsKey("state")) {
                String name = names.get(i);
                Collection<String> calls = strings(read.get(2 * i + 1));
                pods.add(whole(() -> pod(name, record, calls)));
            }
        }
        return pods;
    }

    @SuppressWarnings("NullAway") // the template demands that the callback answers null
    private List<Object> pipelined(Consumer<RedisConnection> commands) {
        return redis.read(template -> template.executePipelined((RedisCallback<Object>) connection -> {
            commands.accept(connection);
            return null;
        }));
    }

    private static Pod pod(String name, Map<String, String> record, Collection<String> calls) {
        return new Pod(
                name,
                Incarnation.parse(record.getOrDefault("incarnation", "")),
                record.getOrDefault("version", "0"),
                record.getOrDefault("pool", ""),
                present(record.get("wanted")),
                present(record.get("moves_to")),
                Integer.parseInt(record.getOrDefault("capacity", "0")),
                record.getOrDefault("address", ""),
                present(record.get("revision")),
                PodFacts.Readiness.valueOf(
                        record.getOrDefault("kubernetes", "deleting").toUpperCase(Locale.ROOT)),
                "1".equals(record.get("drained")),
                instant(record.get("probe_failed_until")),
                instant(record.get("quarantined_until")),
                PodState.of(record.getOrDefault("state", "gone")),
                calls.stream().sorted().map(CallId::new).toList());
    }

    /** Nobody's request is at fault when a record cannot be read: it is the store that cannot answer. */
    static <T> T whole(Supplier<T> read) {
        try {
            return read.get();
        } catch (IllegalArgumentException e) {
            throw new StoreUnavailableException("a record in Redis is malformed: " + e.getMessage(), e);
        }
    }

    /** A time in ms as the records hold it; absent, empty and 0 mean none. */
    static @Nullable Instant instant(@Nullable String ms) {
        return ms == null || ms.isEmpty() || ms.equals("0") ? null : Instant.ofEpochMilli(Long.parseLong(ms));
    }

    /** An absent value is empty in answers of scripts. */
    static @Nullable String present(@Nullable String value) {
        return value == null || value.isEmpty() ? null : value;
    }

    static String json(Map<String, String> object) {
        return JSON.writeValueAsString(object);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @SuppressWarnings("unchecked") // the template's serializers make strings of everything
    private static Map<String, String> map(@Nullable Object reply) {
        return reply == null ? Map.of() : (Map<String, String>) reply;
    }

    @SuppressWarnings("unchecked") // as above
    private static Collection<String> strings(@Nullable Object reply) {
        return reply == null ? List.of() : (Collection<String>) reply;
    }

    @SuppressWarnings("unchecked") // as above
    private static List<@Nullable String> list(Object reply) {
        return (List<@Nullable String>) reply;
    }
}
