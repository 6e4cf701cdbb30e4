/**
 * Asks voice agents directly, over the network: does one listen, does it say that it is free. It implements
 * {@link io.smartrouter.pool.AgentProbe} and may use {@code pool} and nothing else of the router.
 */
@NullMarked
package io.smartrouter.agent;

import org.jspecify.annotations.NullMarked;
