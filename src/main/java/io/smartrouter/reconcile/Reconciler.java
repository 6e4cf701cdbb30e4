package io.smartrouter.reconcile;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toList;

import io.smartrouter.podwatch.PodInquiry;
import io.smartrouter.podwatch.PodNews;
import io.smartrouter.pool.AgentProbe;
import io.smartrouter.pool.Batches;
import io.smartrouter.pool.Incarnation;
import io.smartrouter.pool.InvalidInputException;
import io.smartrouter.pool.PodSource;
import io.smartrouter.pool.PodWord;
import io.smartrouter.pool.PoolStore;
import io.smartrouter.pool.ReconcileStore;
import io.smartrouter.pool.ReconcileStore.Outcome;
import io.smartrouter.pool.Repair;
import io.smartrouter.pool.StoreUnavailableException;
import io.smartrouter.pool.Ticker;
import io.smartrouter.pool.Tokens;
import io.smartrouter.pool.UnsettledException;
import io.smartrouter.reconcile.Inspection.Inspected;
import io.smartrouter.reconcile.ReconcileOutcome.Done;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * Mends what no transition will: what was damaged by hand or by a fault, events that never came, agents that went
 * without a word. It closes these gaps within two rounds. One router does it at a time, under a lock whose token each
 * repair carries; whoever was paused past its life changes nothing. In a data set in order it does nothing.
 */
@Component
public class Reconciler {
    private static final Logger log = LoggerFactory.getLogger(Reconciler.class);
    private static final String TASK = "reconcile";
    private static final String TURN = "reconcile-turn";
    private static final Duration LOCK = Duration.ofSeconds(60);
    private static final Duration LONGEST_QUESTION = Duration.ofSeconds(1);
    private static final int MOST_PASSES = 3;
    private static final int MOST_QUESTIONS = 50;
    private static final int MOST_FAILED = 10;
    private static final int AGENTS_AT_ONCE = 32;

    private final Inspection inspection;
    private final ReconcileStore store;
    private final PoolStore locks;
    private final PodSource pods;
    private final PodInquiry inquiry;
    private final AgentProbe probe;
    private final ReconcileProperties properties;
    private final Tokens tokens;
    private final Ticker ticker;
    private final List<ReconcileListener> listeners;
    private final ReentrantLock busy = new ReentrantLock();
    private final Denials denials = new Denials();
    private final Turns unknownPods = new Turns();
    private final Turns silentPods = new Turns();
    private Set<String> misplacedBefore = Set.of();

    Reconciler(
            Inspection inspection,
            ReconcileStore store,
            PoolStore locks,
            PodSource pods,
            PodInquiry inquiry,
            AgentProbe probe,
            ReconcileProperties properties,
            Tokens tokens,
            Ticker ticker,
            List<ReconcileListener> listeners) {
        this.inspection = inspection;
        this.store = store;
        this.locks = locks;
        this.pods = pods;
        this.inquiry = inquiry;
        this.probe = probe;
        this.properties = properties;
        this.tokens = tokens;
        this.ticker = ticker;
        this.listeners = List.copyOf(listeners);
    }

    /** The timer's round: once in an interval over all routers. */
    public void round() {
        Duration life = properties.interval().multipliedBy(9).dividedBy(10);
        if (inspection.clusterSeen() && locks.lockTask(TURN, tokens.next(), life)) {
            reconcile();
        }
    }

    /**
     * What a round would do now.
     *
     * @throws io.smartrouter.pool.StoreUnavailableException if the store cannot answer
     */
    public ReconcileOutcome plan() {
        if (!inspection.clusterSeen()) {
            return new ReconcileOutcome.ClusterUnseen();
        }
        Inspected found = inspection.inspect();
        return new ReconcileOutcome.Planned(found.report(), found.plan());
    }

    /**
     * Does it now.
     *
     * @throws io.smartrouter.pool.StoreUnavailableException if the store cannot answer; what was mended stays so
     */
    public ReconcileOutcome reconcile() {
        if (!inspection.clusterSeen()) {
            return new ReconcileOutcome.ClusterUnseen();
        }
        if (!busy.tryLock()) {
            return new ReconcileOutcome.Busy();
        }
        try {
            String token = tokens.next();
            if (!locks.lockTask(TASK, token, LOCK)) {
                return new ReconcileOutcome.Busy();
            }
            try {
                return reconcile(token);
            } finally {
                locks.unlockTask(TASK, token);
            }
        } finally {
            busy.unlock();
        }
    }

