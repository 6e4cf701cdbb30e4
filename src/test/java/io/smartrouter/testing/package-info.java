/** What tests of several packages share: real Redis servers and programs as processes. */
@NullMarked
package io.smartrouter.testing;

import org.jspecify.annotations.NullMarked;
