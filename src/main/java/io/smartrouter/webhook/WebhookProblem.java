package io.smartrouter.webhook;

import io.smartrouter.pool.InvalidInputException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.springframework.http.CacheControl;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import tools.jackson.databind.json.JsonMapper;

/**
 * What is answered to requests that are nobody's, are not proven, or break a rule: RFC 9457 problems, whose texts are
 * ours alone. What a provider's genuine request gets is never one of these, unless it is malformed.
 */
enum WebhookProblem {
    INVALID_REQUEST(400, "The request is not valid"),
    NOT_A_PROVIDERS(400, "The request is no provider's"),
    UNPROVEN(403, "The request is not proven genuine"),
    UNKNOWN_PROVIDER(404, "The provider is not known here"),
    METHOD_NOT_ALLOWED(405, "The method is not allowed here"),
    BODY_TOO_LARGE(413, "The body is too large"),
    NOT_STORED(503, "The store cannot take it now");

    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final int status;
    private final String title;

    WebhookProblem(int status, String title) {
        this.status = status;
        this.title = title;
    }

    String code() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }

    ResponseEntity<byte[]> answer(String detail) {
        return answer(detail, Map.of());
    }

    static ResponseEntity<byte[]> of(InvalidInputException e) {
        return INVALID_REQUEST.answer(e.getMessage() + ".", Map.of("field", e.field()));
    }

    private ResponseEntity<byte[]> answer(String detail, Map<String, String> more) {
        Map<String, Object> problem = new LinkedHashMap<>();
        problem.put("type", "urn:smart-router:problem:" + code());
        problem.put("title", title);
        problem.put("status", status);
        problem.put("detail", detail);
        problem.put("code", code());
        problem.putAll(more);
        var answer = ResponseEntity.status(status)
                .contentType(MediaType.APPLICATION_PROBLEM_JSON)
                .cacheControl(CacheControl.noStore());
        if (this == NOT_STORED) {
            answer.header(HttpHeaders.RETRY_AFTER, "1");
        }
        if (this == METHOD_NOT_ALLOWED) {
            answer.allow(HttpMethod.GET, HttpMethod.POST);
        }
        return answer.body(JSON.writeValueAsBytes(problem));
    }
}
