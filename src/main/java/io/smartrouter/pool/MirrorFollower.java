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

    private final RouterMirror mirror;
    private final MirrorStore store;
    private final MirrorExchange exchange;
    private final DeferredReleases releases;
    private final Ticker ticker;

    MirrorFollower(
            RouterMirror mirror, MirrorStore store, MirrorExchange exchange, DeferredReleases releases, Ticker ticker) {
        this.mirror = mirror;
        this.store = store;
        this.exchange = exchange;
        this.releases = releases;
        this.ticker = ticker;
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
        switch (store.next(mirror.dataSet(), mirror.upTo())) {
            case Next.Gap gap -> {
                mirror.broke();
                begin();
            }
            case Next.Followed next -> {
                mirror.follow(next.upTo(), next.copies(), next.isAll());
                if (next.isAll()) {
                    store.awaitAfter(next.upTo());
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
            if (!page.dataSet().equals(dataSet) || !(store.next(dataSet, upTo) instanceof Next.Followed next)) {
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
