/** Tests of what operators see. */
@NullMarked
package io.smartrouter.ops;

import org.jspecify.annotations.NullMarked;
