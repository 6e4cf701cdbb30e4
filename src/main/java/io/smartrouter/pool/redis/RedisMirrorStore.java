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
import java.util.function.Function;
import java.util.stream.Stream;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.stream.ByteRecord;
import org.springframework.data.redis.connection.stream.ReadOffset;
import org.springframework.data.redis.connection.stream.StreamOffset;
import org.springframework.data.redis.connection.stream.StreamReadOptions;

/**
 * Mirrors on Redis. Events are read plainly, and waited for on a connection of its own; everything else is a script.
 */
final class RedisMirrorStore implements MirrorStore, DisposableBean {
    private static final String CALLS_AT_ONCE = "200";
    private static final String SEQS_AT_ONCE = "1000";
    private static final int RECORDS_AT_ONCE = 200;
    private static final int EVENTS_AT_ONCE = 200;
    private static final int PAGE_HEAD = 4;
    private static final int RECORDS_HEAD = 3;

    private final RedisCommands redis;
    private final RedisScripts scripts;
    private final RedisKeys keys;
    private final RedisRecords records;
    private final PoolProperties properties;
    private final OwnConnection following; // one thread follows

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
        this.following = new OwnConnection(connections);
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

    /**
     * Events first, plainly, then the question whether this is still the data set that they are of, and whether it has the
     * last of them: a connection that breaks may have led to another primary in between. Where the gate is shut, that is
     * what is said, whatever the events look like.
     */
    @Override
    public Next next(String dataSet, long seq, Function<String, Optional<Copy>> known, Duration atMost) {
        long upTo = seq;
        boolean hole = false;
        TouchedRecords touched = new TouchedRecords(known);
        for (ByteRecord event : events(seq, atMost)) {
            hole = !event.getId().getValue().equals(upTo + 1 + "-0");
            if (hole || touched.unread() >= RECORDS_AT_ONCE) {
                break; // one event may name all calls of a pod
            }
            upTo++;
            touched.add(upTo, event.getValue());
        }
        List<Copy> copies = new ArrayList<>(touched.told());
        long newest = 0;
        for (List<String> records : touched.toRead(RECORDS_AT_ONCE)) {
            String[] args = Stream.concat(Stream.of(dataSet, Long.toString(upTo)), records.stream())
                    .toArray(String[]::new);
            Answer answer = redis.run(scripts.mirrorRecords, "", args);
            if (hole || answer.is("gap")) {
                return new Next.Gap();
            }
            int from = RECORDS_HEAD + (int) answer.number(2);
            if (upTo > seq && !touched.last().equals(answer.parts().subList(RECORDS_HEAD, from))) {
                return new Next.Gap();
            }
            newest = answer.number(1);
            copies.addAll(copies(answer, from));
        }
        if (upTo == seq && upTo < newest && !atMost.isZero()) {
            following.close(); // it may still lead to a primary that nobody else asks any more
        }
        return new Next.Followed(upTo, newest, copies);
    }

    @SuppressWarnings("unchecked") // one stream, of byte arrays
    private List<ByteRecord> events(long after, Duration atMost) {
        StreamReadOptions options = StreamReadOptions.empty().count(EVENTS_AT_ONCE);
        StreamOffset<byte[]> from =
                StreamOffset.create(RedisRecords.bytes(keys.events()), ReadOffset.from(after + "-0"));
        return following.ask(connection ->
                connection.streamCommands().xRead(atMost.isZero() ? options : options.block(atMost), from));
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
        following.close();
    }
}
