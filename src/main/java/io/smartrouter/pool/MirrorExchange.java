package io.smartrouter.pool;

import io.smartrouter.pool.MirrorStore.Joined;
import io.smartrouter.pool.MirrorStore.Page;
import io.smartrouter.pool.RouterMirror.HandedOver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * Brings the routers' mirrors into a data set that is being settled. Who settles says so on the channel and joins its own
 * mirror; each router that hears it, or meets the shut gate, joins its own under the same token, and says that it has.
 * Whoever comes too late joins after the opening.
 */
@Component
public class MirrorExchange implements MirrorGathering {
    private static final Logger log = LoggerFactory.getLogger(MirrorExchange.class);
    private static final Duration LONGEST_WAIT = Duration.ofMillis(300);
    private static final Duration SAY_AGAIN = Duration.ofMillis(50);

    private final RouterMirror mirror;
    private final MirrorStore store;
    private final MirrorChannel channel;
    private final Ticker ticker;
    private final String self;
    private final Roster roster;
    private final AtomicLong taken = new AtomicLong();
    private final AtomicLong overbooked = new AtomicLong();
    private final Object contributing = new Object();
    private volatile @Nullable Gathering gathering;

    MirrorExchange(RouterMirror mirror, MirrorStore store, MirrorChannel channel, Ticker ticker, Tokens tokens) {
        this.mirror = mirror;
        this.store = store;
        this.channel = channel;
        this.ticker = ticker;
        self = tokens.next();
        roster = new Roster(self);
    }

    /** Listens, and says that this router is there; every few seconds. */
    public void hello() {
        channel.listen(this::heard);
        say("hello " + self);
    }

    private void say(String message) {
        var _ = channel.say(message);
    }

    private void heard(String message) {
        String[] words = message.split(" ", 3);
        switch (words[0]) {
            case "hello" -> {
                if (words[1].equals(self)) {
                    roster.heardItself();
                } else if (isNew(words[1])) { // and need not know of this one
                    Thread.ofVirtual().name("greet").start(() -> say("here " + self));
                }
            }
            case "here" -> isNew(words[1]);
            case "settle" -> Thread.ofVirtual().name("join-mirror").start(() -> contributeAndSay(words[1]));
            case "joined" -> {
                Gathering now = gathering;
                if (now != null && now.token().equals(words[1])) {
                    now.joined(words[2]);
                }
            }
            default -> log.debug("unknown word on the channel word={}", words[0]);
        }
    }

    /** It said that it is there; returns whether nothing was known of it. */
    private boolean isNew(String router) {
        boolean isNew = roster.heard(router);
        Gathering now = gathering;
        if (isNew && now != null) {
            now.met(router);
        }
        return isNew;
    }

    @Override
    public void gather(String token) {
        Gathering now = new Gathering(token, roster.others());
        gathering = now;
        try {
            listenIfPossible();
            store.beginJoining(token);
            announce(now);
            contribute(token);
            // Only then, for others have as many copies, and Redis takes them in turns.
            long begun = ticker.nanos();
            while (!now.isCompleteWithin(SAY_AGAIN)) {
                if (ticker.since(begun).compareTo(LONGEST_WAIT) > 0) {
                    log.warn("settling without the mirrors of some routers {}", now);
                    return;
                }
                announce(now); // the connections on which they listen come back when they can
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoreUnavailableException("interrupted while mirrors are joined", e);
        } finally {
            gathering = null;
        }
    }

    private void announce(Gathering now) {
        channel.say("settle " + now.token()).ifPresent(now::announced);
    }

    /** So that it hears what it will wait for; where it cannot, it waits as long as it may. */
    private void listenIfPossible() {
        try {
            channel.listen(this::heard);
        } catch (StoreUnavailableException e) {
            log.warn("settling without hearing of the others reason=\"{}\"", e.getMessage());
        }
    }

    /** Gives the mirror to the settlement that is under way, if it has not been given already. */
    void contributeToWhatIsUnderWay() {
        store.settling().filter(token -> !mirror.isPartOf(token)).ifPresent(this::contributeAndSay);
    }

    private void contributeAndSay(String token) {
        tryToContribute(token);
        if (mirror.isPartOf(token)) {
            say("joined " + token + " " + self);
        }
    }

    private void tryToContribute(String token) {
        try {
            contribute(token);
        } catch (StoreUnavailableException e) {
            log.info("mirror not joined in time, it joins after the opening reason=\"{}\"", e.getMessage());
        }
    }

    private void contribute(String token) {
        synchronized (contributing) {
            if (token.equals(mirror.contributedTo())) {
                return;
            }
            HandedOver handed = mirror.handOver();
            join(token, handed.copies());
            if (handed.wholeUpTo().isPresent()) {
                long upTo = handed.wholeUpTo().getAsLong();
                join(token, forgottenEnds(token, upTo, handed));
                store.join(token, List.of(), handed.wholeUpTo());
            }
            mirror.contributed(token);
            log.info(
                    "mirror joined copies={} whole={}",
                    handed.copies().size(),
                    handed.wholeUpTo().isPresent());
        }
    }

    /** What this router knows and a data set does not that was opened without it. */
    void joinLate() {
        HandedOver handed = mirror.handOver();
        if (!handed.copies().isEmpty()) {
            log.warn("mirror joined late copies={} taken={}", handed.copies().size(), join("", handed.copies()));
        }
    }

    /**
     * A live call of the data set's own that a whole mirror lacks, no later than that mirror, has ended: an old file knows
     * no ends. Not so what another router joined: an old primary may have given it, beside the data set of this mirror and
     * with a lower seq.
     */
    private List<Copy> forgottenEnds(String token, long upTo, HandedOver handed) {
        Set<String> held = handed.copies().stream()
                .filter(Copy::mayHoldPod)
                .map(Copy::name)
                .collect(Collectors.toSet());
        List<Copy> ends = new ArrayList<>();
        String cursor = "";
        do {
            Page page = store.liveSeqs(token, cursor);
            page.copies().stream()
                    .filter(live -> live.seq() > 0 && live.seq() <= upTo && !held.contains(live.name()))
                    .map(live -> live.ended(Map.of("seq", Long.toString(upTo), "end_reason", "ended_before_loss")))
                    .forEach(ends::add);
            cursor = page.cursor();
        } while (!cursor.isEmpty());
        return ends;
    }

    /** Pods first, for a call on a pod that is gone is lost. */
    private int join(String token, List<Copy> copies) {
        Map<Copy.Kind, List<Copy>> readable =
                copies.stream().filter(Copy::isReadable).collect(Collectors.groupingBy(Copy::kind));
        return joinSome(token, readable.getOrDefault(Copy.Kind.POD, List.of()))
                + joinSome(token, readable.getOrDefault(Copy.Kind.CALL, List.of()));
    }

    private int joinSome(String token, List<Copy> copies) {
        List<Joined> joined = Batches.each(copies, some -> store.join(token, some, OptionalLong.empty()));
        int sum = joined.stream().mapToInt(Joined::taken).sum();
        overbooked.addAndGet(joined.stream().mapToInt(Joined::overbooked).sum());
        taken.addAndGet(sum);
        return sum;
    }

    /** Copies from this router's mirror that a data set had lost. */
    public long taken() {
        return taken.get();
    }

    /** Pods that held more calls than slots after a join, each time that one found them so. */
    public long overbooked() {
        return overbooked.get();
    }
}
