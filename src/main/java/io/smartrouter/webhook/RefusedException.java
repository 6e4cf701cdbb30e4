package io.smartrouter.webhook;

/** Ends the reading of a request that cannot be one. */
final class RefusedException extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final WebhookProblem problem;

    RefusedException(WebhookProblem problem, String detail) {
        super(detail, null, false, false); // an expected outcome: no stack trace
        this.problem = problem;
    }

    WebhookProblem problem() {
        return problem;
    }
}
