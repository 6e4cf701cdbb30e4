package io.smartrouter.faults;

import io.smartrouter.faults.History.Allocate;
import io.smartrouter.faults.History.Answer;
import io.smartrouter.faults.History.Away;
import io.smartrouter.faults.History.Fault;
import io.smartrouter.faults.History.Given;
import io.smartrouter.faults.History.Paused;
import io.smartrouter.faults.History.PodLost;
import io.smartrouter.faults.History.Refused;
import io.smartrouter.faults.History.Release;
import io.smartrouter.faults.History.Span;
import io.smartrouter.faults.History.Starting;
import io.smartrouter.faults.History.Stream;
import io.smartrouter.faults.History.ToldOver;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.LongStream;

/**
 * Judges a history of exclusive pods. It counts only what is certain: a call holds its pod from when a client read the
 * answer until the client first asked to end it, or the test took the pod away. What may or may not have happened (a
 * request without an answer) excuses whatever it could explain, and nothing else.
 */
final class HistoryChecker {
    enum Kind {
        /** Two calls certainly held one pod at one time, by the clients' or the agents' account. */
        DOUBLED_POD,
        /** One call got a second pod though the first was not lost and nobody had asked for its end. */
        TWO_PODS,
        /** A router said that a call is over which nobody had asked to end, and whose pod was not lost. */
        ENDED_BY_NOBODY,
        /** A router did not know a call that it had answered for. */
        RELEASE_UNKNOWN,
        /** An answer after its bound. */
        LATE,
        /** No operation ran while the fault did: the history shows nothing. */
        NO_OVERLAP,
        /**
         * DESIGN's limit 6, no fault: doubled or unknown, for only a router that was away knew of the allocation, and had
         * not joined it yet.
         */
        KNOWN_TO_ONE_AWAY
    }

    record Finding(Kind kind, String what) {}

    /** Another router's mirror knows of a transition by then: it asks every 20 ms, and a command may take 500. */
    private static final long FOLLOWS_NS = 500_000_000;

    private static final Span NEVER = new Span(0, 0);

    private record Holding(String sid, String pod, String token, Span span) {}

    private final History history;
    private final long boundMs;
    private final Map<String, List<Allocate>> allocates = new HashMap<>();
    private final Map<String, List<Release>> releases = new HashMap<>();
    private final List<PodLost> losses;
    private final List<Away> aways;
    /** By router: when nobody can expect an answer of it. */
    private final Map<Integer, List<Span>> standing = new HashMap<>();
    /** By token: when it was first asked for of who gave it, and when first answered. */
    private final Map<String, Span> first = new HashMap<>();
    /** By token: the absence of the router that alone may have known of this lease. */
    private final Map<String, Away> knownAway = new HashMap<>();

    private final List<Finding> findings = new ArrayList<>();

    private HistoryChecker(History history, long boundMs) {
        this.history = history;
        this.boundMs = boundMs;
        this.losses = history.all(PodLost.class);
        this.aways = history.all(Away.class);
        history.all(Paused.class).forEach(one -> stands(one.router(), one.span()));
        history.all(Starting.class).forEach(one -> stands(one.router(), one.span()));
        history.all(Allocate.class).stream()
                .sorted(Comparator.comparingLong(one -> one.span().ended()))
                .forEach(one -> allocates
                        .computeIfAbsent(one.sid(), sid -> new ArrayList<>())
                        .add(one));
        allocates.values().forEach(all -> all.forEach(this::given));
        history.all(Release.class).stream()
                .sorted(Comparator.comparingLong(one -> one.span().begun()))
                .forEach(one -> releases.computeIfAbsent(one.sid(), sid -> new ArrayList<>())
                        .add(one));
    }

    /** What is wrong in it; `boundMs` is the longest that an answer may take. */
    static List<Finding> check(History history, long boundMs) {
        HistoryChecker checker = new HistoryChecker(history, boundMs);
        checker.doubledPods();
        checker.twoPods();
        checker.endedByNobody();
        checker.unknownReleases();
        checker.late();
        checker.overlap();
        return List.copyOf(checker.findings);
    }

    private void stands(int router, Span span) {
        standing.computeIfAbsent(router, one -> new ArrayList<>()).add(span);
    }

    private void given(Allocate one) {
        if (one.answer() instanceof Given given && first.putIfAbsent(given.token(), one.span()) == null) {
            for (Away away : aways) {
                if (away.router() == one.router()
                        && one.span().ended() > away.span().begun() - FOLLOWS_NS
                        && one.span().begun() < away.span().ended()) {
                    knownAway.put(given.token(), away);
                }
            }
        }
    }

    /** Whether the other lease was given elsewhere, where nobody need have known of the one yet. */
    private boolean knownToOneAway(String one, String other) {
        Away away = knownAway.get(one);
        return away != null
                && !away.equals(knownAway.get(other))
                && isSince(away, other)
                && first.getOrDefault(other, NEVER).begun() < away.joined();
    }

    private boolean isSince(Away away, String token) {
        return givenAt(token) > away.span().begun();
    }

