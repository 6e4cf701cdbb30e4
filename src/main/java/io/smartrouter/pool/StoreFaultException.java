package io.smartrouter.pool;

/**
 * Redis answered, with an error of its own making or ours: a record is damaged, or a script failed. Nothing was
 * written. Asking again does not help before somebody mends it; what does not need that record goes on.
 */
public final class StoreFaultException extends StoreUnavailableException {
    private static final long serialVersionUID = 1L;

    /** Says what is damaged. */
    public StoreFaultException(String message, Throwable cause) {
        super(message, cause);
    }
}
