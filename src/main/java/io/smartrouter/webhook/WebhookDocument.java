package io.smartrouter.webhook;

import java.nio.charset.StandardCharsets;
import org.springframework.http.MediaType;

/**
 * A provider's document: the body of a 200.
 *
 * @param type its Content-Type
 * @param text its text; sent as UTF-8
 */
public record WebhookDocument(MediaType type, String text) {
    byte[] bytes() {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
