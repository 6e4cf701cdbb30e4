/**
 * Finds what is wrong in the data set and mends it: a pure plan from two looks, and repairs that carry their evidence.
 * It may use {@code pool} and {@code podwatch}; {@code ops} runs it, and {@code api} on demand.
 */
@NullMarked
package io.smartrouter.reconcile;

import org.jspecify.annotations.NullMarked;
