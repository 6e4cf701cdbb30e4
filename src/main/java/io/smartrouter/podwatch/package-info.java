/**
 * What Kubernetes says of the voice agents' pods: a watch that translates and hands on. It may use {@code pool} and
 * Kubernetes' client; health and metrics read its {@link io.smartrouter.podwatch.WatchStatus}.
 */
@NullMarked
package io.smartrouter.podwatch;

import org.jspecify.annotations.NullMarked;
