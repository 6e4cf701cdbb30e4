/** Tests of the reconciler. */
@NullMarked
package io.smartrouter.reconcile;

import org.jspecify.annotations.NullMarked;
