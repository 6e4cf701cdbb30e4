package io.smartrouter.web;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.smartrouter.pool.InvalidInputException;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;

/**
 * An RFC 9457 problem. Its texts are ours alone: nothing that a caller sent is ever in them, for it may be hostile or
 * secret.
 *
 * @param type {@code urn:smart-router:problem:<code>}
 * @param title the same for every occurrence of the code
 * @param status the HTTP status
 * @param detail what is wrong here, and what to mend
 * @param code the stable code
 * @param field the field or parameter to mend, or null
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Problem(
        String type,
        String title,
        int status,
        String detail,
        String code,
        @Nullable String field) implements JsonBody {
    private static final int TOO_MANY_REQUESTS = 429;
    private static final int UNAVAILABLE = 503;
    private static final String RETRY_AFTER_SECONDS = "1";

    /** A problem with its code's own status. */
    public static Problem of(ProblemCode code, String detail) {
        return of(code, code.status(), detail);
    }

    /** A problem where an endpoint gives the code another status. */
    public static Problem of(ProblemCode code, int status, String detail) {
        return new Problem("urn:smart-router:problem:" + code.word(), code.title(), status, detail, code.word(), null);
    }

    /** The problem of a field that breaks its rule. */
    public static Problem of(InvalidInputException e) {
        return of(ProblemCode.INVALID_REQUEST, e.getMessage() + ".").at(e.field());
    }

    /** The same problem, naming the field to mend. */
    public Problem at(String name) {
        return new Problem(type, title, status, detail, code, name);
    }

    /** The problem as an answer, with the headers that its status asks for. */
    public ResponseEntity<Problem> answer() {
        return answer(HttpHeaders.EMPTY);
    }

    /** The problem as an answer, with more headers. */
    public ResponseEntity<Problem> answer(HttpHeaders more) {
        var answer = ResponseEntity.status(status)
                .headers(more)
                .contentType(MediaType.APPLICATION_PROBLEM_JSON)
                .header(HttpHeaders.CACHE_CONTROL, "no-store");
        if (status == TOO_MANY_REQUESTS || status == UNAVAILABLE) {
            answer.header(HttpHeaders.RETRY_AFTER, RETRY_AFTER_SECONDS);
        }
        return answer.body(this);
    }
}
