/** Tests of Plivo's signature and XML. */
@NullMarked
package io.smartrouter.webhook.plivo;

import org.jspecify.annotations.NullMarked;
