/**
 * The profile {@code dev}: an embedded Redis, a simulated cluster and voice agents that really answer, all on loopback.
 * Works from the sources alone ({@code mvn spring-boot:run}). Uses {@code stream}, {@code ops} and the HTTP API.
 */
@NullMarked
package io.smartrouter.dev;

import org.jspecify.annotations.NullMarked;
