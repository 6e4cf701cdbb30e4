package io.smartrouter.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class TurnsTest {
    private final Turns turns = new Turns();

    @Test
    void eachHasItsTurn() {
        SortedMap<String, String> names = named("a", "b", "c", "d", "e");
        assertThat(turns.next(names, 2)).containsExactly("a", "b");
        assertThat(turns.next(names, 2)).containsExactly("c", "d");
        assertThat(turns.next(names, 2)).containsExactly("e", "a");
        assertThat(turns.next(names, 9)).containsExactly("b", "c", "d", "e", "a");
    }

    @Test
    void whoWasTakenLastMayBeGone() {
        turns.next(named("a", "b"), 2);
        assertThat(turns.next(named(), 2)).isEmpty();
        assertThat(turns.next(named("a", "ba", "c"), 2)).containsExactly("ba", "c");
    }

    private static SortedMap<String, String> named(String... names) {
        SortedMap<String, String> all = new TreeMap<>();
        List.of(names).forEach(name -> all.put(name, name));
        return all;
    }
}
