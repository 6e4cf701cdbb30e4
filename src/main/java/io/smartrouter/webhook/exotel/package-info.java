/**
 * Exotel: a secret in the path or Basic credentials, its parameters in three shapes, and its JSON and branches. Uses
 * {@code webhook}, the words of {@code pool}, and {@code stream} to read its own URL back.
 */
@NullMarked
package io.smartrouter.webhook.exotel;

import org.jspecify.annotations.NullMarked;
