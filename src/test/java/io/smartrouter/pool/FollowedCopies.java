package io.smartrouter.pool;

import io.smartrouter.pool.MirrorStore.Next;
import io.smartrouter.pool.MirrorStore.Page;
import java.time.Duration;
import java.util.Optional;

/** What a router knows that only follows: no outcome of its own, and a snapshot where events are missing. */
public final class FollowedCopies {
    private final MirrorStore store;
    private LeaseMirror copies = new LeaseMirror();
    private String dataSet = "";
    private long begun;
    private long upTo;

    /** Over a store; nothing is asked yet. */
    public FollowedCopies(MirrorStore store) {
        this.store = store;
    }

    /** Follows as far as there is something. */
    public void follow() {
        boolean isAll = false;
        while (!isAll) {
            if (store.next(dataSet, upTo, copies::call, Duration.ZERO) instanceof Next.Followed next) {
                next.copies().forEach(copies::put);
                upTo = next.upTo();
                isAll = upTo == next.newest();
            } else {
                begin();
            }
        }
    }

    private void begin() {
        copies = new LeaseMirror();
        Page page = store.calls("");
        dataSet = page.dataSet();
        begun = page.seq();
        upTo = begun;
        page.copies().forEach(copies::put);
        while (!page.cursor().isEmpty()) {
            page = store.calls(page.cursor());
            page.copies().forEach(copies::put);
        }
    }

    /** How what is known of a call differs from its record; ends from before the snapshot are not in it. */
    public Optional<String> difference(Copy record) {
        Optional<Copy> known = copies.call(record.name());
        boolean mayBeUnknown = !record.isLive() && record.seq() <= begun;
        return known.map(record::equals).orElse(mayBeUnknown)
                ? Optional.empty()
                : Optional.of("record " + record + ", mirror "
                        + known.map(Copy::toString).orElse("nothing"));
    }
}
