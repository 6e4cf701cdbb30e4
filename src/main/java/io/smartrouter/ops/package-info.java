/**
 * What operators see and what runs by itself: health, metrics, timed tasks, and the one line that a refused start says.
 * Uses {@code pool}, {@code podwatch}, {@code reconcile} and {@code web}; only {@code dev} uses it.
 */
@NullMarked
package io.smartrouter.ops;

import org.jspecify.annotations.NullMarked;
