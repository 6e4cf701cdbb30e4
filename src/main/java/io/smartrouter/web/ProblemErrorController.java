package io.smartrouter.web;

import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.http.HttpServletRequest;
import org.springframework.boot.webmvc.error.ErrorController;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/** Answers what the servlet container gave up on, before or after Spring MVC, as a problem. */
@RestController
class ProblemErrorController implements ErrorController {
    @RequestMapping("${spring.web.error.path:/error}")
    ResponseEntity<Problem> error(HttpServletRequest request) {
        Object fault = request.getAttribute(RequestDispatcher.ERROR_EXCEPTION);
        Object status = request.getAttribute(RequestDispatcher.ERROR_STATUS_CODE);
        if (fault instanceof Throwable thrown) {
            Throwable cause = thrown.getCause();
            return Problems.of(cause instanceof ProblemException ? cause : thrown)
                    .answer();
        }
        return Problems.ofStatus(status instanceof Integer code ? code : 404).answer();
    }
}
