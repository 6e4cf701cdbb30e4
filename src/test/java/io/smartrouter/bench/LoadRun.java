package io.smartrouter.bench;

/** A load that has begun. */
interface LoadRun extends AutoCloseable {
    /**
     * What it counted.
     *
     * @param requests answered, of any kind
     * @param pairs of them, allocated and released
     * @param bad answers that the scenario does not expect, and connections that failed
     * @param us how long it took (µs)
     * @param p50 of all requests, or of those that the scenario is about (µs)
     * @param p99 of the same (µs)
     */
    record Count(long requests, long pairs, long bad, long us, long p50, long p99) {}

    /** Waits for its end. */
    Count count();

    @Override
    void close();
}
