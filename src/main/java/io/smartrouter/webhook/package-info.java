/**
 * Telephone providers' webhooks: proves who asks, hands the call to {@code pool}, and answers in the provider's own
 * format with the URL that {@code stream} makes. A provider is a {@link io.smartrouter.webhook.ProviderAdapter} in a
 * package of its own; nothing here knows which there are.
 */
@NullMarked
package io.smartrouter.webhook;

import org.jspecify.annotations.NullMarked;
