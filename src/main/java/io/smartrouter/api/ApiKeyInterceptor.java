package io.smartrouter.api;

import io.smartrouter.api.ApiKeys.Caller;
import io.smartrouter.api.ApiKeys.Role;
import io.smartrouter.pool.LeaseClaim;
import io.smartrouter.stream.StreamToken;
import io.smartrouter.web.Bearer;
import io.smartrouter.web.Problem;
import io.smartrouter.web.ProblemCode;
import io.smartrouter.web.ProblemException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.Map;
import java.util.Optional;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.stereotype.Component;
import org.springframework.web.method.HandlerMethod;
import org.springframework.web.servlet.HandlerInterceptor;
import org.springframework.web.servlet.HandlerMapping;

/**
 * Asks for a key before a body is read. It guards handlers, not paths: whatever spelling of a path leads to an
 * {@link ApiController}, the key is asked for.
 */
@Component
class ApiKeyInterceptor implements HandlerInterceptor {
    static final String CALLER = "io.smartrouter.api.caller";
    private static final int LONGEST_KEY = 1_024;

    private final ApiKeys keys;
    private final StreamToken tokens;

    ApiKeyInterceptor(ApiKeys keys, StreamToken tokens) {
        this.keys = keys;
        this.tokens = tokens;
    }

    @Override
    public boolean preHandle(HttpServletRequest request, HttpServletResponse response, Object handler) {
        if (!(handler instanceof HandlerMethod method)
                || !AnnotatedElementUtils.hasAnnotation(method.getBeanType(), ApiController.class)) {
            return true;
        }
        response.setHeader("Cache-Control", "no-store");
        if (keys.isOpen()) {
            request.setAttribute(CALLER, Caller.ANYBODY);
            return true;
        }
        Optional<String> secret = secretOf(request);
        Optional<Caller> caller =
                secret.filter(text -> text.length() <= LONGEST_KEY).flatMap(keys::callerOf);
        if (caller.isPresent()) {
            requireRight(caller.get(), request.getMethod());
            request.setAttribute(CALLER, caller.get());
            return true;
        }
        if (method.hasMethodAnnotation(OwnStreamToken.class)) {
            Optional<LeaseClaim> claim = secret.flatMap(tokens::verify);
            if (claim.isPresent()) {
                requireOwn(claim.get(), request);
                request.setAttribute(OwnStreamToken.CLAIM, claim.get());
                return true;
            }
        }
        throw new ProblemException(Problem.of(
                ProblemCode.UNAUTHORIZED, "Send an API key, as Authorization: Bearer <key> or X-API-Key: <key>."));
    }

    private static Optional<String> secretOf(HttpServletRequest request) {
        String key = request.getHeader("X-API-Key");
        return key == null ? Bearer.of(request) : Optional.of(key.strip());
    }

    private static void requireRight(Caller caller, String method) {
        boolean reads = method.equals("GET") || method.equals("HEAD");
        if (!reads && caller.role() != Role.OPERATOR) {
            throw new ProblemException(
                    Problem.of(ProblemCode.FORBIDDEN, "This key may only read; use one with the role operator."));
        }
    }

    private static void requireOwn(LeaseClaim claim, HttpServletRequest request) {
        Object variables = request.getAttribute(HandlerMapping.URI_TEMPLATE_VARIABLES_ATTRIBUTE);
        Object sid = variables instanceof Map<?, ?> map ? map.get("sid") : null;
        if (!claim.call().value().equals(sid)) {
            throw new ProblemException(
                    Problem.of(ProblemCode.FORBIDDEN, "This stream token reads its own call and no other."));
        }
    }
}
