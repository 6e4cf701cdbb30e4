/** Tests of the store on real Redis servers. */
@NullMarked
package io.smartrouter.pool.redis;

import org.jspecify.annotations.NullMarked;
