/** Tests of what every HTTP edge shares. */
@NullMarked
package io.smartrouter.web;

import org.jspecify.annotations.NullMarked;
