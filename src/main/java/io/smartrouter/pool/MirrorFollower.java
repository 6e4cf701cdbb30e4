package io.smartrouter.pool;

import io.smartrouter.pool.MirrorStore.Next;
import io.smartrouter.pool.MirrorStore.Page;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * Keeps this router's mirror in step: a snapshot page by page, then what each transition touched; a new snapshot after a
 * gap, or of a new data set. Where it meets a settlement, it gives the mirror to it; where one went by without it, what
 * the mirror knows joins the new data set late, and ends that it does not know of are asked again. One thread runs it, see {@link #step()}.
 */
@Component
public class MirrorFollower {
    private static final Logger log = LoggerFactory.getLogger(MirrorFollower.class);
    private static final Duration PAUSE = Duration.ofMillis(20);
    /** Under load what happens in this time is read by one question. A single event, after a quiet time, is read at once. */
    private static final Duration GATHER = Duration.ofMillis(10);

    private static final int FAR_BEHIND = 100;

    private final RouterMirror mirror;
    private final MirrorStore store;
    private final MirrorExchange exchange;
    private final DeferredReleases releases;
    private final Ticker ticker;
    private final Duration longestWait;
    private boolean answered;

    MirrorFollower(
            RouterMirror mirror,
            MirrorStore store,
            MirrorExchange exchange,
            DeferredReleases releases,
            Ticker ticker,
            PoolProperties properties) {
        this.mirror = mirror;
        this.store = store;
        this.exchange = exchange;
        this.releases = releases;
        this.ticker = ticker;
        longestWait = properties.redis().commandTimeout().dividedBy(2);
    }

    /** Follows for a while: until there is something, or for less than a command's time-out. */
    public void step() {
        mirror.discardIfOld();
        Duration wait = answered && mirror.isWhole() ? longestWait : Duration.ZERO;
        answered = false;
        try {
            if (mirror.dataSet().isEmpty()) {
                begin();
            }
            answered = follow(wait);
        } catch (UnsettledException e) {
            exchange.contributeToWhatIsUnderWay();
            ticker.pause(PAUSE);
        } catch (StoreUnavailableException e) {
            ticker.pause(PAUSE);
            throw e;
        }
    }

    /** @return whether it came further or is in step; else it asks again at once, on the connection that scripts take */
    private boolean follow(Duration wait) {
        String dataSet = mirror.dataSet();
        long before = mirror.upTo();
        return switch (store.next(dataSet, before, mirror::call, wait)) {
            case Next.Gap gap -> {
                mirror.broke();
                ticker.pause(PAUSE);
                begin();
                yield true;
            }
            case Next.Followed next -> {
                mirror.follow(dataSet, next.upTo(), next.newest(), next.copies());
                boolean isFarBehind = next.newest() - next.upTo() > FAR_BEHIND;
                if (next.upTo() > before && !isFarBehind) {
                    ticker.pause(GATHER);
                }
                yield next.upTo() > before || next.upTo() >= next.newest();
            }
        };
    }

    /**
     * Reads a snapshot. What happens meanwhile is read between its pages, for more may happen during a long one than the
     * store keeps events of; then it would end in a gap, and so would the next. A page that cannot be read is asked for once
     * more, for of the thousands of a long one Redis may well answer one too late.
     */
    private void begin() {
        Page page = store.calls("");
        while (!mirror.isPartOf(page.dataSet())) {
            String joined = page.dataSet();
            exchange.joinLate();
            page = store.calls("");
            if (page.dataSet().equals(joined)) {
                mirror.contributed(joined);
            }
        }
        String dataSet = page.dataSet();
        long upTo = page.seq();
        LeaseMirror snapshot = new LeaseMirror();
        store.pods().forEach(snapshot::put);
        page.copies().forEach(snapshot::put);
        while (!page.cursor().isEmpty()) {
            String cursor = page.cursor();
            page = twice(() -> store.calls(cursor));
            page.copies().forEach(snapshot::put);
            long before = upTo;
            if (!page.dataSet().equals(dataSet)
                    || !(twice(() -> store.next(dataSet, before, snapshot::call, Duration.ZERO))
                            instanceof Next.Followed next)) {
                return; // lost and opened again meanwhile, or events are missing all the same: it begins anew
            }
            next.copies().forEach(snapshot::put);
            upTo = next.upTo();
        }
        List<ReleaseRequest> unknown = mirror.renew(dataSet, upTo, snapshot);
        if (!unknown.isEmpty()) {
            log.warn("ends asked again, the data set takes their calls for live calls={}", unknown.size());
            unknown.forEach(releases::keep);
        }
    }

    private <T> T twice(Supplier<T> question) {
        try {
            return question.get();
        } catch (UnsettledException e) {
            throw e;
        } catch (StoreUnavailableException e) {
            ticker.pause(PAUSE);
            return question.get();
        }
    }
}
