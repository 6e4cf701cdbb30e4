package io.smartrouter.bench;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import tools.jackson.databind.json.JsonMapper;

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
    record Count(long requests, long pairs, long bad, long us, long p50, long p99) {
        private static final JsonMapper JSON = JsonMapper.builder().build();

        /** Of the line that a load tool prints at its end. */
        static Count of(String line) {
            return JSON.readValue(line, Count.class);
        }
    }

    /** Text of a scenario, from the tests' resources. */
    static String scenario(String file) throws IOException {
        try (InputStream in = LoadRun.class.getResourceAsStream("/bench/" + file)) {
            return new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /** Waits for its end. */
    Count count();

    @Override
    void close();
}
