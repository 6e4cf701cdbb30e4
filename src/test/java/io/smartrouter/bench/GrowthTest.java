package io.smartrouter.bench;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A soak of two minutes at 500 pairs a second: what grows by design is none, and a leak for each call is one. */
class GrowthTest {
    private static final long MB = 1 << 20;
    private static final Footprint BEGIN = new Footprint(45 * MB, 10_000, 38, 47, 5, 5 * MB, 10_000);
    private static final Footprint FIRST = new Footprint(50 * MB, 30_000, 39, 48, 5, 15 * MB, 30_000);

    @Test
    void copiesAndRecordsOfEndedCallsAreKeptByDesign() {
        assertThat(Growth.found(BEGIN, FIRST, new Footprint(85 * MB, 50_000, 41, 47, 6, 36 * MB, 70_000)))
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        // 400 bytes, or a thread, a file, a connection of Redis' for each of 40,000 calls; 300 bytes more for each at
        // Redis
        "66, 39, 48, 5, 35, bytes of heap",
        "50, 48, 48, 5, 35, threads",
        "50, 39, 97, 5, 35, open files",
        "50, 39, 48, 8, 35, connections to Redis",
        "50, 39, 48, 5, 47, bytes of Redis",
    })
    void whatIsNotIsNamed(long heapMb, long threads, long files, long connections, long redisMb, String what) {
        Footprint later = new Footprint(heapMb * MB, 30_000, threads, files, connections, redisMb * MB, 70_000);
        assertThat(Growth.found(BEGIN, FIRST, later)).singleElement().asString().contains("more " + what);
    }
}
