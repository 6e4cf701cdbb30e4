package io.smartrouter.webhook;

import java.util.Locale;

/** Which URL of ours the provider called. What happened is said by the request's parameters, not by this alone. */
public enum Endpoint {
    /** {@code /{provider}/allocate}, or the plain {@code /allocate}: the provider asks where to send the call. */
    ALLOCATE,
    /** {@code /{provider}/hangup}: the provider tells that the call is over. */
    HANGUP,
    /** {@code /{provider}/stream}: the provider tells what became of the call's stream. */
    STREAM,
    /** {@code /{provider}/continue}: the stream is over, and the provider asks what to do with the caller. */
    CONTINUE;

    static Endpoint of(String path) {
        return valueOf(path.toUpperCase(Locale.ROOT));
    }

    /** The last part of the path. */
    String path() {
        return name().toLowerCase(Locale.ROOT);
    }
}
