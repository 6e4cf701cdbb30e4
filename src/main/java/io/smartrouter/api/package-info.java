/**
 * The JSON API for clients and operators; docs/api.md describes it. Turns requests into questions to
 * {@code pool.PoolManager} and outcomes into status codes. Uses {@code pool}, {@code stream} and {@code web}; nothing
 * depends on it.
 */
@NullMarked
package io.smartrouter.api;

import org.jspecify.annotations.NullMarked;