    private long givenAt(String token) {
        return first.getOrDefault(token, NEVER).ended();
    }

    /** Tokens that the call was given. */
    private List<String> tokens(String sid) {
        return allocates.getOrDefault(sid, List.of()).stream()
                .map(Allocate::answer)
                .filter(Given.class::isInstance)
                .map(answer -> ((Given) answer).token())
                .distinct()
                .toList();
    }

    /** Whether this router was away then, and others had given the lease since. */
    private boolean isUnknownToOneAway(String token, int router, Span then) {
        return aways.stream()
                .anyMatch(away -> away.router() == router
                        && away.span().overlaps(then)
                        && !away.equals(knownAway.get(token))
                        && isSince(away, token));
    }

    private void found(Kind kind, String what) {
        findings.add(new Finding(kind, what));
    }

    private static long beginOfEnd(List<Release> releases) {
        return releases.isEmpty() ? Long.MAX_VALUE : releases.getFirst().span().begun();
    }

    /** When the incarnation that the call was given ended. */
    private long lostAt(Given given) {
        return losses.stream()
                .filter(loss -> loss.incarnation().equals(given.incarnation()))
                .mapToLong(PodLost::at)
                .min()
                .orElse(Long.MAX_VALUE);
    }

    /** Of two leases of one call that of the others stands: its rival certainly holds a pod only until its router joined. */
    private long gaveWayAt(String sid, String token) {
        Away away = knownAway.get(token);
        return away != null && tokens(sid).stream().anyMatch(other -> knownToOneAway(token, other))
                ? away.joined()
                : Long.MAX_VALUE;
    }

    private List<Holding> holdings() {
        List<Holding> holdings = new ArrayList<>();
        allocates.forEach((sid, answers) -> {
            long end = beginOfEnd(releases.getOrDefault(sid, List.of()));
            Set<String> seen = new HashSet<>();
            for (Allocate one : answers) {
                if (one.answer() instanceof Given given && seen.add(given.token())) {
                    long from = one.span().ended();
                    long until = Math.min(Math.min(lostAt(given), end), gaveWayAt(sid, given.token()));
                    if (until > from) {
                        holdings.add(new Holding(sid, given.pod(), given.token(), new Span(from, until)));
                    }
                }
            }
        });
        return holdings;
    }

    private void doubledPods() {
        report("clients", holdings());
        report(
                "agents",
                history.all(Stream.class).stream()
                        .map(stream -> new Holding(stream.sid(), stream.pod(), stream.token(), stream.span()))
                        .toList());
    }

    private void report(String witness, List<Holding> holdings) {
        Map<String, List<Holding>> byPod = new HashMap<>();
        holdings.forEach(one ->
                byPod.computeIfAbsent(one.pod(), pod -> new ArrayList<>()).add(one));
        byPod.forEach((pod, ofPod) -> {
            ofPod.sort(Comparator.comparingLong(one -> one.span().begun()));
            for (int i = 0; i < ofPod.size(); i++) {
                Holding one = ofPod.get(i);
                for (int j = i + 1;
                        j < ofPod.size()
                                && ofPod.get(j).span().begun() < one.span().ended();
                        j++) {
                    Holding other = ofPod.get(j);
                    if (!other.sid().equals(one.sid())) {
                        found(
                                knownToOneAway(one.token(), other.token()) || knownToOneAway(other.token(), one.token())
                                        ? Kind.KNOWN_TO_ONE_AWAY
                                        : Kind.DOUBLED_POD,
                                "%s: %s held %s and %s".formatted(witness, pod, one.sid(), other.sid()));
                    }
                }
            }
        });
    }

    private void twoPods() {
        allocates.forEach((sid, answers) -> {
            long end = beginOfEnd(releases.getOrDefault(sid, List.of()));
            Allocate before = null;
            for (Allocate one : answers) {
                if (!(one.answer() instanceof Given given)) {
                    continue;
                }
                if (before != null
                        && before.answer() instanceof Given first
                        && !first.token().equals(given.token())) {
                    long answered = one.span().ended();
                    if (lostAt(first) > answered && end > answered) {
                        found(
                                gaveWay(first.token(), given.token(), one) ? Kind.KNOWN_TO_ONE_AWAY : Kind.TWO_PODS,
                                "%s got %s and then %s".formatted(sid, first.pod(), given.pod()));
                    }
                }
                before = one;
            }
        });
    }

    /** What a router that is away gives never overrides what the others give; it may say so until it is back. */
    private boolean gaveWay(String first, String second, Allocate answer) {
        Away away = knownAway.get(second);
        return knownToOneAway(first, second)
                || (away != null
                        && knownToOneAway(second, first)
                        && away.router() == answer.router()
                        && answer.span().begun() < away.span().ended());
    }

