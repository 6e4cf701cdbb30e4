/** Plivo: signatures V3, its parameters, and its XML. Uses {@code webhook} and the words of {@code pool}. */
@NullMarked
package io.smartrouter.webhook.plivo;

import org.jspecify.annotations.NullMarked;
