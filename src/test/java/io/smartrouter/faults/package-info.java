/**
 * The fault suite: routers, Redis servers and agents as real parts under a steady load, faults while it runs, and a
 * checker that judges what clients and agents saw. {@code mvn verify -Pfaults} runs it and prints a table.
 */
@NullMarked
package io.smartrouter.faults;

import org.jspecify.annotations.NullMarked;
