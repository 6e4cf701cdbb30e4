package io.smartrouter.webhook;

import io.smartrouter.InvalidSettingException;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * The router's URL as providers know it. What a provider signs begins with it; the request's own Host and X-Forwarded
 * headers are whatever the sender likes, and are not asked.
 */
@Component
public class PublicUrl {
    private static final Pattern URL = Pattern.compile("https?://[A-Za-z0-9.\\[\\]:_-]+(/[A-Za-z0-9._~/-]*)?");

    private final @Nullable String base;

    PublicUrl(WebhookProperties properties) {
        String url = properties.publicUrl();
        if (url == null || url.isEmpty()) {
            base = null;
            return;
        }
        if (!URL.matcher(url).matches()) {
            throw new InvalidSettingException(
                    "router.public-url",
                    "must be an http or https URL without a query, such as https://voice.example.com");
        }
        base = url.replaceAll("/+$", "");
    }

    /**
     * Refuses to go on without it.
     *
     * @param whoNeedsIt the setting that makes it necessary
     * @throws InvalidSettingException if it is not set
     */
    public void require(String whoNeedsIt) {
        if (base == null) {
            throw new InvalidSettingException(
                    "router.public-url",
                    "is missing, and " + whoNeedsIt
                            + " needs it to check signatures; set it to the URL that the provider calls, such as"
                            + " https://voice.example.com");
        }
    }

    /** The public URL of one of a provider's endpoints. */
    String of(String provider, Endpoint endpoint) {
        return of("/" + provider + "/" + endpoint.path());
    }

    /** The public URL of a raw path, or the path alone if it is not set. */
    String of(String rawPath) {
        return base == null ? rawPath : base + rawPath;
    }
}
