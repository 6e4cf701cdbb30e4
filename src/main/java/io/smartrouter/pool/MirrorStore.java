package io.smartrouter.pool;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;

/** What mirrors need of the store: to read it page by page, to follow it, and to give back what it lost. */
public interface MirrorStore {
    /**
     * A page of records; {@code cursor} leads to the next one and is empty on the last.
     *
     * @param dataSet the data set's id
     * @param seq number of its last transition
     * @param cursor where the next page begins
     * @param copies the records
     */
    record Page(String dataSet, long seq, String cursor, List<Copy> copies) {}

    /** What happened since. */
    sealed interface Next {
        /** It is another data set, or events are missing. */
        record Gap() implements Next {}

        /**
         * What became of the records that were touched.
         *
         * @param upTo the last transition that is in it
         * @param newest the last transition of the data set
         * @param copies those records, but for those that are known as they are
         */
        record Followed(long upTo, long newest, List<Copy> copies) implements Next {}
    }

    /**
     * What a join did.
     *
     * @param taken copies that were newer than what was there
     * @param overbooked pods that hold more calls than slots after it
     */
    record Joined(int taken, int overbooked) {}

    /** A page of live calls, by deadline; the first one for an empty cursor. */
    Page calls(String cursor);

    /**
     * The same with nothing but each call's seq. For a settlement only those that the data set itself held: what mirrors
     * brought may be of an old primary, whose seqs another data set's mirror cannot judge.
     */
    Page liveSeqs(String token, String cursor);

    /** All pods that an operator's word stands on. */
    List<Copy> pods();

    /**
     * What was touched after this transition of this data set. One thread asks.
     *
     * @param known the copy that is held of a call, by its sid; asked before the copies of the answer are put
     * @param atMost how long to wait for something; not at all where it is zero
     */
    Next next(String dataSet, long seq, Function<String, Optional<Copy>> known, Duration atMost);

    /** From now on mirrors may be joined: the pods are there. */
    void beginJoining(String token);

    /** The token of the settlement that mirrors may be joined to, or empty. */
    Optional<String> settling();

    /**
     * Gives copies back to the data set.
     *
     * @param token a settlement's, or empty after the opening
     * @param copies some of a mirror's
     * @param wholeUpTo with the last ones of a whole mirror: up to where it is whole
     */
    Joined join(String token, List<Copy> copies, OptionalLong wholeUpTo);
}
