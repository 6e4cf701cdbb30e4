package io.smartrouter.pool;

import java.util.Collection;

/**
 * The data set as the reconciler sees it: whole, unjudged, and mended one record at a time. Both methods throw
 * {@link StoreUnavailableException} when the store cannot answer.
 */
public interface ReconcileStore {
    /**
     * Reads the whole data set, page by page.
     *
     * @param pods pods to look for besides those that an index names
     */
    StoreView look(Collection<String> pods);

    /**
     * Does one repair if it still applies.
     *
     * @param lock token of the lock of the task {@code reconcile}: who no longer has it changes nothing
     * @param repair what to do
     */
    Outcome mend(String lock, Repair repair);

    /** What came of a repair. */
    enum Outcome {
        /** It was wrong, and was mended. */
        MENDED,
        /** It is in order. */
        NOTHING,
        /** The record is no longer the one that was seen. */
        CHANGED,
        /** The lock is another's; nothing was looked at. */
        NOT_OURS,
        /** It could not be done: a record or an index that it needs cannot be read. */
        FAILED
    }
}
