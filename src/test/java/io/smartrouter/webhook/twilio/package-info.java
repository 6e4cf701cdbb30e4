/** Tests of Twilio's signature and TwiML. */
@NullMarked
package io.smartrouter.webhook.twilio;

import org.jspecify.annotations.NullMarked;
