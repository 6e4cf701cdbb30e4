package io.smartrouter.pool;

/** Somebody gave a value that no request may carry; nothing was written. The message says what to mend. */
public final class InvalidInputException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;
    private final String field;
    private final String problem;

    /**
     * @param field the field as the request names it
     * @param problem what is wrong and what would be right; never holds the value, which may be hostile or secret
     */
    public InvalidInputException(String field, String problem) {
        super(field + " " + problem);
        this.field = field;
        this.problem = problem;
    }

    /** The same, of a field inside another: {@code text} in {@code when_exhausted}. */
    public InvalidInputException inside(String outer) {
        return new InvalidInputException(outer + "." + field, problem);
    }

    /** Returns the field as the request names it. */
    public String field() {
        return field;
    }
}
