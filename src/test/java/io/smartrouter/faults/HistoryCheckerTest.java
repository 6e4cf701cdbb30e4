package io.smartrouter.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.smartrouter.faults.History.Allocate;
import io.smartrouter.faults.History.Answer;
import io.smartrouter.faults.History.Away;
import io.smartrouter.faults.History.Entry;
import io.smartrouter.faults.History.Fault;
import io.smartrouter.faults.History.Freed;
import io.smartrouter.faults.History.Given;
import io.smartrouter.faults.History.Paused;
import io.smartrouter.faults.History.PodLost;
import io.smartrouter.faults.History.Refused;
import io.smartrouter.faults.History.Release;
import io.smartrouter.faults.History.Span;
import io.smartrouter.faults.History.Starting;
import io.smartrouter.faults.History.Stream;
import io.smartrouter.faults.History.ToldOver;
import io.smartrouter.faults.History.Unanswered;
import io.smartrouter.faults.HistoryChecker.Finding;
import io.smartrouter.faults.HistoryChecker.Kind;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Forged histories, one for each kind of fault and for each excuse: a checker that finds nothing proves nothing. */
class HistoryCheckerTest {
    private static final long MS = 1_000_000;

    private static Span span(long begun, long ended) {
        return new Span(begun * MS, ended * MS);
    }

    private static Allocate allocate(String sid, long begun, long ended, Answer answer) {
        return allocate(sid, begun, ended, answer, 1);
    }

    private static Allocate allocate(String sid, long begun, long ended, Answer answer, int router) {
        return new Allocate(sid, span(begun, ended), answer, router);
    }

    private static Release release(String sid, long begun, long ended, Answer answer) {
        return new Release(sid, span(begun, ended), answer, 1);
    }

    private static ToldOver told(String sid, String token, long at, String code, int router) {
        return new ToldOver(sid, token, span(at - 1, at), code, router);
    }

    private static Given on(String pod, String token) {
        return new Given(pod, pod + "-1", token);
    }

    private static Arguments of(String name, List<Entry> entries, Kind... kinds) {
        return Arguments.of(name, entries, List.of(kinds));
    }

