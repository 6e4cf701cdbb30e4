package io.smartrouter.pool.redis;

import io.lettuce.core.RedisCommandExecutionException;
import io.smartrouter.pool.StoreFaultException;
import io.smartrouter.pool.StoreUnavailableException;
import io.smartrouter.pool.UnsettledException;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.springframework.core.NestedExceptionUtils;
import org.springframework.dao.DataAccessException;
import org.springframework.data.redis.core.StringRedisTemplate;
import org.springframework.data.redis.core.script.RedisScript;

/** Runs scripts and reads, and turns every way in which Redis can fail into one: it cannot answer. */
final class RedisCommands {
    /** Errors that speak of Redis' own state and not of a record; inside a script 6.2 wraps them in other words. */
    private static final Pattern NOT_NOW = Pattern.compile("\\b(OOM|READONLY|LOADING|BUSY|MISCONF|NOREPLICAS|MASTERDOWN"
            + "|CLUSTERDOWN|TRYAGAIN|MOVED|ASK|NOAUTH|NOPERM|WRONGPASS)\\b");

    private final StringRedisTemplate redis;
    private final RedisKeys keys;

    RedisCommands(StringRedisTemplate redis, RedisKeys keys) {
        this.redis = redis;
        this.keys = keys;
    }

    /**
     * Runs a script on the data set.
     *
     * @param script the script
     * @param token a settlement's token, or empty
     * @param args its ARGV from the second on
     * @throws UnsettledException if the gate is shut
     * @throws StoreFaultException if a record that it needs is damaged, or the script failed
     * @throws StoreUnavailableException if Redis cannot answer
     */
    Answer run(RedisScript<List<String>> script, String token, String... args) {
        Object[] all = new Object[args.length + 1];
        all[0] = token;
        System.arraycopy(args, 0, all, 1, args.length);
        Answer answer = new Answer(reply(() -> redis.execute(script, List.of(keys.epoch()), all)));
        if (answer.is("unsettled")) {
            throw new UnsettledException(answer.text(1));
        }
        return answer;
    }

    /** Runs a script that belongs to one key and to no data set. */
    Answer runOn(String key, RedisScript<List<String>> script, String... args) {
        return new Answer(reply(() -> redis.execute(script, List.of(key), (Object[]) args)));
    }

    /** Does a plain read or a plain lock. */
    <T> T read(Function<StringRedisTemplate, T> command) {
        return reply(() -> command.apply(redis));
    }

    private static <T> T reply(Supplier<T> command) {
        try {
            return command.get();
        } catch (DataAccessException | io.lettuce.core.RedisException | IllegalStateException e) {
            Throwable cause = NestedExceptionUtils.getMostSpecificCause(e);
            String said = String.valueOf(cause.getMessage());
            if (cause instanceof RedisCommandExecutionException
                    && !NOT_NOW.matcher(said).find()) {
                throw new StoreFaultException("a record in Redis is damaged, or a script failed: " + said, e);
            }
            throw new StoreUnavailableException("Redis cannot answer: " + said, e);
        }
    }

    /**
     * What a script answered: a word, then values; absent ones are empty.
     *
     * @param parts the answer
     */
    record Answer(List<String> parts) {
        String word() {
            return parts.getFirst();
        }

        boolean is(String word) {
            return word().equals(word);
        }

        String text(int index) {
            return parts.get(index);
        }

        long number(int index) {
            return Long.parseLong(parts.get(index));
        }

        List<String> from(int index) {
            return List.copyOf(parts.subList(Math.min(index, parts.size()), parts.size()));
        }

        IllegalStateException unexpected() {
            return new IllegalStateException("a script answered with an unknown word: " + word());
        }
    }
}
