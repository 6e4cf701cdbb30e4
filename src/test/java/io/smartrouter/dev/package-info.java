/** Tests of the profile {@code dev}: real processes, real sockets. */
@NullMarked
package io.smartrouter.dev;

import org.jspecify.annotations.NullMarked;
