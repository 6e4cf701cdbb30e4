package io.smartrouter.pool;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CopyTest {
    /** Whatever a hand at the store may have written. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 0x5EED})
    void theFieldsAreWhatWasPutIn(long seed) {
        long tried = seed == 0x5EED ? System.nanoTime() : seed;
        Random random = new Random(tried);
        for (int round = 0; round < 1000; round++) {
            Map<String, String> fields = new HashMap<>(Map.of("state", "connected", "seq", "7"));
            for (int more = random.nextInt(12); more > 0; more--) {
                fields.put(text(random), text(random));
            }
            Copy copy = new Copy(Copy.Kind.CALL, "sid", fields);
            assertThat(copy.fields()).as("seed %d", tried).isEqualTo(fields);
            assertThat(copy)
                    .as("seed %d", tried)
                    .isEqualTo(new Copy(Copy.Kind.CALL, "sid", copy.fields()))
                    .hasSameHashCodeAs(new Copy(Copy.Kind.CALL, "sid", copy.fields()));
        }
    }

    private static String text(Random random) {
        return random.ints(random.nextInt(5), 1, 0x250)
                .mapToObj(Character::toString)
                .collect(Collectors.joining());
    }

    @Test
    void ofACallThatIsOverNobodyNeedsToKnowWhenItBegan() {
        Map<String, String> fields = Map.of("state", "ended", "seq", "7", "deadline", "9", "ended_at", "8");
        assertThat(new Copy(Copy.Kind.CALL, "sid", fields).fields())
                .isEqualTo(Map.of("state", "ended", "seq", "7", "ended_at", "8"));
    }

    @Test
    void whatCannotBeKeptAsItIsCouldNotBeReadAndMayHoldAPod() {
        Copy copy = new Copy(Copy.Kind.CALL, "sid", Map.of("state", "ended", "seq", "7", "end_reason", "a\0b"));
        assertThat(copy.isReadable()).isFalse();
        assertThat(copy.mayHoldPod()).isTrue();
        assertThat(copy.fields()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "x", "9999999999999999999"})
    void aSeqThatIsNoneMakesItUnreadable(String seq) {
        Copy copy = new Copy(Copy.Kind.CALL, "sid", Map.of("state", "connected", "seq", seq));
        assertThat(copy.seq()).isZero();
        assertThat(copy.isReadable()).isFalse();
    }
}
