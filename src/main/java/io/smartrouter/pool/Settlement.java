package io.smartrouter.pool;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * Opens a data set: the first one, and every later one after Redis lost all of it or some (a flush, a restart, a
 * failover). One router does it under a token; the others wait. Until it is open, every script refuses to write.
 *
 * <p>It runs on a thread of its own, once per router at a time: who meets a shut gate begins it or joins it, and waits no
 * longer than its own patience, however long it takes.
 *
 * <p>Which calls were live is not known to the new data set, but to the routers' mirrors, which join it. If none of them
 * is whole, every pod waits out a quarantine, unless its agent says that it is free; a heartbeat with a genuine token
 * brings its call back. A settlement that dies in the middle is
 * taken over when its lock expires: repeating each of its steps does no harm.
 */
@Component
public class Settlement {
    private static final Logger log = LoggerFactory.getLogger(Settlement.class);
    private static final Duration POLL = Duration.ofMillis(20);

    private final SettlementStore store;
    private final PodSource pods;
    private final MirrorGathering mirrors;
    private final ConfigurationSource configuration;
    private final PoolProperties properties;
    private final Tokens tokens;
    private final Ticker ticker;
    private final AtomicReference<@Nullable CompletableFuture<Boolean>> underWay = new AtomicReference<>();
    private final AtomicLong opened = new AtomicLong();

    Settlement(
            SettlementStore store,
            PodSource pods,
            MirrorGathering mirrors,
            ConfigurationSource configuration,
            PoolProperties properties,
            Tokens tokens,
            Ticker ticker) {
        this.store = store;
        this.pods = pods;
        this.mirrors = mirrors;
        this.configuration = configuration;
        this.properties = properties;
        this.tokens = tokens;
        this.ticker = ticker;
    }

    /**
     * Does a step; if the gate is shut, has the data set settled, and does it again.
     *
     * @throws UnsettledException if the gate is still shut after {@code router.settle.patience}
     */
    <T> T around(Supplier<T> step) {
        long begun = ticker.nanos();
        boolean again = false;
        while (true) {
            try {
                return step.get();
            } catch (UnsettledException e) {
                CompletableFuture<Boolean> settling = join();
                Duration left = properties.settle().patience().minus(ticker.since(begun));
                if (left.isNegative()) {
                    throw e;
                }
                // A gate that is shut again though it was just open must not be run against without a pause.
                if (!isOpenWithin(left, settling) || again) {
                    ticker.pause(POLL);
                }
                again = true;
            }
        }
    }

    /**
     * Settles the data set if its gate is shut and nobody else does; waits for it to the end.
     *
     * @return whether the gate was open at the end
     */
    public boolean settle() {
        try {
            return join().get();
        } catch (InterruptedException e) {
            throw interrupted(e);
        } catch (ExecutionException e) {
            throw failed(e);
        }
    }

    private static boolean isOpenWithin(Duration time, CompletableFuture<Boolean> settling) {
        try {
            return settling.get(time.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            return false;
        } catch (InterruptedException e) {
            throw interrupted(e);
        } catch (ExecutionException e) {
            throw failed(e);
        }
    }

    private static StoreUnavailableException interrupted(InterruptedException e) {
        Thread.currentThread().interrupt();
        return new StoreUnavailableException("interrupted while the data set is settled", e);
    }

    private static StoreUnavailableException failed(ExecutionException e) {
        Throwable cause = e.getCause() == null ? e : e.getCause();
        return new StoreUnavailableException(String.valueOf(cause.getMessage()), cause);
    }

    /** The settlement that this router is at; begins one if there is none. */
    private CompletableFuture<Boolean> join() {
        CompletableFuture<Boolean> mine = new CompletableFuture<>();
        CompletableFuture<Boolean> other = underWay.compareAndExchange(null, mine);
        if (other != null) {
            return other;
        }
        Thread.ofVirtual().name("settlement").start(() -> {
            try {
                boolean open = settleOnce();
                underWay.set(null); // who asks from now on has met a gate that was shut after this
                mine.complete(open);
            } catch (RuntimeException | Error e) {
                log.warn("settlement failed reason=\"{}\"", e.getMessage());
                underWay.set(null);
                mine.completeExceptionally(e);
            }
        });
        return mine;
    }

    private boolean settleOnce() {
        if (!pods.isComplete()) {
            return false; // without the pods it would open empty; a router that knows them may settle
        }
        String token = tokens.next();
        try {
            return switch (store.begin(token)) {
                case OPEN -> true;
                case BUSY -> false;
                case BEGUN_EMPTY -> settle(token, "empty");
                case BEGUN_WITH_RECORDS -> settle(token, "with records");
            };
        } catch (UnsettledException e) {
            return false; // another router took over, or Redis lost its data once more
        } catch (StoreUnavailableException e) {
            abandon(token);
            throw e;
        }
    }

    private void abandon(String token) {
        try {
            store.abandon(token);
        } catch (StoreUnavailableException e) {
            log.warn("settlement left, its lock expires by itself");
        }
    }

    private boolean settle(String token, String found) {
        long begun = ticker.nanos();
        configuration.restore(token);
        // Pods come first, so that each joined call finds its own. Nothing is offered while the gate is shut, so
        // whether
        // they wait in quarantine is said last, when it is known whether a whole mirror was joined.
        List<PodFacts> seen = pods.pods();
        List<CallId> lost = store.observe(token, seen);
        lost.forEach(call -> log.warn("call lost sid={} while the data set was settled", call));
        mirrors.gather(token);
        Collection<String> known = new TreeSet<>(store.podNames());
        store.settlePods(token, known);
        Duration quarantine = properties.settle().quarantine();
        if (!quarantine.isZero()) {
            store.deferDeadlines(token);
        }
        store.open(token);
        opened.incrementAndGet();
        log.warn(
                "data set opened found={} known_pods={} watched_pods={} lost_calls={} took_ms={} quarantine_ms={}",
                found,
                known.size(),
                seen.size(),
                lost.size(),
                ticker.since(begun).toMillis(),
                quarantine.toMillis());
        return true;
    }

    /** How many data sets this router opened since its start. */
    public long opened() {
        return opened.get();
    }
}
