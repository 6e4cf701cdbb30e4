package io.smartrouter.pool;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * Opens a data set: the first one, and every later one after Redis lost all of it or some (a flush, a restart, a
 * failover). One router does it under a token; the others wait. Until it is open, every script refuses to write.
 *
 * <p>Which calls were live is not known to the new data set. So every pod waits out a quarantine, unless its agent says
 * that it is free; a heartbeat with a genuine token brings its call back. A settlement that dies in the middle is
 * taken over when its lock expires: repeating each of its steps does no harm.
 */
@Component
public class Settlement {
    private static final Logger log = LoggerFactory.getLogger(Settlement.class);
    private static final int BATCH = 100;
    private static final Duration POLL = Duration.ofMillis(20);

    private final SettlementStore store;
    private final PodSource pods;
    private final ConfigurationSource configuration;
    private final PoolProperties properties;
    private final Tokens tokens;
    private final Ticker ticker;
    private final AtomicLong opened = new AtomicLong();

    Settlement(
            SettlementStore store,
            PodSource pods,
            ConfigurationSource configuration,
            PoolProperties properties,
            Tokens tokens,
            Ticker ticker) {
        this.store = store;
        this.pods = pods;
        this.configuration = configuration;
        this.properties = properties;
        this.tokens = tokens;
        this.ticker = ticker;
    }

    /** Does a step; if the gate is shut, settles or waits for who does, bounded, and does it again. */
    <T> T around(Supplier<T> step) {
        long begun = ticker.nanos();
        while (true) {
            try {
                return step.get();
            } catch (UnsettledException e) {
                if (!settle()) {
                    if (ticker.since(begun).compareTo(properties.settle().patience()) > 0) {
                        throw e;
                    }
                    ticker.pause(POLL);
                }
            }
        }
    }

    /**
     * Settles the data set if its gate is shut and nobody else does.
     *
     * @return whether the gate was open at the end
     */
    public boolean settle() {
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
            return false; // another router took over; its settlement counts
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
        // First those that the data set knows, for no event may make one of them available before its quarantine is
        // set; then those that the watch knows, which quarantines what is new by itself.
        Collection<String> known = store.podNames();
        Duration quarantine = properties.settle().quarantine();
        if (!quarantine.isZero()) {
            for (List<String> batch : batches(List.copyOf(new TreeSet<>(known)))) {
                store.quarantine(token, batch);
            }
            store.deferDeadlines(token);
        }
        List<PodFacts> seen = pods.pods();
        seen.forEach(facts -> store.observe(token, facts));
        store.open(token);
        opened.incrementAndGet();
        log.warn(
                "data set opened found={} known_pods={} watched_pods={} took_ms={} quarantine_ms={}",
                found,
                known.size(),
                seen.size(),
                ticker.since(begun).toMillis(),
                quarantine.toMillis());
        return true;
    }

    /** How many data sets this router opened since its start. */
    public long opened() {
        return opened.get();
    }

    private static List<List<String>> batches(List<String> all) {
        return java.util.stream.IntStream.range(0, (all.size() + BATCH - 1) / BATCH)
                .mapToObj(i -> all.subList(i * BATCH, Math.min(all.size(), (i + 1) * BATCH)))
                .toList();
    }
}
