package io.smartrouter.web;

import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpHeaders;
import org.springframework.http.ResponseEntity;
import org.springframework.web.ErrorResponse;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.RestControllerAdvice;

/** Answers every fault of a request as a problem. A controller with a format of its own handles its own first. */
@RestControllerAdvice
@Order(Ordered.LOWEST_PRECEDENCE)
class ProblemAdvice {
    @ExceptionHandler
    ResponseEntity<Problem> handle(Exception fault) {
        Problem problem = Problems.of(fault);
        HttpHeaders headers = new HttpHeaders();
        if (fault instanceof ErrorResponse answer) {
            HttpHeaders given = answer.getHeaders();
            // Accept would list what other clients of the path send; Allow is what 405 owes.
            given.getOrEmpty(HttpHeaders.ALLOW).forEach(allowed -> headers.add(HttpHeaders.ALLOW, allowed));
        }
        if (problem.status() == 401) {
            headers.set(HttpHeaders.WWW_AUTHENTICATE, "Bearer realm=\"smart-router\"");
        }
        return problem.answer(headers);
    }
}
