/** Tests of the webhooks: what is believed, what is done for it, and what a provider gets. */
@NullMarked
package io.smartrouter.webhook;

import org.jspecify.annotations.NullMarked;
