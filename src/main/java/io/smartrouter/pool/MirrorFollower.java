package io.smartrouter.pool;

import io.smartrouter.pool.MirrorStore.Next;
import io.smartrouter.pool.MirrorStore.Page;
import java.time.Duration;
import java.util.List;
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
    /** From so many on there is no need to wait for more. */
    private static final int MANY = 100;

    private final RouterMirror mirror;
    private final MirrorStore store;
    private final MirrorExchange exchange;
    private final DeferredReleases releases;
    private final Ticker ticker;
    private final Duration atMost;

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
        atMost = properties.redis().commandTimeout().dividedBy(2);
    }

    /** Follows for a while: until there is something, or for less than a command's time-out. */
    public void step() {
        mirror.discardIfOld();
        try {
            if (mirror.dataSet().isEmpty()) {
                begin();
            }
            follow();
        } catch (UnsettledException e) {
            exchange.contributeToWhatIsUnderWay();
            ticker.pause(PAUSE);
        } catch (StoreUnavailableException e) {
            ticker.pause(PAUSE);
            throw e;
        }
    }

    private void follow() {
        Duration wait = mirror.isWhole() ? atMost : Duration.ZERO;
        switch (store.next(mirror.dataSet(), mirror.upTo(), mirror::call, wait)) {
            case Next.Gap gap -> {
                mirror.broke();
                begin();
            }
            case Next.Followed next -> {
                boolean some = next.upTo() > mirror.upTo();
                mirror.follow(next.upTo(), next.newest(), next.copies());
                if (some && next.newest() - next.upTo() < MANY) {
                    ticker.pause(GATHER);
                }
            }
        }
    }

    /**
     * Reads a snapshot. What happens meanwhile is read between its pages, for more may happen during a long one than the
     * store keeps events of; then it would end in a gap, and so would the next.
     */
    private void begin() {
        Page page = store.calls("");
        if (!mirror.isPartOf(page.dataSet())) {
            exchange.joinLate();
            page = store.calls("");
        }
        String dataSet = page.dataSet();
        long upTo = page.seq();
        LeaseMirror snapshot = new LeaseMirror();
        store.pods().forEach(snapshot::put);
        page.copies().forEach(snapshot::put);
        while (!page.cursor().isEmpty()) {
            page = store.calls(page.cursor());
            page.copies().forEach(snapshot::put);
            if (!page.dataSet().equals(dataSet)
                    || !(store.next(dataSet, upTo, snapshot::call, Duration.ZERO) instanceof Next.Followed next)) {
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
}
