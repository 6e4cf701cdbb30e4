package io.smartrouter.pool;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RosterTest {
    private final Roster roster = new Roster("self");

    private void ownHellos(int count) {
        for (int i = 0; i < count; i++) {
            roster.heardItself();
        }
    }

    @Test
    void anotherOneIsNewOnce() {
        assertThat(roster.others()).isEmpty();
        assertThat(roster.heard("other")).isTrue();
        assertThat(roster.heard("other")).isFalse();
        assertThat(roster.heard("self")).isFalse();
        assertThat(roster.others()).containsExactly("other");
    }

    @Test
    void whoSaysNothingWhileThisRouterIsHeardHasGone() {
        roster.heard("gone");
        ownHellos(2);
        roster.heard("there");
        ownHellos(1);
        assertThat(roster.others()).containsExactlyInAnyOrder("gone", "there");
        ownHellos(1);
        assertThat(roster.others()).containsExactly("there");
        assertThat(roster.heard("gone")).as("new again").isTrue();
    }
}