    private ReconcileOutcome reconcile(String token) {
        long begun = ticker.nanos();
        List<Done> done = new ArrayList<>();
        Set<String> told = new HashSet<>();
        Inspected found = inspection.inspect();
        Set<String> misplaced = new HashSet<>();
        for (int pass = 1; ; pass++) {
            int before = mended(done);
            for (Repair repair : found.plan().repairs()) {
                String move = repair.name() + ' ' + repair.pool();
                if (repair.kind() != Repair.Kind.POD_POOL || misplacedBefore.contains(move)) {
                    mend(token, repair, done);
                } else {
                    misplaced.add(move); // a configuration may have been applied just now: its own moves come first
                }
            }
            askKubernetes(token, found.plan().unknown(), done);
            found.plan().pods().forEach(news -> {
                inquiry.take(news);
                told.add(news.pod());
            });
            found.plan().unknown().forEach(call -> told.add(call.pod()));
            if (mended(done) == before || pass == MOST_PASSES) {
                break;
            }
            found = inspection.inspect(); // what one repair uncovers is mended in the same round
        }
        misplacedBefore = misplaced;
        askAgents(token, found, done);
        InvariantReport report = found.report();
        tell(listener -> listener.reconciled(report, ticker.since(begun)));
        return new ReconcileOutcome.Reconciled(report, done, told);
    }

    private static int mended(List<Done> done) {
        return Math.toIntExact(
                done.stream().filter(one -> one.outcome() == Outcome.MENDED).count());
    }

    private void mend(String token, Repair repair, List<Done> done) {
        Outcome outcome = tried(token, repair, done);
        done.add(new Done(repair, outcome));
        if (outcome == Outcome.MENDED) {
            boolean pod = repair.kind().isOfPod();
            log.warn(
                    "repaired kind={} {}={} reasons=\"{}\"",
                    repair.kind().word(),
                    pod ? "pod" : "sid",
                    repair.name(),
                    String.join("; ", repair.reasons()));
            tell(listener -> listener.mended(repair));
        }
    }

    /** One damaged record must not keep the others from being mended; but where all fail, the store is away. */
    private Outcome tried(String token, Repair repair, List<Done> done) {
        try {
            return store.mend(token, repair);
        } catch (UnsettledException e) {
            throw e;
        } catch (StoreUnavailableException e) {
            long failed =
                    done.stream().filter(one -> one.outcome() == Outcome.FAILED).count();
            if (failed >= MOST_FAILED) {
                throw e;
            }
            log.warn(
                    "repair failed kind={} name={} problem=\"{}\"",
                    repair.kind().word(),
                    repair.name(),
                    e.getMessage());
            return Outcome.FAILED;
        }
    }

    /** A call whose pod the store does not know is lost only if Kubernetes says, past every cache, that it is gone. */
    private void askKubernetes(String token, List<LostQuestion> unknown, List<Done> done) {
        SortedMap<String, List<LostQuestion>> calls =
                unknown.stream().collect(groupingBy(LostQuestion::pod, TreeMap::new, toList()));
        for (List<LostQuestion> ofPod : unknownPods.next(calls, MOST_QUESTIONS)) {
            PodWord word = pods.ask(ofPod.getFirst().pod(), LONGEST_QUESTION);
            ofPod.stream()
                    .filter(call -> isGone(call, word))
                    .forEach(call -> mend(token, call.repair().withProof(), done));
        }
    }

    private static boolean isGone(LostQuestion call, PodWord word) {
        return switch (word) {
            case PodWord.Silent silent -> false;
            case PodWord.Absent absent -> true;
            case PodWord.Present present -> isOther(present.facts().incarnation(), call.incarnation());
        };
    }

    private static boolean isOther(Incarnation there, String asked) {
        try {
            Incarnation named = Incarnation.parse(asked);
            return !there.object().equals(named.object())
                    || (there.isComplete() && named.isComplete() && !there.equals(named));
        } catch (InvalidInputException e) {
            return true; // it names no life that a pod could have
        }
    }

    /** Asks agents, a few at once; and Kubernetes about pods whose agents have become silent. */
    private void askAgents(String token, Inspected found, List<Done> done) {
        List<AgentQuestion> questions = found.plan().agents();
        SortedMap<String, AgentQuestion> silent = new TreeMap<>();
        questions.stream().filter(AgentQuestion::silent).forEach(question -> silent.put(question.pod(), question));
        for (AgentQuestion question : silentPods.next(silent, MOST_QUESTIONS)) {
            tell(listener -> listener.silent(question));
            missing(question).ifPresent(inquiry::take);
        }
        List<OptionalInt> answers =
                Batches.atOnce(questions, AGENTS_AT_ONCE, question -> probe.activeCalls(question.address()));
        denials.keepOnly(questions);
        for (int i = 0; i < questions.size(); i++) {
            denials.take(questions.get(i), answers.get(i), found.view().nowMs()).forEach(end -> mend(token, end, done));
        }
    }

    private static Optional<PodNews> missing(AgentQuestion silent) {
        try {
            return Optional.of(
                    new PodNews.Missing(silent.pod(), Incarnation.parse(silent.incarnation()), Optional.empty()));
        } catch (InvalidInputException e) {
            return Optional.empty();
        }
    }

    private void tell(Consumer<ReconcileListener> event) {
        listeners.forEach(event);
    }
}
