package io.smartrouter.pool.redis;

import io.smartrouter.pool.CallId;
import io.smartrouter.pool.ConfigurationEdit;
import io.smartrouter.pool.PodFacts;
import io.smartrouter.pool.PoolProperties;
import io.smartrouter.pool.SettlementStore;
import io.smartrouter.pool.StoredConfiguration;
import io.smartrouter.pool.Tokens;
import io.smartrouter.pool.redis.RedisCommands.Answer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** The steps of a settlement, each under its token. */
final class RedisSettlementStore implements SettlementStore {
    private static final String DEADLINES_AT_ONCE = "500";
    private static final int PODS_AT_ONCE = 100;

    private final RedisCommands redis;
    private final RedisScripts scripts;
    private final RedisRecords records;
    private final RedisPoolStore store;
    private final Duration quarantine;
    private final String quarantineMs;
    private final Tokens tokens;

    RedisSettlementStore(
            RedisCommands redis,
            RedisScripts scripts,
            RedisKeys keys,
            RedisPoolStore store,
            PoolProperties properties,
            Tokens tokens) {
        this.redis = redis;
        this.scripts = scripts;
        this.records = new RedisRecords(redis, keys);
        this.store = store;
        this.quarantine = properties.settle().quarantine();
        this.quarantineMs = Long.toString(quarantine.toMillis());
        this.tokens = tokens;
    }

    @Override
    public void requireOpen() {
        redis.run(scripts.gate, "");
    }

    @Override
    public Beginning begin(String token) {
        Answer answer = redis.run(scripts.settleBegin, "", token);
        return switch (answer.word()) {
            case "open" -> Beginning.OPEN;
            case "busy" -> Beginning.BUSY;
            case "begun" -> answer.text(1).equals("absent") ? Beginning.BEGUN_EMPTY : Beginning.BEGUN_WITH_RECORDS;
            default -> throw answer.unexpected();
        };
    }

    @Override
    public StoredConfiguration configuration() {
        return records.configuration();
    }

    @Override
    public boolean configure(
            String token, String madeFrom, String revision, ConfigurationEdit edit, Map<String, String> compiled) {
        return store.configure(token, madeFrom, revision, edit, compiled, tokens.next());
    }

    @Override
    public List<CallId> observe(String token, List<PodFacts> pods) {
        List<CallId> lost = new ArrayList<>();
        for (List<PodFacts> some : batches(pods)) {
            Answer answer = redis.run(
                    scripts.settleObserve,
                    token,
                    some.stream()
                            .flatMap(facts -> RedisPoolStore.observed(facts, quarantine))
                            .toArray(String[]::new));
            answer.from(1).stream().map(CallId::new).forEach(lost::add);
        }
        return lost;
    }

    @Override
    public Collection<String> podNames() {
        return records.podNames();
    }

    @Override
    public void settlePods(String token, Collection<String> pods) {
        for (List<String> some : batches(List.copyOf(pods))) {
            redis.run(
                    scripts.settlePods,
                    token,
                    Stream.concat(Stream.of(quarantineMs), some.stream()).toArray(String[]::new));
        }
    }

    private static <T> List<List<T>> batches(List<T> all) {
        return IntStream.range(0, (all.size() + PODS_AT_ONCE - 1) / PODS_AT_ONCE)
                .mapToObj(i -> all.subList(i * PODS_AT_ONCE, Math.min(all.size(), (i + 1) * PODS_AT_ONCE)))
                .toList();
    }

    @Override
    public void deferDeadlines(String token) {
        while (redis.run(scripts.settleDeadlines, token, quarantineMs, DEADLINES_AT_ONCE)
                .is("more")) {
            // the script moves a bounded number at once
        }
    }

    @Override
    public void abandon(String token) {
        store.unlockTask("settle", token);
    }

    @Override
    public void open(String token) {
        redis.run(scripts.settleOpen, token);
    }
}
