/** Vonage: signed webhooks, its JSON, and its NCCO. Uses {@code webhook} and the words of {@code pool}. */
@NullMarked
package io.smartrouter.webhook.vonage;

import org.jspecify.annotations.NullMarked;
