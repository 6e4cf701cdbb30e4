package io.smartrouter.pool.redis;

import io.smartrouter.pool.Batches;
import io.smartrouter.pool.CallId;
import io.smartrouter.pool.ConfigurationEdit;
import io.smartrouter.pool.PodFacts;
import io.smartrouter.pool.PoolProperties;
import io.smartrouter.pool.SettlementStore;
import io.smartrouter.pool.StoredConfiguration;
import io.smartrouter.pool.Tokens;
import io.smartrouter.pool.redis.RedisCommands.Answer;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The steps of a settlement, each under its token. */
final class RedisSettlementStore implements SettlementStore {
    private static final String DEADLINES_AT_ONCE = "500";

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
        return Batches.each(pods, some -> observeSome(token, some)).stream()
                .flatMap(List::stream)
                .map(CallId::new)
                .toList();
    }

    private List<String> observeSome(String token, List<PodFacts> pods) {
        return redis.run(
                        scripts.settleObserve,
                        token,
                        pods.stream()
                                .flatMap(facts -> RedisPoolStore.observed(facts, quarantine))
                                .toArray(String[]::new))
                .from(1);
    }

    @Override
    public Collection<String> podNames() {
        return records.podNames();
    }

    @Override
    public void settlePods(String token, Collection<String> pods) {
        Batches.each(List.copyOf(pods), some -> settleSome(token, some));
    }

    private Answer settleSome(String token, List<String> pods) {
        return redis.run(
                scripts.settlePods,
                token,
                Stream.concat(Stream.of(quarantineMs), pods.stream()).toArray(String[]::new));
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
