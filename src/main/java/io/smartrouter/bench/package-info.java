/**
 * The profile {@code bench}: what the benchmark holds the router against, served by the same process. Nothing else of
 * the router is changed by it. Uses {@code web}.
 */
@NullMarked
package io.smartrouter.bench;

import org.jspecify.annotations.NullMarked;
