package io.smartrouter.web;

import java.util.Locale;

/** The stable codes of problems; docs/api.md says of each what to mend. Names and statuses never change meaning. */
public enum ProblemCode {
    /** The request breaks HTTP or a rule of this API. */
    INVALID_REQUEST(400, "The request is not valid"),
    /** The body is no JSON, or not the JSON that is expected. */
    MALFORMED_BODY(400, "The body cannot be read"),
    /** No key or token, or one that is not ours. */
    UNAUTHORIZED(401, "Credentials are missing or wrong"),
    /** The key or token is genuine but has no right to this. */
    FORBIDDEN(403, "The credentials do not allow this"),
    /** No such path. */
    NOT_FOUND(404, "There is nothing at this path"),
    /** No such call. */
    UNKNOWN_CALL(404, "The call is not known"),
    /** No such pod. */
    UNKNOWN_POD(404, "The pod is not known"),
    /** No such merchant. */
    UNKNOWN_MERCHANT(404, "The merchant is not known"),
    /** No such tier. */
    UNKNOWN_TIER(404, "The tier is not known"),
    /** No such dialled number. */
    UNKNOWN_NUMBER(404, "The number is not known"),
    /** The path exists, but not for this method. */
    METHOD_NOT_ALLOWED(405, "The method is not allowed here"),
    /** The client accepts no format that is answered here. */
    NOT_ACCEPTABLE(406, "No acceptable format"),
    /** The call is over. */
    CALL_ENDED(409, "The call has ended"),
    /** The call is another provider's or account's. */
    CALL_OF_ANOTHER_ACCOUNT(409, "The call belongs to another account"),
    /** The lease is not the one that the call has now. */
    STALE_LEASE(409, "The lease is not the call's"),
    /** A tier cannot go while something names it. */
    TIER_IN_USE(409, "The tier is in use"),
    /** A round of reconciling is under way. */
    RECONCILE_BUSY(409, "The data set is being reconciled"),
    /** More body than is read. */
    BODY_TOO_LARGE(413, "The body is too large"),
    /** The body is in a format that is not read here. */
    UNSUPPORTED_MEDIA_TYPE(415, "The body's format is not supported here"),
    /** The merchant has as many live calls as it may. */
    MERCHANT_LIMIT(429, "The merchant's limit is reached"),
    /** A fault of the router. */
    INTERNAL(500, "The router failed"),
    /** More at once than this router takes. */
    OVERLOADED(503, "The router is overloaded"),
    /** This router stops. */
    STOPPING(503, "The router stops"),
    /** The pods of the cluster are not known yet. */
    CLUSTER_UNSEEN(503, "The cluster was not seen yet"),
    /** No pod in the whole chain. */
    EXHAUSTED(503, "No pod is free"),
    /** Redis cannot answer. */
    STORE_UNAVAILABLE(503, "The store cannot answer");

    private final int status;
    private final String title;

    ProblemCode(int status, String title) {
        this.status = status;
        this.title = title;
    }

    /** The HTTP status that goes with it, unless an endpoint says otherwise. */
    public int status() {
        return status;
    }

    /** The title, the same for every occurrence. */
    public String title() {
        return title;
    }

    /** The word in JSON. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
