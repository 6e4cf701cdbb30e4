/**
 * Which call holds which pod: the core. It imports no other feature and knows neither HTTP nor Kubernetes, and Redis
 * only in {@code pool.redis}. Everything else goes through {@link io.smartrouter.pool.PoolManager}.
 */
@NullMarked
package io.smartrouter.pool;

import org.jspecify.annotations.NullMarked;