    private void endedByNobody() {
        for (ToldOver told : history.all(ToldOver.class)) {
            boolean asked = beginOfEnd(releases.getOrDefault(told.sid(), List.of())) < told.at();
            Given holder = null;
            boolean superseded = false;
            for (Allocate one : allocates.getOrDefault(told.sid(), List.of())) {
                if (one.answer() instanceof Given given) {
                    if (given.token().equals(told.token())) {
                        holder = given;
                    } else if (holder != null && one.span().begun() < told.at()) {
                        superseded = true; // whether it should have been is judged by twoPods
                    }
                }
            }
            boolean lost = holder != null && lostAt(holder) < told.at();
            if (!asked && !superseded && !lost) {
                found(
                        isToldByOneThatCannotKnow(told) ? Kind.KNOWN_TO_ONE_AWAY : Kind.ENDED_BY_NOBODY,
                        "the agent of %s (%s) was told %s by %d, %d ms after it was given"
                                .formatted(
                                        told.sid(),
                                        holder,
                                        told.code(),
                                        told.router(),
                                        (told.at() - givenAt(told.token())) / 1_000_000));
            }
        }
        allocates.forEach((sid, answers) -> {
            for (Allocate one : answers) {
                if (one.answer() instanceof Refused(String code)
                        && code.equals("call_ended")
                        && beginOfEnd(releases.getOrDefault(sid, List.of()))
                                > one.span().ended()) {
                    found(Kind.ENDED_BY_NOBODY, "allocate of %s was told %s".formatted(sid, code));
                }
            }
        });
    }

    /**
     * Told of a lease from the absence that it is another's: by the one that was away of another's lease, or of its own by
     * the others, until it is back and has joined them; and where they gave the call a lease, that stands. That a call is
     * unknown is no excuse: its token proves it.
     */
    private boolean isToldByOneThatCannotKnow(ToldOver told) {
        if (!told.code().equals("stale_lease")) {
            return false;
        }
        Away away = knownAway.get(told.token());
        if (away == null || !isSince(away, told.token())) {
            return isUnknownToOneAway(told.token(), told.router(), told.span());
        }
        boolean byOthers =
                told.router() != away.router() || told.at() > away.span().ended();
        return byOthers
                && (told.span().begun() < away.joined()
                        || tokens(told.sid()).stream().anyMatch(other -> knownToOneAway(told.token(), other)));
    }

    private void unknownReleases() {
        releases.forEach((sid, tries) -> {
            boolean given =
                    allocates.getOrDefault(sid, List.of()).stream().anyMatch(one -> one.answer() instanceof Given);
            boolean unsure = false;
            for (Release one : tries) {
                Answer answer = one.answer();
                if (given && !unsure && answer instanceof Refused(String code) && code.equals("unknown_call")) {
                    found(
                            knownToOneAway(sid, one) ? Kind.KNOWN_TO_ONE_AWAY : Kind.RELEASE_UNKNOWN,
                            sid + " was unknown to its release");
                }
                unsure |= !(answer instanceof Refused); // it may have happened, and its trace may be lost since
            }
        });
    }

    private boolean knownToOneAway(String sid, Release release) {
        return tokens(sid).stream().anyMatch(token -> {
            Away away = knownAway.get(token);
            return (away != null
                            && away.span().begun() < release.span().begun()
                            && release.span().begun() < away.joined())
                    || isUnknownToOneAway(token, release.router(), release.span());
        });
    }

    private void late() {
        allocates.values().forEach(all -> all.forEach(one -> late("allocate", one.sid(), one.span(), one.router())));
        releases.values().forEach(all -> all.forEach(one -> late("release", one.sid(), one.span(), one.router())));
    }

    private void late(String what, String sid, Span span, int router) {
        long millis = millis(span, router);
        if (millis > boundMs) {
            found(Kind.LATE, "%s of %s took %d ms".formatted(what, sid, millis));
        }
    }

    /** How long the answer took, without the time that the router that was asked stood still or was not ready yet. */
    private long millis(Span span, int router) {
        return span.millis()
                - standing.getOrDefault(router, List.of()).stream()
                        .mapToLong(span::millisIn)
                        .sum();
    }

    /** How long each answer took, in ms, counted like that. */
    static LongStream answerMillis(History history) {
        HistoryChecker checker = new HistoryChecker(history, Long.MAX_VALUE);
        return LongStream.concat(
                history.all(Allocate.class).stream().mapToLong(one -> checker.millis(one.span(), one.router())),
                history.all(Release.class).stream().mapToLong(one -> checker.millis(one.span(), one.router())));
    }

    private void overlap() {
        for (Fault fault : history.all(Fault.class)) {
            if (overlapping(fault) == 0) {
                found(Kind.NO_OVERLAP, fault.name());
            }
        }
    }

    private long overlapping(Fault fault) {
        return allocates.values().stream()
                        .flatMap(List::stream)
                        .filter(one -> one.span().overlaps(fault.span()))
                        .count()
                + releases.values().stream()
                        .flatMap(List::stream)
                        .filter(one -> one.span().overlaps(fault.span()))
                        .count();
    }

    /** How many operations of clients ran while a fault did. */
    static long overlapped(History history) {
        HistoryChecker checker = new HistoryChecker(history, Long.MAX_VALUE);
        return history.all(Fault.class).stream().mapToLong(checker::overlapping).sum();
    }
}
