package io.smartrouter.pool;

import java.time.Duration;

/**
 * A call may wait for a pod: it stands in the queues of its chain in order of arrival, as long as it goes on asking.
 *
 * @param longest how long at most
 * @param poll how often it asks; who misses two questions is out
 */
public record Hold(Duration longest, Duration poll) {}
