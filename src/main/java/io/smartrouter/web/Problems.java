package io.smartrouter.web;

import io.smartrouter.pool.InvalidInputException;
import io.smartrouter.pool.StoreUnavailableException;
import java.io.IOException;
import org.apache.tomcat.util.http.InvalidParameterException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.TypeMismatchException;
import org.springframework.dao.DataAccessException;
import org.springframework.http.converter.HttpMessageNotReadableException;
import org.springframework.web.ErrorResponse;
import org.springframework.web.method.annotation.MethodArgumentTypeMismatchException;

/** Which problem a fault is. The texts of exceptions, which may quote the request, stay here. */
final class Problems {
    private static final Logger log = LoggerFactory.getLogger(Problems.class);

    private Problems() {}

    static Problem of(Throwable fault) {
        return switch (fault) {
            case ProblemException refused -> refused.problem();
            case InvalidInputException invalid -> Problem.of(invalid);
            case StoreUnavailableException away -> unavailable(away);
            case DataAccessException away -> unavailable(away);
            case HttpMessageNotReadableException unreadable -> unreadable(unreadable);
            case MethodArgumentTypeMismatchException mismatch ->
                Problem.of(ProblemCode.INVALID_REQUEST, mismatch.getName() + " is of the wrong type.")
                        .at(mismatch.getName());
            case TypeMismatchException mismatch ->
                Problem.of(ProblemCode.INVALID_REQUEST, "A parameter is of the wrong type.");
            case ErrorResponse answer -> ofStatus(answer.getStatusCode().value());
            case InvalidParameterException bad -> ofStatus(bad.getErrorCode()); // Tomcat's, of a query or form
            case IOException broken ->
                Problem.of(ProblemCode.MALFORMED_BODY, "The request ended before it was complete.");
            default -> internal(fault);
        };
    }

    /** The problem of a status that a framework chose. */
    static Problem ofStatus(int status) {
        return switch (status) {
            case 401 -> Problem.of(ProblemCode.UNAUTHORIZED, "Send a key or token that this path takes.");
            case 403 -> Problem.of(ProblemCode.FORBIDDEN, "The request is not allowed.");
            case 404 -> Problem.of(ProblemCode.NOT_FOUND, "No endpoint has this path; docs/api.md lists them.");
            case 405 -> Problem.of(ProblemCode.METHOD_NOT_ALLOWED, "Use a method that the Allow header names.");
            case 406 -> Problem.of(ProblemCode.NOT_ACCEPTABLE, "Accept application/json.");
            case 413 -> BodyLimitFilter.TOO_LARGE;
            case 415 -> Problem.of(ProblemCode.UNSUPPORTED_MEDIA_TYPE, "Send application/json in UTF-8.");
            default ->
                status >= 400 && status < 500
                        ? Problem.of(ProblemCode.INVALID_REQUEST, status, "The request breaks a rule of HTTP.")
                        : Problem.of(ProblemCode.INTERNAL, "The router's log says more.");
        };
    }

    private static Problem unreadable(HttpMessageNotReadableException e) {
        if (e.getCause() instanceof ProblemException refused) {
            return refused.problem();
        }
        return Problem.of(
                ProblemCode.MALFORMED_BODY,
                e.getCause() == null
                        ? "The body is missing; send a JSON object."
                        : "The body ended before it was complete.");
    }

    private static Problem unavailable(RuntimeException e) {
        log.warn("store unavailable cause=\"{}\"", e.getMessage());
        return Problem.of(
                ProblemCode.STORE_UNAVAILABLE,
                "Redis gave no answer in time, so nothing is known about the call or pod; try again.");
    }

    private static Problem internal(Throwable fault) {
        log.error("request failed", fault);
        return ofStatus(500);
    }
}
