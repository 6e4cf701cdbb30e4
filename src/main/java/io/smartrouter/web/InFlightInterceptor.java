package io.smartrouter.web;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.lang.reflect.Method;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.stereotype.Component;
import org.springframework.web.method.HandlerMethod;
import org.springframework.web.servlet.HandlerInterceptor;

/** Refuses what is too much at once: after a key was asked for, before a body is read. */
@Component
class InFlightInterceptor implements HandlerInterceptor {
    private static final String ENTERED = "io.smartrouter.web.entered";
    private static final Problem OVERLOADED = Problem.of(
            ProblemCode.OVERLOADED, "As many requests are worked on as may be at once; nothing was done for this one.");

    private final InFlight inFlight;
    /** As many as there are handlers; their annotations are looked for once. */
    private final Map<Method, Optional<InFlight.Kind>> kinds = new ConcurrentHashMap<>();

    InFlightInterceptor(InFlight inFlight) {
        this.inFlight = inFlight;
    }

    @Override
    public boolean preHandle(HttpServletRequest request, HttpServletResponse response, Object handler) {
        if (request.getDispatcherType() != DispatcherType.REQUEST || !(handler instanceof HandlerMethod method)) {
            return true;
        }
        Optional<InFlight.Kind> bounded = kinds.computeIfAbsent(method.getMethod(), one -> kindOf(method));
        if (bounded.isPresent()) {
            if (!inFlight.enter(bounded.get())) {
                throw new ProblemException(OVERLOADED);
            }
            request.setAttribute(ENTERED, bounded.get());
        }
        return true;
    }

    /** Empty where the handler has a bound of its own. */
    private static Optional<InFlight.Kind> kindOf(HandlerMethod method) {
        if (method.hasMethodAnnotation(OwnBound.class)
                || AnnotatedElementUtils.hasAnnotation(method.getBeanType(), OwnBound.class)) {
            return Optional.empty();
        }
        return Optional.of(
                AnnotatedElementUtils.hasAnnotation(method.getBeanType(), StreamSide.class)
                        ? InFlight.Kind.STREAM
                        : InFlight.Kind.API);
    }

    @Override
    public void afterCompletion(
            HttpServletRequest request, HttpServletResponse response, Object handler, @Nullable Exception fault) {
        if (request.getAttribute(ENTERED) instanceof InFlight.Kind kind) {
            request.removeAttribute(ENTERED);
            inFlight.leave(kind);
        }
    }
}
