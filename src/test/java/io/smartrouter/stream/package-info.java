/** Tests of what lets a stream through to its pod. */
@NullMarked
package io.smartrouter.stream;

import org.jspecify.annotations.NullMarked;
