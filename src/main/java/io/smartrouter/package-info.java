/** The router's process: starts Spring and holds what every feature shares. */
@NullMarked
package io.smartrouter;

import org.jspecify.annotations.NullMarked;
