package io.smartrouter.webhook;

/** Which URL of ours the provider called. What happened is said by the request's parameters, not by this alone. */
public enum Endpoint {
    /** {@code /{provider}/allocate}, or the plain {@code /allocate}: the provider asks where to send the call. */
    ALLOCATE,
    /** {@code /{provider}/hangup}: the provider tells that the call is over. */
    HANGUP
}
