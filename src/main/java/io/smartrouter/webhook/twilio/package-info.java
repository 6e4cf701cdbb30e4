/** Twilio: signatures, its parameters, and TwiML. Uses {@code webhook} and the words of {@code pool}. */
@NullMarked
package io.smartrouter.webhook.twilio;

import org.jspecify.annotations.NullMarked;