    static List<Arguments> histories() {
        List<Arguments> all = new ArrayList<>();
        all.add(of(
                "one call after another",
                List.of(
                        allocate("a", 0, 1, on("p", "t1")),
                        release("a", 10, 11, new Freed()),
                        allocate("b", 10, 12, on("p", "t2")),
                        release("b", 20, 21, new Freed()))));
        all.add(of(
                "two live calls on one pod",
                List.of(allocate("a", 0, 1, on("p", "t1")), allocate("b", 2, 3, on("p", "t2"))),
                Kind.DOUBLED_POD));
        all.add(of(
                "the second call came before the end of the first was asked for",
                List.of(
                        allocate("a", 0, 1, on("p", "t1")),
                        allocate("b", 2, 3, on("p", "t2")),
                        release("a", 4, 5, new Freed())),
                Kind.DOUBLED_POD));
        all.add(of(
                "an end without an answer may have happened",
                List.of(
                        allocate("a", 0, 1, on("p", "t1")),
                        release("a", 2, 3, new Unanswered()),
                        allocate("b", 2, 4, on("p", "t2")),
                        release("a", 5, 6, new Freed()))));
        all.add(of(
                "two streams on one agent",
                List.of(new Stream("a", "p", "t1", span(0, 9)), new Stream("b", "p", "t2", span(8, 12))),
                Kind.DOUBLED_POD));
        all.add(of(
                "two streams of one call: the provider tried again",
                List.of(new Stream("a", "p", "t1", span(0, 9)), new Stream("a", "p", "t1", span(8, 12)))));
        all.add(of(
                "a retry that got another pod",
                List.of(allocate("a", 0, 1, on("p", "t1")), allocate("a", 2, 3, on("q", "t2"))),
                Kind.TWO_PODS));
        all.add(of(
                "a retry that got another lease on the same pod",
                List.of(allocate("a", 0, 1, on("p", "t1")), allocate("a", 2, 3, on("p", "t2"))),
                Kind.TWO_PODS));
        all.add(of(
                "a failover that the caller saw",
                List.of(
                        allocate("a", 0, 1, on("p", "t1")),
                        new PodLost("p-1", 2 * MS),
                        allocate("a", 3, 4, on("q", "t2")))));
        all.add(of(
                "a failover whose first retry came before the loss was known",
                List.of(
                        allocate("a", 0, 1, on("p", "t1")),
                        new PodLost("p-1", 2 * MS),
                        allocate("a", 3, 4, on("p", "t1")),
                        allocate("a", 5, 6, on("q", "t2")))));
        all.add(of(
                "an earlier incarnation of the pod was lost",
                List.of(
                        allocate("a", 0, 1, on("p", "t1")),
                        new PodLost("p-0", 2 * MS),
                        allocate("a", 3, 4, on("q", "t2"))),
                Kind.TWO_PODS));
        all.add(of(
                "a lost pod that comes back serves another call",
                List.of(
                        allocate("a", 0, 1, on("p", "t1")),
                        new PodLost("p-1", 2 * MS),
                        allocate("b", 3, 4, new Given("p", "p-2", "t2")))));
        all.add(of(
                "a call was given a pod that had just been lost",
                List.of(
                        new PodLost("p-1", 1 * MS),
                        allocate("a", 2, 3, on("p", "t1")),
                        allocate("a", 4, 5, on("q", "t2")))));
        all.add(of(
                "an agent told that a live call is over",
                List.of(allocate("a", 0, 1, on("p", "t1")), told("a", "t1", 2, "call_ended", 1)),
                Kind.ENDED_BY_NOBODY));
        all.add(of(
                "an agent told so after the end was asked for",
                List.of(
                        allocate("a", 0, 1, on("p", "t1")),
                        release("a", 2, 5, new Freed()),
                        told("a", "t1", 3, "call_ended", 1))));
        all.add(of(
                "an agent told so of an earlier lease",
                List.of(
                        allocate("a", 0, 1, on("p", "t1")),
                        new PodLost("p-1", 2 * MS),
                        allocate("a", 3, 4, on("q", "t2")),
                        told("a", "t1", 5, "stale_lease", 1))));
        all.add(of(
                "a call that its own retry finds ended",
                List.of(allocate("a", 0, 1, on("p", "t1")), allocate("a", 2, 3, new Refused("call_ended"))),
                Kind.ENDED_BY_NOBODY));
        all.add(of(
                "a release of a call that nobody knows any more",
                List.of(allocate("a", 0, 1, on("p", "t1")), release("a", 2, 3, new Refused("unknown_call"))),
                Kind.RELEASE_UNKNOWN));
        all.add(of(
                "a release whose first try may have happened",
                List.of(
                        allocate("a", 0, 1, on("p", "t1")),
                        release("a", 2, 3, new Unanswered()),
                        release("a", 4, 5, new Refused("unknown_call")))));
        all.add(of(
                "a release of a call that never got a pod",
                List.of(
                        allocate("a", 0, 1, new Refused("exhausted")),
                        release("a", 2, 3, new Refused("unknown_call")))));
        all.add(of("an answer after its bound", List.of(allocate("a", 0, 1_001, new Unanswered())), Kind.LATE));
        all.add(of(
                "an answer after its bound, for which its router stood still",
                List.of(
                        allocate("a", 0, 1_501, new Unanswered()),
                        release("b", 0, 1_501, new Freed()),
                        new Paused(1, span(100, 700)))));
        all.add(of(
                "an answer after its bound also without the time that its router stood still",
                List.of(allocate("a", 0, 1_701, new Unanswered()), new Paused(1, span(100, 700))),
                Kind.LATE));
        all.add(of(
                "an answer after its bound while another router stood still",
                List.of(allocate("a", 0, 1_501, new Unanswered()), new Paused(2, span(100, 700))),
                Kind.LATE));
        all.add(of(
                "an answer after its bound by a router that was not ready yet",
                List.of(allocate("a", 0, 1_501, new Unanswered()), new Starting(1, span(0, 600)))));
        all.add(of(
                "an answer after its bound by a router that had become ready before",
                List.of(allocate("a", 0, 1_501, new Unanswered()), new Starting(1, span(0, 400))),
                Kind.LATE));
        all.add(of(
                "a fault while nothing was asked",
                List.of(new Fault("flush", span(5, 6)), allocate("a", 7, 8, on("p", "t1"))),
                Kind.NO_OVERLAP));
        all.add(of(
                "a fault in the middle of a request",
                List.of(new Fault("flush", span(5, 6)), allocate("a", 4, 8, on("p", "t1")))));
        all.addAll(limits());
        all.addAll(splits());
        return all;
    }

