package io.smartrouter.pool.redis;

import io.smartrouter.pool.Call;
import io.smartrouter.pool.CallId;
import io.smartrouter.pool.CallState;
import io.smartrouter.pool.Incarnation;
import io.smartrouter.pool.Lease;
import io.smartrouter.pool.Pod;
import io.smartrouter.pool.PodFacts;
import io.smartrouter.pool.PodState;
import io.smartrouter.pool.StoreFaultException;
import io.smartrouter.pool.StoredConfiguration;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.core.Cursor;
import org.springframework.data.redis.core.RedisCallback;
import org.springframework.data.redis.core.ScanOptions;
import tools.jackson.databind.json.JsonMapper;

/** Reads records as they stand. Many pods are read page by page, so that Redis is never held up for long. */
final class RedisRecords {
    private static final String POLICY = "maxmemory_policy";
    private static final Logger log = LoggerFactory.getLogger(RedisRecords.class);
    private static final int PAGE = 200;
    private static final int NUMBERS_AT_ONCE = 1_000;
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final RedisCommands redis;
    private final RedisKeys keys;

    RedisRecords(RedisCommands redis, RedisKeys keys) {
        this.redis = redis;
        this.keys = keys;
    }

    Optional<Call> call(CallId name) {
        CallId id = name;
        Map<String, String> record = record(id);
        if (record.isEmpty()) { // it may be named by the request that began it
            Optional<CallId> begun = begunBy(name);
            if (begun.isPresent()) {
                id = begun.get();
                record = record(id);
            }
        }
        return call(id, record);
    }

    private Map<String, String> record(CallId id) {
        return redis.read(template -> template.<String, String>opsForHash().entries(keys.call(id)));
    }

    private Optional<CallId> begunBy(CallId request) {
        return redis.read(template -> Optional.ofNullable(template.opsForValue().get(keys.request(request.value()))))
                .map(sid -> whole(() -> new CallId(sid)));
    }

    private Optional<Call> call(CallId id, Map<String, String> record) {
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
                record.get("end_reason"),
                Integer.parseInt(record.getOrDefault("continues", "0")))));
    }

    Optional<Pod> pod(String name) {
        return page(List.of(name)).stream().findFirst();
    }

    List<Pod> pods() {
        List<String> names = List.copyOf(new TreeSet<>(podNames()));
        List<Pod> pods = new ArrayList<>(names.size());
        for (int i = 0; i < names.size(); i += PAGE) {
            readable(names.subList(i, Math.min(names.size(), i + PAGE))).stream()
                    .filter(pod -> pod.state() != PodState.GONE) // went while the pages were read
                    .forEach(pods::add);
        }
        return pods;
    }

    /** One damaged record must not hide the others: it is passed over, and said. */
    private List<Pod> readable(List<String> names) {
        try {
            return page(names);
        } catch (StoreFaultException e) {
            if (names.size() == 1) {
                log.error("pod record is damaged pod={} problem=\"{}\"", names.getFirst(), e.getMessage());
                return List.of();
            }
            return names.stream()
                    .flatMap(name -> readable(List.of(name)).stream())
                    .toList();
        }
    }

    /** Empty where the server does not say it. A Cluster answers for each node: what is worst of them counts. */
    Optional<String> evictionPolicy() {
        Properties memory = redis.read(template -> template.execute((RedisCallback<Properties>)
                connection -> connection.serverCommands().info("memory")));
        return Optional.ofNullable(memory).flatMap(RedisRecords::evictionPolicy);
    }

    static Optional<String> evictionPolicy(Properties memory) {
        return memory.stringPropertyNames().stream()
                .filter(field -> field.equals(POLICY) || field.endsWith("." + POLICY))
                .map(memory::getProperty)
                .max(Comparator.comparing(policy -> !policy.equals("noeviction")));
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
            connection.hashCommands().hMGet(bytes(keys.epoch()), bytes("id"));
        });
        List<@Nullable String> applied = list(read.get(0));
        return new StoredConfiguration(
                (String) read.get(1),
                map(read.get(2)),
                numbers(),
                Objects.requireNonNullElse(applied.get(0), "0"),
                applied.get(1),
                Objects.requireNonNullElse(list(read.get(3)).getFirst(), ""));
    }

    /**
     * All numbers, of which there may be a hundred thousand, page by page. What changes while they are read may be seen
     * or not: an edit made from it is refused, for the revision was read before, and an edit by hand is seen with the
     * next look.
     */
    private Map<String, String> numbers() {
        return redis.read(template -> {
            Map<String, String> numbers = new HashMap<>();
            try (Cursor<Map.Entry<String, String>> pages = template.<String, String>opsForHash()
                    .scan(
                            keys.numberConfig(),
                            ScanOptions.scanOptions().count(NUMBERS_AT_ONCE).build())) {
                pages.forEachRemaining(entry -> numbers.put(entry.getKey(), entry.getValue()));
            }
            return numbers;
        });
    }

    private List<Pod> page(List<String> names) {
        List<Object> read = pipelined(connection -> {
            for (String name : names) {
                connection.hashCommands().hGetAll(bytes(keys.pod(name)));
                connection.setCommands().sCard(bytes(keys.podCalls(name)));
            }
        });
        List<Pod> pods = new ArrayList<>(names.size());
        for (int i = 0; i < names.size(); i++) {
            Map<String, String> record = map(read.get(2 * i));
            if (record.containsKey("state")) {
                String name = names.get(i);
                int calls = Math.toIntExact((Long) read.get(2 * i + 1));
                pods.add(whole(() -> pod(name, record, calls)));
            }
        }
        return pods;
    }

    Map<String, List<CallId>> callsOn(List<String> pods) {
        List<Object> read = pipelined(
                connection -> pods.forEach(pod -> connection.setCommands().sMembers(bytes(keys.podCalls(pod)))));
        Map<String, List<CallId>> calls = new HashMap<>();
        for (int i = 0; i < pods.size(); i++) {
            Collection<String> sids = strings(read.get(i));
            calls.put(
                    pods.get(i),
                    whole(() -> sids.stream().sorted().map(CallId::new).toList()));
        }
        return calls;
    }

    @SuppressWarnings("NullAway") // the template demands that the callback answers null
    List<Object> pipelined(Consumer<RedisConnection> commands) {
        return redis.read(template -> template.executePipelined((RedisCallback<Object>) connection -> {
            commands.accept(connection);
            return null;
        }));
    }

    private static Pod pod(String name, Map<String, String> record, int calls) {
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
                calls);
    }

    /** Nobody's request is at fault when a record cannot be read: it is the store that cannot answer. */
    static <T> T whole(Supplier<T> read) {
        try {
            return read.get();
        } catch (IllegalArgumentException e) {
            throw new StoreFaultException("a record in Redis is malformed: " + e.getMessage(), e);
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

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @SuppressWarnings("unchecked") // the template's serializers make strings of everything
    static Map<String, String> map(@Nullable Object reply) {
        return reply == null ? Map.of() : (Map<String, String>) reply;
    }

    @SuppressWarnings("unchecked") // as above
    static Collection<String> strings(@Nullable Object reply) {
        return reply == null ? List.of() : (Collection<String>) reply;
    }

    @SuppressWarnings("unchecked") // as above
    private static List<@Nullable String> list(Object reply) {
        return (List<@Nullable String>) reply;
    }
}
