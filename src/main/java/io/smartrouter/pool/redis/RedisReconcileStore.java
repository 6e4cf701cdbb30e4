package io.smartrouter.pool.redis;

import io.smartrouter.pool.PoolProperties;
import io.smartrouter.pool.ReconcileStore;
import io.smartrouter.pool.Repair;
import io.smartrouter.pool.Repair.Evidence;
import io.smartrouter.pool.RouterMirror;
import io.smartrouter.pool.StoreView;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/** Looks with {@link StoreLook}, and mends with one script. */
final class RedisReconcileStore implements ReconcileStore {
    private final RedisCommands redis;
    private final RedisScripts scripts;
    private final RedisKeys keys;
    private final PoolProperties properties;
    private final RouterMirror mirror;

    RedisReconcileStore(
            RedisCommands redis, RedisScripts scripts, RedisKeys keys, PoolProperties properties, RouterMirror mirror) {
        this.redis = redis;
        this.scripts = scripts;
        this.keys = keys;
        this.properties = properties;
        this.mirror = mirror;
    }

    @Override
    public StoreView look(Collection<String> pods) {
        return new StoreLook(redis, keys, mirror).look(pods);
    }

    @Override
    public Outcome mend(String lock, Repair repair) {
        Evidence seen = repair.evidence();
        List<String> args = new ArrayList<>(List.of(
                lock,
                what(repair.kind()),
                repair.name(),
                seen.seq(),
                seen.lease(),
                seen.incarnation(),
                seen.version(),
                Long.toString(properties.call().maxLength().toMillis()),
                Long.toString(properties.settle().quarantine().toMillis()),
                Long.toString(properties.call().streamGrace().toMillis()),
                repair.pool() == null ? "" : repair.pool(),
                repair.proven() ? "1" : "0"));
        repair.places().pods().forEach(pod -> args.addAll(List.of("pod", pod)));
        repair.places().merchants().forEach(merchant -> args.addAll(List.of("merchant", merchant)));
        repair.places().pools().forEach(pool -> args.addAll(List.of("pool", pool)));
        var answer = redis.run(scripts.repair, "", args.toArray(String[]::new));
        return switch (answer.word()) {
            case "mended" -> Outcome.MENDED;
            case "nothing" -> Outcome.NOTHING;
            case "changed" -> Outcome.CHANGED;
            case "not_ours" -> Outcome.NOT_OURS;
            default -> throw answer.unexpected();
        };
    }

    private static String what(Repair.Kind kind) {
        return switch (kind) {
            case CALL_INDEXES, CALL_DEADLINE -> "call";
            case CALL_LOST -> "lost";
            case CALL_DENIED -> "denied";
            case POD_INDEXES, POD_STATE, POD_POOL -> "pod";
            case WAITER -> "waiter";
        };
    }
}
