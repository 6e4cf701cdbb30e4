package io.smartrouter.pool.redis;

import io.smartrouter.pool.RouterMirror;
import io.smartrouter.pool.StoreUnavailableException;
import io.smartrouter.pool.StoreView;
import io.smartrouter.pool.StoreView.CallLine;
import io.smartrouter.pool.StoreView.PodLine;
import io.smartrouter.pool.StoreView.Policy;
import io.smartrouter.pool.StoreView.PoolLine;
import io.smartrouter.pool.StoreView.WaiterLine;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.core.RedisCallback;
import org.springframework.data.redis.core.ZSetOperations.TypedTuple;

/**
 * One walk over the data set. It begins with the indexes and follows names from record to record until none is new, in
 * pipelines of a bounded size, so that Redis is never held up for long. The two large indexes are read from score to
 * score: what stands in one all the time is seen, whatever comes and goes beside it.
 */
final class StoreLook {
    private static final int PAGE = 200;
    private static final int INDEX_PAGE = 500;
    private static final String MERCHANT_POOL = "merchant:";

    private final RedisCommands redis;
    private final RedisKeys keys;
    private final RouterMirror mirror;
    private final RedisRecords records;

    private final Map<String, CallLine> calls = new TreeMap<>();
    private final Map<String, PodLine> pods = new TreeMap<>();
    private final Map<String, Set<String>> podCalls = new TreeMap<>();
    private final Map<String, Set<String>> merchantCalls = new TreeMap<>();
    private final Map<String, PoolLine> pools = new TreeMap<>();
    private final Map<String, WaiterLine> waiters = new TreeMap<>();
    private final Map<String, Policy> policies = new HashMap<>();
    private final Names sids = new Names();
    private final Names podNames = new Names();
    private final Names poolNames = new Names();
    private final Names merchants = new Names();
    private final Names waitingSids = new Names();
    private List<String> order = List.of();
    private @Nullable Policy ownPools;

    StoreLook(RedisCommands redis, RedisKeys keys, RouterMirror mirror) {
        this.mirror = mirror;
        this.redis = redis;
        this.keys = keys;
        this.records = new RedisRecords(redis, keys);
    }

    StoreView look(Collection<String> morePods) {
        long now = time();
        Map<String, String> epoch =
                redis.read(template -> template.<String, String>opsForHash().entries(keys.epoch()));
        configuration();
        Set<String> there = new TreeSet<>(records.podNames());
        podNames.add(there);
        podNames.add(morePods);
        Map<String, Long> due = index(keys.podsDue());
        podNames.add(due.keySet());
        Map<String, Long> deadlines = index(keys.calls());
        sids.add(deadlines.keySet());
        Map<String, Long> waiting = index(keys.waiting());
        waitingSids.add(waiting.keySet());
        while (sids.hasNew() || podNames.hasNew() || poolNames.hasNew() || merchants.hasNew() || waitingSids.hasNew()) {
            readMerchants(merchants.takeNew());
            readPools(poolNames.takeNew());
            readWaiters(waitingSids.takeNew());
            readCalls(sids.takeNew());
            readPods(podNames.takeNew());
        }
        return new StoreView(
                epoch.getOrDefault("id", ""),
                "open".equals(epoch.get("state")),
                now,
                number(epoch.get("opened_at")),
                calls,
                deadlines,
                pods,
                there,
                due,
                podCalls,
                merchantCalls,
                pools,
                waiters,
                waiting,
                policies,
                order);
    }

    private long time() {
        Long now = redis.read(template -> template.execute(
                (RedisCallback<Long>) connection -> connection.serverCommands().time()));
        if (now == null) {
            throw new StoreUnavailableException("Redis does not say its time");
        }
        return now;
    }

    /** The applied configuration names merchants and pools; its largest field, the source, is not read. */
    private void configuration() {
        Set<Object> fields = redis.read(template -> template.opsForHash().keys(keys.configApplied()));
        List<String> wanted = fields.stream()
                .map(String::valueOf)
                .filter(field -> field.equals("order")
                        || field.equals("chain")
                        || field.startsWith("chain:")
                        || field.startsWith("policy:"))
                .toList();
        fields.stream()
                .map(String::valueOf)
                .filter(field -> field.startsWith("chain:"))
                .forEach(field -> merchants.add(field.substring("chain:".length())));
        for (List<String> some : pages(wanted, INDEX_PAGE)) {
            List<@Nullable String> values =
                    redis.read(template -> template.<String, String>opsForHash().multiGet(keys.configApplied(), some));
            for (int i = 0; i < some.size(); i++) {
                String value = values.get(i);
                if (value != null) {
                    applied(some.get(i), value);
                }
            }
        }
    }

