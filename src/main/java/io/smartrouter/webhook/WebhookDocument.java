package io.smartrouter.webhook;

import java.nio.charset.StandardCharsets;
import org.springframework.http.MediaType;

/**
 * A provider's document.
 *
 * @param status its HTTP status: 200, but where the provider reads the status itself
 * @param type its Content-Type
 * @param text its text; sent as UTF-8
 */
public record WebhookDocument(int status, MediaType type, String text) {
    private static final int OK = 200;

    /** A document with status 200. */
    public WebhookDocument(MediaType type, String text) {
        this(OK, type, text);
    }

    byte[] bytes() {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
