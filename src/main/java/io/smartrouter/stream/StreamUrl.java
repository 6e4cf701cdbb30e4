package io.smartrouter.stream;

import io.smartrouter.InvalidSettingException;
import io.smartrouter.pool.Allocation;
import java.util.regex.Pattern;
import org.springframework.stereotype.Component;

/**
 * Makes the WebSocket URL by which a call reaches its pod: {@code <base>/agent/<pod>/<call_sid>/<token>}, without a
 * query, which Twilio does not pass on.
 */
@Component
public final class StreamUrl {
    private static final String ADDRESS = "{address}";
    private static final Pattern BASE = Pattern.compile("wss?://[A-Za-z0-9.:{}\\[\\]_-]+(/[A-Za-z0-9._~/-]*)?");

    private final String base;
    private final StreamToken token;

    /**
     * Takes the base.
     *
     * @throws InvalidSettingException if it is missing or no WebSocket URL
     */
    public StreamUrl(StreamProperties properties, StreamToken token) {
        String url = properties.baseUrl();
        if (url == null || !BASE.matcher(url).matches()) {
            throw new InvalidSettingException(
                    "router.stream.base-url",
                    "must be the public WebSocket URL that leads to the proxy, such as wss://voice.example.com");
        }
        this.base = url.endsWith("/") ? url.substring(0, url.length() - 1) : url;
        this.token = token;
    }

    /** The URL of a call's lease: the same for the same record. */
    public String of(Allocation allocation) {
        return base.replace(ADDRESS, allocation.address())
                + "/agent/"
                + allocation.pod()
                + "/"
                + allocation.call()
                + "/"
                + token.of(allocation);
    }
}
