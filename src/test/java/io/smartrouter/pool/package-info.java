/** Tests of the core. */
@NullMarked
package io.smartrouter.pool;

import org.jspecify.annotations.NullMarked;
