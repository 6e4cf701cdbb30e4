package io.smartrouter.pool;

import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.springframework.stereotype.Component;

/**
 * This router's mirror: what it knows of the data set, for the day on which the data set is lost. {@link MirrorFollower}
 * keeps it in step, and the outcome of an own request is in it <em>before</em> the request is answered.
 *
 * <p>The race: a request's outcome may come from a data set that is lost while the answer is on its way, and the mirror may
 * be handed to a settlement in between. Then the new data set does not know the outcome, and nobody may be told of it. So
 * a request notes the {@link #generation()} before it asks, and an outcome of an earlier one is refused: it is asked again.
 *
 * <p>An end that this router answered is told once, and nobody tells it again. A data set may win against it by seq: one
 * that other routers opened while this one was still served by an old primary, and in which the call went on or was given
 * its pod. So the requests themselves are kept as long as the ends, and asked again where a snapshot shows such a call live.
 */
@Component
public class RouterMirror {
    private static final Duration OUT_OF_STEP = Duration.ofMinutes(10);

    private final Ticker ticker;
    private final LinkedHashMap<String, ReleaseRequest> answeredEnds = new LinkedHashMap<>();
    private LeaseMirror copies = new LeaseMirror();
    private String dataSet = "";
    private String contributedTo = "";
    private long upTo;
    private long wholeAt; // seq from which on nothing is missing; 0 until the first events after a snapshot say it
    private boolean gapless;
    private long generation;
    private long inStep;

    RouterMirror(Ticker ticker) {
        this.ticker = ticker;
        inStep = ticker.nanos();
    }

    /**
     * What a settlement is given.
     *
     * @param copies all that this router knows
     * @param wholeUpTo up to which seq nothing is missing; empty if something may be
     */
    record HandedOver(List<Copy> copies, OptionalLong wholeUpTo) {}

    /** Rises whenever the mirror was handed over; noted before the store is asked. */
    public synchronized long generation() {
        return generation;
    }

    /**
     * Takes the outcome of an own request.
     *
     * @param begun the generation before the store was asked
     * @throws UnsettledException if the mirror was handed over since: the outcome must not be told, but asked again
     */
    public synchronized void took(long begun, Copy copy) {
        requireSame(begun);
        put(copy);
    }

    /** The same for the end of a call, of which the other fields may be known already. */
    public synchronized void tookEnd(long begun, String sid, Map<String, String> end, ReleaseRequest request) {
        requireSame(begun);
        answeredEnds.put(sid, request);
        Copy known = copies.call(sid).orElseGet(() -> new Copy(Copy.Kind.CALL, sid, Map.of()));
        put(known.ended(end));
    }

    /** The same for one that had ended before: this router says so, and it must be so in every data set from now on. */
    public synchronized void answeredEnd(long begun, ReleaseRequest request) {
        requireSame(begun);
        answeredEnds.put(request.call().value(), request);
    }

    private void requireSame(long begun) {
        if (begun != generation) {
            throw new UnsettledException("mirror_handed_over");
        }
    }

    private void put(Copy copy) {
        copies.put(copy);
        forget();
    }

    private void forget() {
        copies.forget().forEach(answeredEnds::remove);
        // Of these the mirror may hold no copy that is forgotten: the call had ended before this router began.
        while (answeredEnds.size() > LeaseMirror.MOST_ENDS) {
            answeredEnds.pollFirstEntry();
        }
    }

    /**
     * Takes what a snapshot of a data set showed, which is the mirror from now on.
     *
     * @param seq up to which nothing is missing in it
     * @return ends that this router answered, of calls that are live in the snapshot; to be asked again, each by its own
     *     right, which does no harm where the page was only older than the end
     */
    synchronized List<ReleaseRequest> renew(String ofDataSet, long seq, LeaseMirror snapshot) {
        if (!ofDataSet.equals(dataSet)) {
            generation++;
        }
        List<ReleaseRequest> denied = answeredEnds.values().stream()
                .filter(end ->
                        snapshot.call(end.call().value()).filter(Copy::isLive).isPresent())
                .toList();
        snapshot.takeOver(copies, seq);
        copies = snapshot;
        forget();
        dataSet = ofDataSet;
        upTo = seq;
        broke(); // until the events that the snapshot's last page may show something of are read
        inStep = ticker.nanos();
        return denied;
    }

    /**
     * Takes what happened since.
     *
     * @param ofDataSet that it was asked of; what is of another one is not taken
     * @param seq of the last transition that is in it
     * @param newest of the data set's last transition
     */
    synchronized void follow(String ofDataSet, long seq, long newest, List<Copy> touched) {
        if (!ofDataSet.equals(dataSet)) {
            return; // the mirror was given up meanwhile
        }
        touched.forEach(this::put);
        if (!contributedTo.equals(dataSet)) {
            contributedTo = ""; // another data set was joined, and this one goes on: what it gives is not in that
        }
        if (seq > upTo || seq >= newest) {
            inStep = ticker.nanos();
        }
        upTo = seq;
        wholeAt = wholeAt == 0 ? newest : wholeAt;
        gapless |= upTo >= wholeAt;
    }

    /** Events are missing, or the data set is another one: nothing is forgotten, but it is not whole. */
    synchronized void broke() {
        gapless = false;
        wholeAt = 0;
    }

    /** Gives up what is out of step for so long that ends are forgotten elsewhere. */
    synchronized void discardIfOld() {
        if (ticker.since(inStep).compareTo(OUT_OF_STEP) > 0) {
            copies = new LeaseMirror();
            answeredEnds.clear();
            broke();
            dataSet = "";
        }
    }

    /** Hands everything to a settlement; what was asked before and is answered later is asked again. */
    synchronized HandedOver handOver() {
        discardIfOld();
        generation++;
        return new HandedOver(copies.all(), gapless ? OptionalLong.of(upTo) : OptionalLong.empty());
    }

    synchronized void contributed(String token) {
        contributedTo = token;
    }

    synchronized String contributedTo() {
        return contributedTo;
    }

    /** Whether all that was known before this data set was opened went into it. */
    synchronized boolean isPartOf(String ofDataSet) {
        return ofDataSet.equals(contributedTo) || ofDataSet.equals(dataSet);
    }

    synchronized String dataSet() {
        return dataSet;
    }

    synchronized long upTo() {
        return upTo;
    }

    /** Whether it follows without a gap. */
    public synchronized boolean isWhole() {
        return gapless && ticker.since(inStep).compareTo(OUT_OF_STEP) <= 0;
    }

    /** How long ago it was in step; grows while Redis is away. */
    public synchronized Duration age() {
        return ticker.since(inStep);
    }

    /** What it holds of this call. */
    public synchronized Optional<Copy> call(String sid) {
        return copies.call(sid);
    }

    /** How many copies it holds. */
    public synchronized int size() {
        return copies.size();
    }

    /** By name, for tests and for who compares. */
    synchronized Map<String, Copy> held() {
        Map<String, Copy> held = new HashMap<>();
        copies.all().stream().filter(Copy::mayHoldPod).forEach(copy -> held.put(copy.name(), copy));
        return held;
    }
}
