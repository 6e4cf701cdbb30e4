package io.smartrouter.api;

import io.smartrouter.podwatch.PodNews;
import io.smartrouter.pool.ReconcileStore;
import io.smartrouter.pool.Repair;
import io.smartrouter.reconcile.LostQuestion;
import io.smartrouter.reconcile.ReconcileOutcome;
import io.smartrouter.reconcile.ReconcilePlan;
import io.smartrouter.reconcile.Reconciler;
import io.smartrouter.web.JsonBody;
import io.smartrouter.web.Problem;
import io.smartrouter.web.ProblemCode;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.NavigableSet;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestAttribute;
import org.springframework.web.bind.annotation.RequestParam;

/** {@code POST /reconcile}: a round now, or with {@code dry_run=true} what it would do. */
@ApiController
class ReconcileController {
    private static final Logger log = LoggerFactory.getLogger(ReconcileController.class);
    private static final int MOST_SHOWN = 1_000;

    private final Reconciler reconciler;

    ReconcileController(Reconciler reconciler) {
        this.reconciler = reconciler;
    }

    /**
     * What was done, or would be.
     *
     * @param lookedAt when the last look began, in Redis' time
     * @param calls live calls that were looked at
     * @param pods pods that were looked at
     * @param violations what breaks an invariant
     * @param planned how many repairs there are
     * @param mended how many were needed and done
     * @param repairs the first 1,000 of them
     * @param questions pods that the store is told of, or Kubernetes asked about; the first 1,000
     */
    record Answer(
            boolean success,
            boolean dryRun,
            Instant lookedAt,
            int calls,
            int pods,
            int violations,
            int planned,
            int mended,
            List<RepairView> repairs,
            NavigableSet<String> questions)
            implements JsonBody {}

    record RepairView(
            String kind,
            @Nullable String callSid,
            @Nullable String podName,
            List<String> reasons,
            EvidenceView evidence,
            @Nullable String outcome) {
        static RepairView of(Repair repair, ReconcileStore.@Nullable Outcome outcome) {
            boolean pod = repair.kind().isOfPod();
            return new RepairView(
                    repair.kind().word(),
                    pod ? null : repair.name(),
                    pod ? repair.name() : null,
                    repair.reasons(),
                    new EvidenceView(
                            repair.evidence().seq(),
                            repair.evidence().lease(),
                            repair.evidence().incarnation(),
                            repair.evidence().version()),
                    outcome == null ? null : outcome.name().toLowerCase(Locale.ROOT));
        }
    }

    record EvidenceView(String seq, String lease, String incarnation, String version) {}

    @PostMapping("/reconcile")
    ResponseEntity<?> reconcile(
            @RequestParam(name = "dry_run", defaultValue = "false") boolean dryRun,
            @RequestAttribute(ApiKeyInterceptor.CALLER) ApiKeys.Caller caller) {
        return switch (dryRun ? reconciler.plan() : reconciler.reconcile()) {
            case ReconcileOutcome.Planned planned -> ResponseEntity.ok(answer(planned));
            case ReconcileOutcome.Reconciled reconciled -> {
                Answer answer = answer(reconciled);
                log.info("reconciled planned={} mended={} key={}", answer.planned(), answer.mended(), caller.id());
                yield ResponseEntity.ok(answer);
            }
            case ReconcileOutcome.Busy busy ->
                Problem.of(ProblemCode.RECONCILE_BUSY, "A round is under way; ask again when it has ended.")
                        .answer();
            case ReconcileOutcome.ClusterUnseen unseen ->
                Problem.of(
                                ProblemCode.CLUSTER_UNSEEN,
                                "The watch has not seen the cluster's pods yet, and without them nothing is repaired.")
                        .answer();
        };
    }

    private static Answer answer(ReconcileOutcome.Planned planned) {
        ReconcilePlan plan = planned.plan();
        NavigableSet<String> questions = new TreeSet<>();
        Stream.concat(
                        plan.pods().stream().map(PodNews::pod),
                        plan.unknown().stream().map(LostQuestion::pod))
                .limit(MOST_SHOWN)
                .forEach(questions::add);
        return new Answer(
                true,
                true,
                planned.report().lookedAt(),
                planned.report().calls(),
                planned.report().pods(),
                planned.report().violations().size(),
                plan.repairs().size(),
                0,
                plan.repairs().stream()
                        .limit(MOST_SHOWN)
                        .map(repair -> RepairView.of(repair, null))
                        .toList(),
                questions);
    }

    private static Answer answer(ReconcileOutcome.Reconciled reconciled) {
        return new Answer(
                true,
                false,
                reconciled.report().lookedAt(),
                reconciled.report().calls(),
                reconciled.report().pods(),
                reconciled.report().violations().size(),
                reconciled.done().size(),
                Math.toIntExact(reconciled.done().stream()
                        .filter(done -> done.outcome() == ReconcileStore.Outcome.MENDED)
                        .count()),
                reconciled.done().stream()
                        .limit(MOST_SHOWN)
                        .map(done -> RepairView.of(done.repair(), done.outcome()))
                        .toList(),
                new TreeSet<>(reconciled.told().stream().limit(MOST_SHOWN).toList()));
    }
}
