package io.smartrouter.podwatch;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;

class ContactTest {
    private static final Duration SILENCE = Duration.ofSeconds(60);

    private Instant now = Instant.parse("2026-01-01T00:00:00Z");
    private final Contact contact = new Contact(clock(), SILENCE);

    private Clock clock() {
        InstantSource source = () -> now;
        return source.withZone(ZoneOffset.UTC);
    }

    private void pass(int seconds) {
        now = now.plusSeconds(seconds);
    }

    @Test
    void beforeTheFirstContactThereIsNoAge() {
        contact.failed("away");
        assertThat(contact.age()).isEmpty();
        assertThat(contact.problem()).contains("away");
    }

    @Test
    void aWatchThatOnlyLooksOpenGrowsOldUpToTheLongestSilence() {
        contact.opened();
        for (int second = 1; second <= 90; second++) {
            pass(1);
            contact.stillOpen();
            assertThat(contact.age()).contains(Duration.ofSeconds(Math.min(second, 60)));
        }
    }

    @Test
    void aWatchThatEndedGrowsOldWithoutABound() {
        contact.opened();
        pass(30);
        contact.stillOpen();
        pass(600);
        assertThat(contact.age()).contains(Duration.ofSeconds(630));
    }

    @Test
    void anEventMakesItYoungAndIsRememberedAsSuch() {
        contact.opened();
        assertThat(contact.lastEvent()).isEmpty();
        pass(50);
        contact.event();
        Instant heard = now;
        pass(20);
        contact.stillOpen();
        assertThat(contact.age()).contains(Duration.ofSeconds(20));
        assertThat(contact.lastEvent()).contains(heard);
    }

    @Test
    void aNewWatchEndsTheProblem() {
        contact.failed("away");
        pass(5);
        contact.opened();
        assertThat(contact.problem()).isEmpty();
        assertThat(contact.age()).contains(Duration.ZERO);
    }
}
