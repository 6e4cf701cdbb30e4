/** Tests of the JSON API: its rules one by one, and whole routers over real HTTP and real Redis. */
@NullMarked
package io.smartrouter.api;

import org.jspecify.annotations.NullMarked;
