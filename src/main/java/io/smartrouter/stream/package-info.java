/** The signed stream URL: our word to nginx and to the agent that a call holds a pod. Uses {@code pool} alone. */
@NullMarked
package io.smartrouter.stream;

import org.jspecify.annotations.NullMarked;
