package io.smartrouter.pool;

/** The gate is shut: the data set is new, or this primary is not the one that it was opened on. Nothing was written. */
public final class UnsettledException extends StoreUnavailableException {
    private static final long serialVersionUID = 1L;

    /** Says in which state the data set is. */
    public UnsettledException(String state) {
        super("the data set in Redis is not open (" + state + ")");
    }
}
