/**
 * The providers as their documentation describes them: they prove what they send, repeat it, let it arrive in any order,
 * connect the caller's stream and do what stands behind it in our documents. They speak to whole routers over HTTP.
 */
@NullMarked
package io.smartrouter.webhook.simulator;

import org.jspecify.annotations.NullMarked;
