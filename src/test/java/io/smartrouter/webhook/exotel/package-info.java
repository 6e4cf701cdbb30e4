/** Tests of Exotel's proof, parameters and answers. */
@NullMarked
package io.smartrouter.webhook.exotel;

import org.jspecify.annotations.NullMarked;
