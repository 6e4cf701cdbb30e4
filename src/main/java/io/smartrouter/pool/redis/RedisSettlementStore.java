package io.smartrouter.pool.redis;

import io.smartrouter.pool.ConfigurationEdit;
import io.smartrouter.pool.PodFacts;
import io.smartrouter.pool.PoolProperties;
import io.smartrouter.pool.SettlementStore;
import io.smartrouter.pool.StoredConfiguration;
import io.smartrouter.pool.Tokens;
import io.smartrouter.pool.redis.RedisCommands.Answer;
import java.util.Collection;
import java.util.Map;
import java.util.stream.Stream;

/** The steps of a settlement, each under its token. */
final class RedisSettlementStore implements SettlementStore {
    private static final String DEADLINES_AT_ONCE = "500";

    private final RedisCommands redis;
    private final RedisScripts scripts;
    private final RedisRecords records;
    private final RedisPoolStore store;
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
        this.quarantineMs = Long.toString(properties.settle().quarantine().toMillis());
        this.tokens = tokens;
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
    public boolean configure(String token, String madeFrom, ConfigurationEdit edit, Map<String, String> compiled) {
        return store.configure(token, madeFrom, edit, compiled);
    }

    @Override
    public void observe(String token, PodFacts facts) {
        store.observe(token, facts);
    }

    @Override
    public Collection<String> podNames() {
        return records.podNames();
    }

    @Override
    public void quarantine(String token, Collection<String> pods) {
        redis.run(
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
        redis.run(scripts.settleOpen, token, tokens.next());
    }
}
