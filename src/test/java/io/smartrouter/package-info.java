/** Tests of the whole router, as processes. */
@NullMarked
package io.smartrouter;

import org.jspecify.annotations.NullMarked;