    private void applied(String field, String value) {
        if (!field.startsWith("policy:")) {
            List<String> names = words(value);
            names.forEach(this::pool);
            if (field.equals("order")) {
                order = names;
            }
            return;
        }
        String pool = field.substring("policy:".length());
        List<String> words = words(value);
        Policy policy = new Policy(
                (int) number(words.isEmpty() ? "" : words.get(0)), (int) number(words.size() < 2 ? "" : words.get(1)));
        if (pool.equals(MERCHANT_POOL + "*")) {
            ownPools = policy;
        } else {
            policies.put(pool, policy);
            pool(pool);
        }
    }

    private void pool(String name) {
        if (!name.isEmpty()) {
            poolNames.add(name);
        }
    }

    /** Member → score, from score to score: a page begins where the one before ended. */
    private Map<String, Long> index(String key) {
        Map<String, Long> all = new TreeMap<>();
        double from = Double.NEGATIVE_INFINITY;
        long offset = 0;
        while (true) {
            double least = from;
            long skip = offset;
            Set<TypedTuple<String>> page = redis.read(template -> template.opsForZSet()
                    .rangeByScoreWithScores(key, least, Double.POSITIVE_INFINITY, skip, INDEX_PAGE));
            if (page == null) {
                return all;
            }
            double last = from;
            for (TypedTuple<String> entry : page) {
                Double score = entry.getScore();
                if (entry.getValue() != null && score != null) {
                    all.put(entry.getValue(), score.longValue());
                    last = Math.max(last, score);
                }
            }
            if (page.size() < INDEX_PAGE) {
                return all;
            }
            offset = last > from ? 0 : offset + INDEX_PAGE; // a page of one score alone: on by number
            from = last;
        }
    }

    private void readMerchants(Collection<String> names) {
        paged(
                names,
                (connection, name) -> connection.setCommands().sMembers(bytes(keys.merchantCalls(name))),
                (name, reply) -> {
                    Set<String> members = new TreeSet<>(RedisRecords.strings(reply));
                    merchantCalls.put(name, members);
                    sids.add(members);
                });
    }

    private void readPools(Collection<String> names) {
        Map<String, List<Object>> read = new TreeMap<>();
        for (List<String> some : pages(List.copyOf(names), PAGE)) {
            List<Object> replies = records.pipelined(connection -> {
                for (String name : some) {
                    connection.setCommands().sMembers(bytes(keys.poolPods(name)));
                    connection.zSetCommands().zRange(bytes(keys.poolAvailable(name)), 0, -1);
                    connection.zSetCommands().zRange(bytes(keys.poolProbeFailed(name)), 0, -1);
                    connection.zSetCommands().zRange(bytes(keys.waiting(name)), 0, -1);
                }
            });
            for (int i = 0; i < some.size(); i++) {
                read.put(some.get(i), replies.subList(4 * i, 4 * i + 4));
            }
        }
        read.forEach((name, replies) -> {
            PoolLine pool = new PoolLine(
                    new TreeSet<>(RedisRecords.strings(replies.get(0))),
                    new TreeSet<>(RedisRecords.strings(replies.get(1))),
                    new TreeSet<>(RedisRecords.strings(replies.get(2))),
                    new TreeSet<>(RedisRecords.strings(replies.get(3))));
            pools.put(name, pool);
            podNames.add(pool.pods());
            podNames.add(pool.available());
            podNames.add(pool.probeFailed());
            waitingSids.add(pool.queue());
            if (name.startsWith(MERCHANT_POOL) && ownPools != null) {
                policies.putIfAbsent(name, ownPools);
            }
        });
    }

    private void readWaiters(Collection<String> names) {
        paged(names, (connection, sid) -> connection.hashCommands().hGetAll(bytes(keys.waiter(sid))), (sid, reply) -> {
            Map<String, String> record = RedisRecords.map(reply);
            sids.add(sid);
            if (record.containsKey("arrived")) {
                List<String> queues = words(record.getOrDefault("pools", ""));
                waiters.put(sid, new WaiterLine(sid, record.getOrDefault("arrived", ""), queues));
                queues.forEach(this::pool);
            }
        });
    }