    /** What only a router knew that was away while the data set was lost, and what others knew as well. */
    private static List<Arguments> limits() {
        Away away = new Away(1, span(1_000, 5_000));
        Allocate byAnother = allocate("b", 2_000, 2_001, on("p", "t2"), 2);
        List<Arguments> all = new ArrayList<>();
        all.add(of(
                "a pod given twice, the first time by a router that was away at once",
                List.of(allocate("a", 990, 995, on("p", "t1")), away, byAnother),
                Kind.KNOWN_TO_ONE_AWAY));
        all.add(of(
                "the same by the agents' account, the later call's stream first",
                List.of(
                        allocate("a", 990, 995, on("p", "t1")),
                        release("a", 1_100, 1_101, new Freed()),
                        away,
                        byAnother,
                        new Stream("b", "p", "t2", span(2_010, 2_100)),
                        new Stream("a", "p", "t1", span(2_020, 2_200))),
                Kind.KNOWN_TO_ONE_AWAY));
        all.add(of(
                "the first time long before it was away: every mirror had it",
                List.of(allocate("a", 0, 1, on("p", "t1")), away, byAnother),
                Kind.DOUBLED_POD));
        all.add(of(
                "the first time by a router that was there",
                List.of(allocate("a", 990, 995, on("p", "t2"), 2), away, allocate("b", 2_000, 2_001, on("p", "t1"))),
                Kind.DOUBLED_POD));
        all.add(of(
                "both times before it was away",
                List.of(allocate("a", 980, 985, on("p", "t1")), allocate("b", 990, 995, on("p", "t2"), 2), away),
                Kind.DOUBLED_POD));
        all.add(of(
                "a release of a call that only a router knows that is away",
                List.of(
                        allocate("a", 990, 995, on("p", "t1")),
                        away,
                        release("a", 2_000, 2_001, new Refused("unknown_call"))),
                Kind.KNOWN_TO_ONE_AWAY));
        all.add(of(
                "a release of a call of that router that others knew as well",
                List.of(
                        allocate("a", 0, 1, on("p", "t1")),
                        away,
                        release("a", 2_000, 2_001, new Refused("unknown_call"))),
                Kind.RELEASE_UNKNOWN));
        all.add(of(
                "a pod given twice while the router that knew of the first call joins it",
                List.of(allocate("a", 990, 995, on("p", "t1")), away, allocate("b", 6_990, 6_995, on("p", "t2"), 2)),
                Kind.KNOWN_TO_ONE_AWAY));
        all.add(of(
                "a pod given twice, the second time long after the router that knew of the first call was back",
                List.of(allocate("a", 990, 995, on("p", "t1")), away, allocate("b", 7_010, 7_015, on("p", "t2"), 2)),
                Kind.DOUBLED_POD));
        all.add(of(
                "a release of a call that is unknown long after the router that knew it was back",
                List.of(
                        allocate("a", 990, 995, on("p", "t1")),
                        away,
                        release("a", 7_010, 7_015, new Refused("unknown_call"))),
                Kind.RELEASE_UNKNOWN));
        return all;
    }

