package io.smartrouter.pool.redis;

import io.smartrouter.pool.Batches;
import io.smartrouter.pool.Copy;
import io.smartrouter.pool.MirrorStore;
import io.smartrouter.pool.PoolProperties;
import io.smartrouter.pool.redis.RedisCommands.Answer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.stream.ReadOffset;
import org.springframework.data.redis.connection.stream.StreamOffset;
import org.springframework.data.redis.connection.stream.StreamReadOptions;

/** Mirrors on Redis. Waiting for events blocks a connection of its own; everything else is a script. */
final class RedisMirrorStore implements MirrorStore, DisposableBean {
    private static final String CALLS_AT_ONCE = "200";
    private static final String SEQS_AT_ONCE = "1000";
    private static final String RECORDS_AT_ONCE = "200";
    private static final int PAGE_HEAD = 4;

    private final RedisCommands redis;
    private final RedisScripts scripts;
    private final RedisKeys keys;
    private final RedisRecords records;
    private final PoolProperties properties;
    private final OwnConnection waiting; // one thread follows

    RedisMirrorStore(
            RedisCommands redis,
            RedisScripts scripts,
            RedisKeys keys,
            PoolProperties properties,
            RedisConnectionFactory connections) {
        this.redis = redis;
        this.scripts = scripts;
        this.keys = keys;
        this.records = new RedisRecords(redis, keys);
        this.properties = properties;
        this.waiting = new OwnConnection(connections);
    }

    @Override
    public Page calls(String cursor) {
        return page(redis.run(scripts.mirrorPage, "", "calls", cursor, CALLS_AT_ONCE));
    }

    @Override
    public Page liveSeqs(String token, String cursor) {
        return page(redis.run(scripts.mirrorPage, token, "live", cursor, SEQS_AT_ONCE));
    }

    @Override
    public List<Copy> pods() {
        return Batches.each(List.copyOf(records.podNames()), this::somePods).stream()
                .flatMap(List::stream)
                .toList();
    }

    private List<Copy> somePods(List<String> names) {
        String[] args = Stream.concat(Stream.of("pods"), names.stream()).toArray(String[]::new);
        return page(redis.run(scripts.mirrorPage, "", args)).copies();
    }

    private static Page page(Answer answer) {
        return new Page(answer.text(1), answer.number(2), answer.text(3), copies(answer, PAGE_HEAD));
    }

    @Override
    public Next next(String dataSet, long seq) {
        Answer answer = redis.run(scripts.mirrorNext, "", dataSet, Long.toString(seq), RECORDS_AT_ONCE);
        return switch (answer.word()) {
            case "gap" -> new Next.Gap();
            case "done" -> new Next.Followed(answer.number(1), true, copies(answer, 2));
            case "more" -> new Next.Followed(answer.number(1), false, copies(answer, 2));
            default -> throw answer.unexpected();
        };
    }

    private static List<Copy> copies(Answer answer, int from) {
        List<Copy> copies = new ArrayList<>();
        int at = from;
        while (at < answer.parts().size()) {
            int values = (int) answer.number(at + 2);
            Map<String, String> fields = new HashMap<>();
            for (int i = at + 3; i < at + 3 + values; i += 2) {
                fields.put(answer.text(i), answer.text(i + 1));
            }
            Copy.Kind kind = Copy.Kind.valueOf(answer.text(at).toUpperCase(Locale.ROOT));
            copies.add(new Copy(kind, answer.text(at + 1), fields));
            at += 3 + values;
        }
        return copies;
    }

    @Override
    @SuppressWarnings("unchecked") // one stream, of byte arrays
    public void awaitAfter(long seq) {
        Duration half = properties.redis().commandTimeout().dividedBy(2);
        waiting.use(connection -> connection
                .streamCommands()
                .xRead(
                        StreamReadOptions.empty().count(1).block(half),
                        StreamOffset.create(RedisRecords.bytes(keys.events()), ReadOffset.from(seq + "-0"))));
    }

    @Override
    public void beginJoining(String token) {
        redis.run(scripts.settleJoin, token);
    }

    @Override
    public Optional<String> settling() {
        List<Object> epoch = redis.read(
                template -> template.opsForHash().multiGet(keys.epoch(), List.of("state", "token", "joining")));
        return "settling".equals(epoch.get(0)) && "1".equals(epoch.get(2))
                ? Optional.of(String.valueOf(epoch.get(1)))
                : Optional.empty();
    }

    @Override
    public Joined join(String token, List<Copy> copies, OptionalLong wholeUpTo) {
        List<String> args = new ArrayList<>();
        args.add(wholeUpTo.isPresent() ? Long.toString(wholeUpTo.getAsLong()) : "");
        args.add(Long.toString(properties.call().maxLength().toMillis()));
        for (Copy copy : copies) {
            args.add(copy.kind().name().toLowerCase(Locale.ROOT));
            args.add(copy.name());
            Map<String, String> fields = copy.fields();
            args.add(Integer.toString(fields.size() * 2));
            fields.forEach((field, value) -> {
                args.add(field);
                args.add(value);
            });
        }
        Answer answer = redis.run(scripts.join, token, args.toArray(String[]::new));
        return new Joined((int) answer.number(1), (int) answer.number(2));
    }

    @Override
    public void destroy() {
        waiting.close();
    }
}
