/** Tests of the package of the same name. */
@NullMarked
package io.smartrouter.podwatch;

import org.jspecify.annotations.NullMarked;
