package io.smartrouter.faults;

import io.smartrouter.faults.History.Span;
import io.smartrouter.faults.History.ToldOver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Many calls that go on, each on a pod of its own, without a stream: what a loss has to bring back. Their agents say
 * {@code connected}, and then a heartbeat in turns, as many a second as the machine bears beside the load; each agent's next
 * comes well before its third is missed, so that none is asked about.
 */
final class HeldCalls implements AutoCloseable {
    private static final int AT_ONCE = 16;
    private static final Duration PATIENCE = Duration.ofSeconds(25);
    private static final int MOST_HEARTBEATS_PER_SECOND = 250;
    private static final int SECONDS_BETWEEN_HEARTBEATS = 10;
    private static final int LANES = 4;

    private final RouterClient routers;
    private final History history;
    private final int calls;
    private final AtomicInteger begun = new AtomicInteger();
    private final Map<String, String> tokens = new ConcurrentHashMap<>();
    private final Queue<String> beats = new ConcurrentLinkedQueue<>();
    private final AtomicInteger turn = new AtomicInteger();
    private final ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE);
    private final ScheduledExecutorService pulse = Executors.newScheduledThreadPool(LANES);

    /** So many have their pods and are connected. */
    HeldCalls(RouterClient routers, History history, int calls) throws Exception {
        this.routers = routers;
        this.history = history;
        this.calls = calls;
        refill();
        beatInTurns();
    }

    private interface Each {
        void act(String sid) throws InterruptedException;
    }

    /** As many as at the beginning go on again. */
    void refill() throws Exception {
        List<String> sids = new ArrayList<>();
        for (int missing = calls - tokens.size(); missing > 0; missing--) {
            sids.add("held-" + begun.getAndIncrement());
        }
        all(sids, this::begin);
    }

    private void beatInTurns() {
        int perSecond = Math.min(MOST_HEARTBEATS_PER_SECOND, Math.ceilDiv(calls, SECONDS_BETWEEN_HEARTBEATS));
        for (int lane = 0; lane < LANES; lane++) {
            var _ = pulse.scheduleAtFixedRate(this::beat, 0, LANES * 1_000_000L / perSecond, TimeUnit.MICROSECONDS);
        }
    }

    private void begin(String sid) throws InterruptedException {
        String url = routers.allocate(turn.getAndIncrement(), sid);
        for (long until = until(); url == null && System.nanoTime() < until; ) {
            TimeUnit.MILLISECONDS.sleep(50); // as a provider does before it asks again
            url = routers.allocate(turn.getAndIncrement(), sid);
        }
        if (url == null) {
            throw new IllegalStateException("no pod for " + sid);
        }
        String token = url.substring(url.lastIndexOf('/') + 1);
        tokens.put(sid, token);
        beats.add(sid);
        var _ = routers.agent(turn.getAndIncrement(), sid, token, "connected");
    }

    private void beat() {
        String sid = beats.poll();
        String token = sid == null ? null : tokens.get(sid);
        if (sid != null && token != null) {
            beats.add(sid);
            long begunAt = System.nanoTime();
            RouterClient.Reply reply = routers.agent(turn.getAndIncrement(), sid, token, "heartbeat");
            if (Agents.OVER.contains(reply.code())) {
                history.add(
                        new ToldOver(sid, token, new Span(begunAt, System.nanoTime()), reply.code(), reply.router()));
            }
        }
    }

    /** Ends so many of them. */
    void end(int many) throws Exception {
        all(tokens.keySet().stream().limit(many).toList(), this::hangUp);
    }

    /** Ends all that are left. */
    void end() throws Exception {
        end(tokens.size());
    }

    private void hangUp(String sid) throws InterruptedException {
        tokens.remove(sid);
        if (!routers.hangUp(turn::getAndIncrement, sid, PATIENCE)) {
            throw new IllegalStateException("never released " + sid);
        }
    }

    private static long until() {
        return System.nanoTime() + PATIENCE.toNanos();
    }

    private void all(List<String> sids, Each each) throws Exception {
        List<Future<@Nullable Void>> done = new ArrayList<>();
        for (String sid : sids) {
            done.add(threads.submit(() -> {
                each.act(sid);
                return null;
            }));
        }
        for (Future<@Nullable Void> one : done) {
            one.get(5, TimeUnit.MINUTES);
        }
    }

    @Override
    public void close() {
        pulse.shutdownNow();
        threads.shutdownNow();
    }
}
