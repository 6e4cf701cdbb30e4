package io.smartrouter.pool;

import java.util.Collection;
import java.util.List;
import java.util.Map;

/**
 * The steps by which one router makes a data set whole and opens it. Each carries the settlement's token, and throws
 * {@link UnsettledException} once another settlement has taken over.
 */
public interface SettlementStore {
    /** How the beginning went. */
    enum Beginning {
        /** The gate is open: nothing to do. */
        OPEN,
        /** Another router settles. */
        BUSY,
        /** It is ours, and the data set was empty. */
        BEGUN_EMPTY,
        /** It is ours, and the data set has records of an earlier opening. */
        BEGUN_WITH_RECORDS
    }

    /**
     * Asks the gate, before plain reads are believed or many writes are prepared.
     *
     * @throws UnsettledException if it is shut
     */
    void requireOpen();

    /** Takes the settlement if the gate is shut and nobody else has it. */
    Beginning begin(String token);

    /** What stands in the store as configuration. */
    StoredConfiguration configuration();

    /** As {@link PoolStore#configure}; also without a token, where the gate is open. */
    boolean configure(
            String token, String madeFrom, String revision, ConfigurationEdit edit, Map<String, String> compiled);

    /**
     * As {@link PoolStore#observe}, for all of them.
     *
     * @return the calls that were lost by it
     */
    List<CallId> observe(String token, List<PodFacts> pods);

    /** The names of all pods of the data set that are not gone. */
    Collection<String> podNames();

    /** Gives these pods the capacity that the configuration says, and keeps new calls from them for the quarantine. */
    void settlePods(String token, Collection<String> pods);

    /** Moves all deadlines behind the quarantine. */
    void deferDeadlines(String token);

    /** Gives the settlement up, so that the next router need not wait for its lock to expire. */
    void abandon(String token);

    /** Opens the data set. */
    void open(String token);
}
