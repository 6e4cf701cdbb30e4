package io.smartrouter.reconcile;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import org.springframework.data.redis.core.StringRedisTemplate;

/** Breaks a data set as no transition could. Of each call at most one index is taken away: what none names is lost. */
final class Damage {
    private static final String PREFIX = "voice:";
    private final StringRedisTemplate redis;
    private final RandomGenerator random;
    private final List<String> done = new ArrayList<>();
    private final Set<String> touched = new HashSet<>();
    private final Set<String> ended = new HashSet<>();
    private final List<String> live;
    private final List<String> pods;
    private final List<String> waiting;
    private int ghosts;

    Damage(StringRedisTemplate redis, RandomGenerator random) {
        this.redis = redis;
        this.random = random;
        live = List.copyOf(
                new TreeSet<>(Objects.requireNonNull(redis.opsForZSet().range(PREFIX + "calls", 0, -1))));
        pods = List.copyOf(
                new TreeSet<>(Objects.requireNonNull(redis.opsForSet().members(PREFIX + "pods"))));
        waiting = List.copyOf(
                new TreeSet<>(Objects.requireNonNull(redis.opsForZSet().range(PREFIX + "waiting", 0, -1))));
    }

    List<String> done() {
        return done;
    }

    /** Calls that live on and must. */
    Set<String> spared() {
        Set<String> spared = new TreeSet<>(live);
        spared.removeAll(ended);
        return spared;
    }

    private String any(List<String> of) {
        return of.get(random.nextInt(of.size()));
    }

    private String pool() {
        return random.nextBoolean() ? "gold" : "basic";
    }

    void one() {
        String sid = any(live);
        String pod = any(pods);
        String ghost = "ghost-" + ghosts++;
        boolean first = touched.add(sid);
        switch (random.nextInt(22)) {
            case 0 -> {
                if (first) {
                    redis.opsForZSet().remove(PREFIX + "calls", sid);
                    did("no deadline of " + sid);
                }
            }
            case 1 -> {
                if (first) {
                    redis.opsForSet().remove(PREFIX + "pod:" + field("call:" + sid, "pod") + ":calls", sid);
                    did(sid + " not on its pod");
                }
            }
            case 2 -> {
                String merchant = field("call:" + sid, "merchant");
                if (first && !merchant.isEmpty()) {
                    redis.opsForSet().remove(PREFIX + "merchant:" + merchant + ":calls", sid);
                    did(sid + " not at its merchant");
                }
            }
            case 3 -> {
                redis.opsForSet().add(PREFIX + "pod:" + pod + ":calls", sid);
                did(sid + " also on " + pod);
            }
            case 4 -> {
                redis.opsForSet().add(PREFIX + "pod:" + pod + ":calls", ghost);
                did(ghost + " on " + pod);
            }
            case 5 -> {
                redis.opsForZSet().add(PREFIX + "calls", ghost, 9e12);
                did("a deadline of " + ghost);
            }
            case 6 -> {
                redis.opsForSet().add(PREFIX + "merchant:m1:calls", ghost, "ended");
                did(ghost + " and ended at m1");
            }
            case 7 -> {
                if (first) {
                    redis.delete(PREFIX + "call:" + sid);
                    ended.add(sid);
                    did("no record of " + sid);
                }
            }
            case 8 -> {
                if (first) {
                    redis.opsForHash().put(PREFIX + "call:" + sid, "state", "ended");
                    ended.add(sid);
                    did(sid + " ended in its record alone");
                }
            }
            case 9 -> {
                if (first) {
                    redis.opsForHash().put(PREFIX + "call:" + sid, "incarnation", "0123456789abcdef.0123456789ab");
                    ended.add(sid);
                    did(sid + " of another incarnation");
                }
            }
            case 10 -> {
                redis.opsForSet().remove(PREFIX + "pods", pod);
                did(pod + " not in the set of pods");
            }
            case 11 -> {
                redis.opsForSet().add(PREFIX + "pods", ghost);
                did(ghost + " in the set of pods");
            }
            case 12 -> {
                redis.opsForSet().remove(PREFIX + "pool:" + field("pod:" + pod, "pool") + ":pods", pod);
                did(pod + " not in its pool");
            }
            case 13 -> {
                redis.opsForSet().add(PREFIX + "pool:" + pool() + ":pods", pod);
                did(pod + " in some pool");
            }
            case 14 -> {
                redis.opsForZSet().add(PREFIX + "pool:" + pool() + ":available", pod, 1);
                did(pod + " available somewhere");
            }
            case 15 -> {
                redis.opsForZSet().remove(PREFIX + "pool:" + field("pod:" + pod, "pool") + ":available", pod);
                did(pod + " not available");
            }
            case 16 -> {
                redis.opsForZSet().add(PREFIX + "pool:" + pool() + ":available", ghost, 1);
                did(ghost + " available");
            }
            case 17 -> {
                redis.opsForHash().put(PREFIX + "pod:" + pod, "state", random.nextBoolean() ? "suspect" : "draining");
                did(pod + " in a state of its own");
            }
            case 18 -> {
                redis.delete(PREFIX + "pod:" + pod);
                did("no record of " + pod);
            }
            case 19 -> {
                redis.opsForHash().put(PREFIX + "pod:" + pod, "pool", pool());
                did(pod + " in some pool by its record");
            }
            default -> waiters(ghost);
        }
    }

    private void waiters(String ghost) {
        if (waiting.isEmpty()) {
            return;
        }
        String sid = any(waiting);
        if (!touched.add(sid)) {
            return;
        }
        switch (random.nextInt(4)) {
            case 0 -> {
                redis.opsForZSet().remove(PREFIX + "waiting", sid);
                did(sid + " waits in no index");
            }
            case 1 -> {
                redis.opsForZSet().remove(PREFIX + "waiting:gold", sid);
                did(sid + " not in the queue of gold");
            }
            case 2 -> {
                redis.opsForZSet().add(PREFIX + "waiting:basic", ghost, 1);
                did(ghost + " waits for basic");
            }
            default -> {
                redis.delete(PREFIX + "waiter:" + sid);
                did("no record of " + sid);
            }
        }
    }

    private String field(String key, String field) {
        return Objects.requireNonNullElse(redis.<String, String>opsForHash().get(PREFIX + key, field), "");
    }

    private void did(String what) {
        done.add(what);
    }
}