    /** Router 1 is away with an old primary that still serves it; router 2 serves what was made of the rest. */
    private static List<Arguments> splits() {
        Away away = new Away(1, span(1_000, 5_000), 5_500 * MS);
        Allocate ofOld = allocate("a", 2_000, 2_001, on("p", "t1"), 1);
        Allocate ofNew = allocate("a", 2_010, 2_011, on("q", "t2"), 2);
        List<Arguments> all = new ArrayList<>();
        all.add(of(
                "one call, given a pod on either side, and after that the new side's by both",
                List.of(
                        away,
                        ofOld,
                        ofNew,
                        allocate("a", 2_020, 2_021, on("p", "t1"), 1),
                        allocate("a", 6_000, 6_001, on("q", "t2"), 1)),
                Kind.KNOWN_TO_ONE_AWAY,
                Kind.KNOWN_TO_ONE_AWAY,
                Kind.KNOWN_TO_ONE_AWAY));
        all.add(of(
                "the old side's lease overrides the new side's after the return",
                List.of(away, ofNew, allocate("a", 6_000, 6_001, on("p", "t1"), 1)),
                Kind.TWO_PODS));
        all.add(of(
                "the same where it was known before the return",
                List.of(away, ofOld, ofNew, allocate("a", 6_000, 6_001, on("p", "t1"), 1)),
                Kind.KNOWN_TO_ONE_AWAY,
                Kind.TWO_PODS));
        all.add(of(
                "the old side gave two leases to one call",
                List.of(away, ofOld, allocate("a", 2_010, 2_011, on("q", "t2"), 1)),
                Kind.TWO_PODS));
        all.add(of(
                "the old side gave one pod to two calls",
                List.of(away, ofOld, allocate("b", 2_010, 2_011, on("p", "t2"), 1)),
                Kind.DOUBLED_POD));
        all.add(of(
                "the new side gave one pod to two calls",
                List.of(away, ofNew, allocate("b", 2_020, 2_021, on("q", "t3"), 2)),
                Kind.DOUBLED_POD));
        all.add(of(
                "the new side tells an agent of the old one that it does not know its call",
                List.of(away, ofOld, told("a", "t1", 2_100, "unknown_call", 2)),
                Kind.ENDED_BY_NOBODY));
        all.add(of(
                "the new side tells an agent of the old one that its call is another's",
                List.of(away, ofOld, told("a", "t1", 2_100, "stale_lease", 2)),
                Kind.KNOWN_TO_ONE_AWAY));
        all.add(of(
                "the old side tells an agent of the new one that it does not know its call",
                List.of(away, ofNew, told("a", "t2", 2_100, "unknown_call", 1)),
                Kind.ENDED_BY_NOBODY));
        all.add(of(
                "the old side tells an agent of the new one that its call is another's",
                List.of(away, ofNew, told("a", "t2", 2_100, "stale_lease", 1)),
                Kind.KNOWN_TO_ONE_AWAY));
        all.add(of(
                "the old side takes its own call for another's",
                List.of(away, ofOld, told("a", "t1", 2_100, "stale_lease", 1)),
                Kind.ENDED_BY_NOBODY));
        all.add(of(
                "the new side takes its own call for another's",
                List.of(away, ofNew, told("a", "t2", 2_100, "stale_lease", 2)),
                Kind.ENDED_BY_NOBODY));
        all.add(of(
                "a call that is unknown though both sides knew it before",
                List.of(allocate("a", 100, 101, on("p", "t1"), 2), away, told("a", "t1", 2_100, "stale_lease", 1)),
                Kind.ENDED_BY_NOBODY));
        all.add(of(
                "a call of the old side that is still another's long after the return",
                List.of(away, ofOld, told("a", "t1", 6_000, "stale_lease", 2)),
                Kind.ENDED_BY_NOBODY));
        all.add(of(
                "the same until it has joined what it knew",
                List.of(away, ofOld, told("a", "t1", 5_400, "stale_lease", 1)),
                Kind.KNOWN_TO_ONE_AWAY));
        all.add(of(
                "a call of the new side that is another's after the return",
                List.of(away, ofNew, told("a", "t2", 6_000, "stale_lease", 1)),
                Kind.ENDED_BY_NOBODY));
        all.add(of(
                "after the return the agent of the old side's lease is told that it has given way",
                List.of(
                        away,
                        allocate("a", 1_900, 1_901, on("q", "t2"), 2),
                        ofOld,
                        told("a", "t1", 6_000, "stale_lease", 1)),
                Kind.KNOWN_TO_ONE_AWAY,
                Kind.KNOWN_TO_ONE_AWAY));
        all.add(of(
                "the old side's pod is given to another call after it joined",
                List.of(away, ofOld, allocate("b", 5_600, 5_610, on("p", "t2"), 2)),
                Kind.DOUBLED_POD));
        all.add(of(
                "the pod of a lease that gave way is given to another call after the join",
                List.of(away, ofOld, ofNew, allocate("b", 5_600, 5_610, on("p", "t3"), 2)),
                Kind.KNOWN_TO_ONE_AWAY));
        all.add(of(
                "the same before the join",
                List.of(away, ofOld, ofNew, allocate("b", 5_400, 5_410, on("p", "t3"), 2)),
                Kind.KNOWN_TO_ONE_AWAY,
                Kind.KNOWN_TO_ONE_AWAY));
        all.add(of(
                "the old side's call is given another pod after it joined",
                List.of(away, ofOld, allocate("a", 5_600, 5_610, on("q", "t2"), 2)),
                Kind.TWO_PODS));
        all.add(of(
                "the old side's call is unknown to its release after it joined",
                List.of(away, ofOld, new Release("a", span(5_600, 5_610), new Refused("unknown_call"), 2)),
                Kind.RELEASE_UNKNOWN));
        all.add(of(
                "a call that the other side says has ended",
                List.of(away, ofNew, told("a", "t2", 2_100, "call_ended", 1)),
                Kind.ENDED_BY_NOBODY));
        all.add(of(
                "a release on the old side of the new side's call",
                List.of(away, ofNew, release("a", 2_100, 2_101, new Refused("unknown_call"))),
                Kind.KNOWN_TO_ONE_AWAY));
        all.add(of(
                "the same after the return",
                List.of(away, ofNew, release("a", 6_000, 6_001, new Refused("unknown_call"))),
                Kind.RELEASE_UNKNOWN));
        return all;
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("histories")
    void verdict(String name, List<Entry> entries, List<Kind> kinds) {
        History history = new History();
        entries.forEach(history::add);
        assertThat(HistoryChecker.check(history, 1_000))
                .as(name)
                .extracting(Finding::kind)
                .containsExactlyElementsOf(kinds);
    }
}
