package io.smartrouter.podwatch;

import static org.assertj.core.api.Assertions.assertThat;

import io.smartrouter.podwatch.PodNews.Deleted;
import io.smartrouter.podwatch.PodNews.Missing;
import io.smartrouter.podwatch.PodNews.Seen;
import io.smartrouter.pool.Incarnation;
import io.smartrouter.pool.PodFacts;
import io.smartrouter.pool.PodFacts.Readiness;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class PodLineTest {
    private static Seen seen(String uid, String container, String version) {
        Incarnation incarnation = Incarnation.of("agent-0", uid, container);
        return new Seen(
                new PodFacts("agent-0", incarnation, version, Readiness.READY, "127.0.0.1:1", true, null, null));
    }

    private static Deleted deleted(String uid, String version) {
        return new Deleted("agent-0", Incarnation.of("agent-0", uid, ""), Optional.of(version));
    }

    private static Missing missing(String uid, Optional<String> version) {
        return new Missing("agent-0", Incarnation.of("agent-0", uid, ""), version);
    }

    private static List<PodNews> left(PodNews... all) {
        PodLine line = new PodLine();
        List.of(all).forEach(line::add);
        List<PodNews> rest = new ArrayList<>();
        for (PodNews news = line.take(); news != null; news = line.take()) {
            rest.add(news);
        }
        return rest;
    }

    @Test
    void containerRestartSeenLateLeavesTheNewestFacts() {
        assertThat(left(seen("u1", "c1", "9"), seen("u1", "c2", "10"), seen("u1", "c3", "11")))
                .containsExactly(seen("u1", "c3", "11"));
    }

    @Test
    void anOlderVersionAfterANewerIsDropped() {
        assertThat(left(seen("u1", "c1", "10"), seen("u1", "c1", "9"))).containsExactly(seen("u1", "c1", "10"));
    }

    @Test
    void anUnknownContainerDoesNotHideAKnownOne() {
        assertThat(left(seen("u1", "c2", "9"), seen("u1", "", "10")))
                .containsExactly(seen("u1", "c2", "9"), seen("u1", "", "10"));
    }

    @Test
    void deletionAndNewObjectAreNeverFoldedAway() {
        assertThat(left(seen("u1", "c1", "1"), deleted("u1", "2"), seen("u2", "c1", "3"), deleted("u2", "4")))
                .containsExactly(seen("u1", "c1", "1"), deleted("u1", "2"), seen("u2", "c1", "3"), deleted("u2", "4"));
    }

    @Test
    void aQuestionIsAnsweredByTheSameObjectSeenAgain() {
        assertThat(left(missing("u1", Optional.of("2")), seen("u1", "c1", "3"))).containsExactly(seen("u1", "c1", "3"));
    }

    @Test
    void aQuestionFromAnEventIsProvenByANewerObject() {
        assertThat(left(missing("u1", Optional.of("2")), seen("u2", "c1", "3")))
                .containsExactly(deleted("u1", "2"), seen("u2", "c1", "3"));
    }

    @Test
    void anInferredDeletionIsNotProvenByAnotherObjectOfAPossiblyOlderList() {
        assertThat(left(missing("u2", Optional.empty()), seen("u1", "c1", "3"))).containsExactly(seen("u1", "c1", "3"));
    }

    @Test
    void whatIsPutBackGivesWayToWhatCameMeanwhile() {
        PodLine line = new PodLine();
        line.add(seen("u1", "c1", "1"));
        PodNews taken = line.take();
        line.add(seen("u1", "c2", "2"));
        line.putBack(java.util.Objects.requireNonNull(taken));
        assertThat(line.take()).isEqualTo(seen("u1", "c2", "2"));
        assertThat(line.isEmpty()).isTrue();
    }
}
