/** What a router does with requests that are meant to hurt: signed ones whose text is hostile, and unproven ones. */
@NullMarked
package io.smartrouter.webhook.hostile;

import org.jspecify.annotations.NullMarked;
