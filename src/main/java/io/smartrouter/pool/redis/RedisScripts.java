package io.smartrouter.pool.redis;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.UnaryOperator;
import org.springframework.data.redis.core.script.DefaultRedisScript;
import org.springframework.data.redis.core.script.RedisScript;

/**
 * The scripts, read once. Each runs by its SHA; where Redis does not know that (a new server, a flush of scripts), it
 * is sent whole once.
 */
final class RedisScripts {
    final RedisScript<List<String>> allocate;
    final RedisScript<List<String>> replace;
    final RedisScript<List<String>> withdraw;
    final RedisScript<List<String>> release;
    final RedisScript<List<String>> heartbeat;
    final RedisScript<List<String>> streamEvent;
    final RedisScript<List<String>> continueCall;
    final RedisScript<List<String>> podObserved;
    final RedisScript<List<String>> podGone;
    final RedisScript<List<String>> podProbed;
    final RedisScript<List<String>> podFree;
    final RedisScript<List<String>> drain;
    final RedisScript<List<String>> place;
    final RedisScript<List<String>> expire;
    final RedisScript<List<String>> configure;
    final RedisScript<List<String>> repair;
    final RedisScript<List<String>> unlock;
    final RedisScript<List<String>> gate;
    final RedisScript<List<String>> settleBegin;
    final RedisScript<List<String>> settlePods;
    final RedisScript<List<String>> settleObserve;
    final RedisScript<List<String>> settleDeadlines;
    final RedisScript<List<String>> settleOpen;
    final RedisScript<List<String>> settleJoin;
    final RedisScript<List<String>> join;
    final RedisScript<List<String>> mirrorRecords;
    final RedisScript<List<String>> mirrorPage;

    private final Prelude prelude;
    private final UnaryOperator<String> change;

    RedisScripts() {
        this(UnaryOperator.identity());
    }

    /**
     * @param change what tests do to each script's whole text: to hold its clock, or to break one of its rules and see
     *     that something notices
     */
    RedisScripts(UnaryOperator<String> change) {
        this.change = change;
        prelude = new Prelude(read("prelude"));
        allocate = script("allocate");
        replace = script("replace");
        withdraw = script("withdraw");
        release = script("release");
        heartbeat = script("heartbeat");
        streamEvent = script("stream_event");
        continueCall = script("continue");
        podObserved = script("pod_observed");
        podGone = script("pod_gone");
        podProbed = script("pod_probed");
        podFree = script("pod_free");
        drain = script("drain");
        place = script("place");
        expire = script("expire");
        configure = script("configure");
        repair = script("repair");
        unlock = new Script(change.apply(read("unlock")));
        gate = script("gate");
        settleBegin = script("settle_begin");
        settlePods = script("settle_pods");
        settleObserve = repeating("settle_observe", "observed", "pod_observed");
        settleDeadlines = script("settle_deadlines");
        settleOpen = script("settle_open");
        settleJoin = script("settle_join");
        join = script("join");
        mirrorRecords = mirroring("mirror_records");
        mirrorPage = mirroring("mirror_page");
    }

    private RedisScript<List<String>> script(String name) {
        return new Script(change.apply(prelude.before(read(name))));
    }

    /** A script that shows records to mirrors. */
    private RedisScript<List<String>> mirroring(String name) {
        return new Script(change.apply(prelude.before(read("mirror") + "\n" + read(name))));
    }

    /** A script that does another one's transition many times: that one's text becomes a function of its ARGV. */
    private RedisScript<List<String>> repeating(String name, String function, String transition) {
        String once = "local function " + function + "(ARGV)\n" + read(transition) + "\nend\n";
        return new Script(change.apply(prelude.before(once + read(name))));
    }

    private static String read(String name) {
        String path = "/redis/" + name + ".lua";
        try (InputStream in = RedisScripts.class.getResourceAsStream(path)) {
            if (in == null) {
                throw new IllegalStateException("missing in the jar: " + path);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A script that answers a list of strings. */
    private static final class Script extends DefaultRedisScript<List<String>> {
        @SuppressWarnings({"unchecked", "rawtypes"}) // a class literal has no type arguments
        Script(String text) {
            super(text, (Class) List.class);
        }
    }
}
