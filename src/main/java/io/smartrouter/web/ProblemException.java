package io.smartrouter.web;

/** Ends a request with a problem, from where no answer can be returned: before a controller is reached. */
public final class ProblemException extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final transient Problem problem;

    /** Takes the problem. */
    public ProblemException(Problem problem) {
        super(problem.code(), null, false, false);
        this.problem = problem;
    }

    /** The problem to answer. */
    public Problem problem() {
        return problem;
    }
}
