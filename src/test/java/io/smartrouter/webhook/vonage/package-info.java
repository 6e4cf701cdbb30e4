/** Tests of Vonage's signature, events and NCCO. */
@NullMarked
package io.smartrouter.webhook.vonage;

import org.jspecify.annotations.NullMarked;
