/** Tests of the package of the same name. */
@NullMarked
package io.smartrouter.agent;

import org.jspecify.annotations.NullMarked;
