package io.smartrouter.web;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpInputMessage;
import org.springframework.http.HttpOutputMessage;
import org.springframework.http.MediaType;
import org.springframework.http.converter.AbstractHttpMessageConverter;

/** Reads and writes every {@link JsonBody}, and nothing else. */
final class StrictJsonConverter extends AbstractHttpMessageConverter<JsonBody> {
    StrictJsonConverter() {
        super(MediaType.APPLICATION_JSON, MediaType.APPLICATION_PROBLEM_JSON);
    }

    @Override
    protected boolean supports(Class<?> type) {
        return JsonBody.class.isAssignableFrom(type);
    }

    @Override
    protected JsonBody readInternal(Class<? extends JsonBody> type, HttpInputMessage message) throws IOException {
        MediaType contentType = message.getHeaders().getContentType();
        Charset charset = contentType == null ? null : contentType.getCharset();
        if (charset != null && !charset.equals(StandardCharsets.UTF_8)) {
            throw unsupported("JSON is read as UTF-8; send no other charset.");
        }
        String coding = message.getHeaders().getFirst("Content-Encoding");
        if (coding != null && !coding.equalsIgnoreCase("identity")) {
            throw unsupported("Send the body uncompressed, without Content-Encoding.");
        }
        InputStream body = message.getBody();
        byte[] bytes = body.readNBytes(atMost(message.getHeaders().getContentLength()));
        if (bytes.length > BodyLimitFilter.MOST_BYTES) {
            throw new ProblemException(BodyLimitFilter.TOO_LARGE);
        }
        return StrictJson.read(bytes, type);
    }

    @Override
    protected void writeInternal(JsonBody body, HttpOutputMessage message) throws IOException {
        byte[] bytes = StrictJson.write(body);
        message.getHeaders().setContentLength(bytes.length); // else it goes in chunks, the end as a packet of its own
        message.getBody().write(bytes);
    }

    @Override
    protected @Nullable MediaType getDefaultContentType(JsonBody body) {
        return body instanceof Problem ? MediaType.APPLICATION_PROBLEM_JSON : MediaType.APPLICATION_JSON;
    }

    /** As much as is said to come, for that much room is made: of an unknown length one byte more than may be. */
    private static int atMost(long contentLength) {
        int most = BodyLimitFilter.MOST_BYTES + 1;
        return contentLength < 0 ? most : (int) Math.min(contentLength, most);
    }

    private static ProblemException unsupported(String detail) {
        return new ProblemException(Problem.of(ProblemCode.UNSUPPORTED_MEDIA_TYPE, detail));
    }
}
