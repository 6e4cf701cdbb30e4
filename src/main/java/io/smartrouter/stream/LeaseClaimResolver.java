package io.smartrouter.stream;

import io.smartrouter.pool.CallId;
import io.smartrouter.pool.LeaseClaim;
import io.smartrouter.web.Bearer;
import io.smartrouter.web.Fields;
import io.smartrouter.web.Problem;
import io.smartrouter.web.ProblemCode;
import io.smartrouter.web.ProblemException;
import jakarta.servlet.http.HttpServletRequest;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.MethodParameter;
import org.springframework.web.bind.support.WebDataBinderFactory;
import org.springframework.web.context.request.NativeWebRequest;
import org.springframework.web.method.support.HandlerMethodArgumentResolver;
import org.springframework.web.method.support.ModelAndViewContainer;
import org.springframework.web.servlet.HandlerMapping;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

/**
 * Reads the claim of a request out of its stream token, for a method that takes a {@link LeaseClaim}: none is called
 * without one, and (as the first parameter) it comes before the body is read. The call in the path must be the token's.
 */
@Configuration(proxyBeanMethods = false)
class LeaseClaimResolver implements HandlerMethodArgumentResolver, WebMvcConfigurer {
    private final StreamToken tokens;

    LeaseClaimResolver(StreamToken tokens) {
        this.tokens = tokens;
    }

    @Override
    public void addArgumentResolvers(List<HandlerMethodArgumentResolver> resolvers) {
        resolvers.add(this);
    }

    @Override
    public boolean supportsParameter(MethodParameter parameter) {
        return parameter.getParameterType() == LeaseClaim.class;
    }

    @Override
    public Object resolveArgument(
            MethodParameter parameter,
            @Nullable ModelAndViewContainer container,
            NativeWebRequest request,
            @Nullable WebDataBinderFactory binders) {
        CallId call = new CallId(Fields.required("call_sid", sidOf(request)));
        HttpServletRequest http = Fields.required("request", request.getNativeRequest(HttpServletRequest.class));
        LeaseClaim claim = Bearer.of(http)
                .flatMap(tokens::verify)
                .orElseThrow(() -> new ProblemException(Problem.of(
                        ProblemCode.UNAUTHORIZED,
                        "Send the token of the stream URL, its last part, as Authorization: Bearer <token>.")));
        if (!claim.call().equals(call)) {
            throw new ProblemException(
                    Problem.of(ProblemCode.FORBIDDEN, "This stream token speaks for its own call and no other."));
        }
        return claim;
    }

    private static @Nullable String sidOf(NativeWebRequest request) {
        return request.getAttribute(HandlerMapping.URI_TEMPLATE_VARIABLES_ATTRIBUTE, NativeWebRequest.SCOPE_REQUEST)
                                instanceof Map<?, ?> variables
                        && variables.get("sid") instanceof String sid
                ? sid
                : null;
    }
}
