package io.smartrouter.webhook;

import io.smartrouter.pool.InvalidInputException;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.InvalidMediaTypeException;
import org.springframework.http.MediaType;
import org.springframework.stereotype.Component;

/**
 * Reads a request as it came. The servlet container would merge query and form, and read neither strictly, so its
 * parameters are not asked: the raw query and the raw body are.
 */
@Component
class RequestReader {
    static final int MOST_BYTES = 64 * 1024;

    private final PublicUrl publicUrl;
    private final ClientAddress clientAddress;

    RequestReader(PublicUrl publicUrl, ClientAddress clientAddress) {
        this.publicUrl = publicUrl;
        this.clientAddress = clientAddress;
    }

    /**
     * Reads it.
     *
     * @throws RefusedException if its method or length is not bearable
     * @throws InvalidInputException if it is malformed
     */
    WebhookRequest read(HttpServletRequest request, Optional<String> pathSecret) {
        HttpMethod method = HttpMethod.valueOf(request.getMethod());
        boolean post = method.equals(HttpMethod.POST);
        if (!post && !method.equals(HttpMethod.GET)) {
            throw new RefusedException(WebhookProblem.METHOD_NOT_ALLOWED, "Use GET or POST.");
        }
        MediaType type = mediaType(request.getContentType());
        // No provider sends a body with a GET, and no signature would cover it.
        String body = post ? Parameters.utf8("body", ByteBuffer.wrap(body(request))) : "";
        boolean form = type != null && type.equalsTypeAndSubtype(MediaType.APPLICATION_FORM_URLENCODED);
        String query = request.getQueryString() == null ? "" : request.getQueryString();
        return new WebhookRequest(
                method,
                publicUrl.of(request.getRequestURI()),
                query,
                Parameters.parse("query", query),
                type,
                body,
                form ? Parameters.parse("body", body) : Parameters.NONE,
                headers(request),
                pathSecret,
                clientAddress.of(request));
    }

    private static byte[] body(HttpServletRequest request) {
        try {
            long length = request.getContentLengthLong();
            if (length <= MOST_BYTES) {
                byte[] body = request.getInputStream().readNBytes(length < 0 ? MOST_BYTES + 1 : (int) length);
                if (body.length <= MOST_BYTES) {
                    return body;
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e); // the sender went away
        }
        throw new RefusedException(WebhookProblem.BODY_TOO_LARGE, "A body may have at most " + MOST_BYTES + " bytes.");
    }

    private static @Nullable MediaType mediaType(@Nullable String contentType) {
        try {
            return contentType == null || contentType.isEmpty() ? null : MediaType.parseMediaType(contentType);
        } catch (InvalidMediaTypeException e) {
            throw new InvalidInputException("Content-Type", "is malformed");
        }
    }

    private static HttpHeaders headers(HttpServletRequest request) {
        HttpHeaders headers = new HttpHeaders();
        for (String name : Collections.list(request.getHeaderNames())) {
            headers.addAll(name, Collections.list(request.getHeaders(name)));
        }
        return headers;
    }
}