    private void readCalls(Collection<String> names) {
        paged(names, (connection, sid) -> connection.hashCommands().hGetAll(bytes(keys.call(sid))), (sid, reply) -> {
            Map<String, String> record = RedisRecords.map(reply);
            if (!record.containsKey("state")) {
                mirror.call(sid) // its merchant may have no other call, and no configuration
                        .map(copy -> copy.fields().get("merchant"))
                        .ifPresent(merchants::add);
                return;
            }
            CallLine call = new CallLine(
                    sid,
                    record.getOrDefault("state", ""),
                    record.getOrDefault("pod", ""),
                    record.getOrDefault("incarnation", ""),
                    record.getOrDefault("merchant", ""),
                    record.getOrDefault("lease", ""),
                    record.getOrDefault("seq", ""),
                    number(record.get("allocated_at")),
                    number(record.get("connect_by")),
                    number(record.get("heartbeat_at")),
                    record.containsKey("stream_ended_at"));
            calls.put(sid, call);
            if (!call.pod().isEmpty()) {
                podNames.add(call.pod());
            }
            if (!call.merchant().isEmpty()) {
                merchants.add(call.merchant());
            }
        });
    }

    private void readPods(Collection<String> names) {
        for (List<String> some : pages(List.copyOf(names), PAGE)) {
            List<Object> replies = records.pipelined(connection -> {
                for (String name : some) {
                    connection.hashCommands().hGetAll(bytes(keys.pod(name)));
                    connection.setCommands().sMembers(bytes(keys.podCalls(name)));
                }
            });
            for (int i = 0; i < some.size(); i++) {
                Set<String> members = new TreeSet<>(RedisRecords.strings(replies.get(2 * i + 1)));
                podCalls.put(some.get(i), members);
                sids.add(members);
                Map<String, String> record = RedisRecords.map(replies.get(2 * i));
                if (record.containsKey("state")) {
                    pod(some.get(i), record);
                }
            }
        }
    }

    private void pod(String name, Map<String, String> record) {
        PodLine pod = new PodLine(
                name,
                record.getOrDefault("state", ""),
                record.getOrDefault("incarnation", ""),
                record.getOrDefault("version", ""),
                record.getOrDefault("pool", ""),
                record.getOrDefault("wanted", ""),
                record.getOrDefault("moves_to", ""),
                (int) number(record.get("capacity")),
                record.getOrDefault("address", ""),
                record.getOrDefault("kubernetes", ""),
                "1".equals(record.get("drained")),
                number(record.get("probe_failed_until")),
                number(record.get("quarantined_until")),
                record.getOrDefault("seq", ""));
        pods.put(name, pod);
        pool(pod.pool());
        pool(pod.movesTo());
    }

    private void paged(
            Collection<String> names,
            BiConsumer<RedisConnection, String> command,
            BiConsumer<String, @Nullable Object> reply) {
        for (List<String> some : pages(List.copyOf(names), PAGE)) {
            List<Object> replies =
                    records.pipelined(connection -> some.forEach(name -> command.accept(connection, name)));
            for (int i = 0; i < some.size(); i++) {
                reply.accept(some.get(i), replies.get(i));
            }
        }
    }

    private static List<List<String>> pages(List<String> all, int size) {
        List<List<String>> pages = new ArrayList<>();
        for (int i = 0; i < all.size(); i += size) {
            pages.add(all.subList(i, Math.min(all.size(), i + size)));
        }
        return pages;
    }

    private static List<String> words(String text) {
        return Arrays.stream(text.split(" ", -1))
                .filter(word -> !word.isEmpty())
                .collect(Collectors.toList());
    }

    /** A number, or 0 for what is none: a damaged record must not hide the others. */
    private static long number(@Nullable String text) {
        try {
            return text == null || text.isEmpty() ? 0 : Long.parseLong(text);
        } catch (NumberFormatException e) {
            return 0;
        }
    }

    private static byte[] bytes(String text) {
        return RedisRecords.bytes(text);
    }

    /** Names that were met, and those of them that nobody has read yet. */
    private static final class Names {
        private final Set<String> met = new HashSet<>();
        private Set<String> fresh = new TreeSet<>();

        void add(String name) {
            if (met.add(name)) {
                fresh.add(name);
            }
        }

        void add(Collection<String> names) {
            names.forEach(this::add);
        }

        boolean hasNew() {
            return !fresh.isEmpty();
        }

        Set<String> takeNew() {
            Set<String> taken = fresh;
            fresh = new TreeSet<>();
            return taken;
        }
    }
}
