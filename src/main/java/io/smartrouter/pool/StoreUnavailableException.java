package io.smartrouter.pool;

/** Redis cannot answer, or its data set is not whole yet. Nothing may be assumed about any call or pod. */
public class StoreUnavailableException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Says why. */
    public StoreUnavailableException(String message) {
        super(message);
    }

    /** Says why. */
    public StoreUnavailableException(String message, Throwable cause) {
        super(message, cause);
    }
}
