package io.smartrouter.webhook;

/** Whose a request to the plain {@code /allocate} says to be, by its shape: this chooses who verifies it. */
sealed interface Claim {
    /** One provider's. */
    record Of(ProviderAdapter adapter) implements Claim {}

    /** Several providers': a genuine request is one's. */
    record Contradictory() implements Claim {}

    /** Nobody's. */
    record Nobodys() implements Claim {}
}
