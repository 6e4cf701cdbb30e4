package io.smartrouter.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import io.smartrouter.pool.Repair;
import io.smartrouter.pool.StoreView.CallLine;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class DenialsTest {
    private static final long PAUSE = Denials.PAUSE_MS;
    private final Denials denials = new Denials();
    private long now = Views.NOW;

    private static CallLine call(String sid) {
        return Views.callLine(sid, "connected", 0, Views.incarnation(0), Views.NOW - 600_000, 0);
    }

    private static AgentQuestion question(List<CallLine> heard, List<CallLine> unheard) {
        return new AgentQuestion("agent-0", Views.incarnation(0), "127.0.0.1:9000", heard, unheard, false);
    }

    private List<String> take(AgentQuestion question, OptionalInt active) {
        return denials.take(question, active, now).stream().map(Repair::name).toList();
    }

    @Test
    void aCallIsEndedWhenItIsDeniedTwiceWithAPause() {
        AgentQuestion one = question(List.of(), List.of(call("a")));
        assertThat(take(one, OptionalInt.of(0))).isEmpty();
        now += PAUSE - 1;
        assertThat(take(one, OptionalInt.of(0))).as("too soon").isEmpty();
        now += 1;
        assertThat(take(one, OptionalInt.of(0))).containsExactly("a");
    }

    @Test
    void theRepairNamesTheLeaseTheRecordAndTheIncarnationThatWasAsked() {
        AgentQuestion one = question(List.of(), List.of(call("a")));
        denials.take(one, OptionalInt.of(0), now);
        assertThat(denials.take(one, OptionalInt.of(0), now + PAUSE))
                .singleElement()
                .satisfies(repair -> assertThat(repair.evidence())
                        .isEqualTo(new Repair.Evidence("6", "lease-a", Views.incarnation(0), "")));
    }

    @Test
    void anyOtherWordBetweenBeginsAnew() {
        AgentQuestion one = question(List.of(), List.of(call("a")));
        for (OptionalInt between : List.of(OptionalInt.of(1), OptionalInt.empty())) {
            take(one, OptionalInt.of(0));
            now += PAUSE;
            assertThat(take(one, between)).as("%s", between).isEmpty();
            now += PAUSE;
            assertThat(take(one, OptionalInt.of(0))).as("after %s", between).isEmpty();
            denials.keepOnly(List.of());
        }
    }

    @Test
    void silenceEndsNothingHoweverLong() {
        AgentQuestion one = question(List.of(), List.of(call("a")));
        for (int i = 0; i < 100; i++) {
            now += PAUSE;
            assertThat(take(one, OptionalInt.empty())).isEmpty();
        }
    }

    @Test
    void ofSeveralCallsOnlyThoseAreEndedThatMustBeMeant() {
        AgentQuestion two = question(List.of(call("heard")), List.of(call("a"), call("b")));
        // One of a and b lives: which, nobody knows.
        take(two, OptionalInt.of(2));
        now += PAUSE;
        assertThat(take(two, OptionalInt.of(2))).isEmpty();
        // The one that is served is the one that sends heartbeats.
        take(two, OptionalInt.of(1));
        now += PAUSE;
        assertThat(take(two, OptionalInt.of(1))).containsExactly("a", "b");
    }

    @Test
    void aNewLeaseOfTheSameCallIsAnotherMatter() {
        take(question(List.of(), List.of(call("a"))), OptionalInt.of(0));
        now += PAUSE;
        CallLine moved = new CallLine(
                "a", "connected", "agent-0", Views.incarnation(0), "m", "next", "9", Views.NOW, 0, 0, false);
        assertThat(take(question(List.of(), List.of(moved)), OptionalInt.of(0))).isEmpty();
    }

    @Test
    void youngCallsAreNotAskedAboutAndSilentOnesAreSaid() {
        Views views = Views.inOrder();
        views.calls.clear();
        views.call("young", 0, Views.NOW - 1_000);
        assertThat(views.plan().agents()).isEmpty();

        views.calls.put("c", Views.callLine("c", "connected", 0, Views.incarnation(0), Views.NOW - 600_000, 0));
        assertThat(views.plan().agents()).singleElement().satisfies(question -> {
            assertThat(question.silent()).as("never sent one").isFalse();
            assertThat(question.unheard()).hasSize(1);
        });
        views.calls.put(
                "c",
                Views.callLine("c", "connected", 0, Views.incarnation(0), Views.NOW - 600_000, Views.NOW - 31_000));
        assertThat(views.plan().agents())
                .singleElement()
                .satisfies(question -> assertThat(question.silent()).isTrue());
        views.calls.put(
                "c",
                Views.callLine("c", "connected", 0, Views.incarnation(0), Views.NOW - 600_000, Views.NOW - 29_000));
        assertThat(views.plan().agents()).singleElement().satisfies(question -> {
            assertThat(question.silent()).isFalse();
            assertThat(question.heard()).hasSize(1);
        });
    }
}
