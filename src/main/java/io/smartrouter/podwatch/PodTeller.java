package io.smartrouter.podwatch;

import io.fabric8.kubernetes.api.model.Pod;
import io.smartrouter.podwatch.PodNews.Deleted;
import io.smartrouter.podwatch.PodNews.Missing;
import io.smartrouter.podwatch.PodNews.Seen;
import io.smartrouter.pool.PodChange;
import io.smartrouter.pool.PodFacts;
import io.smartrouter.pool.PodFacts.Readiness;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the store one piece of news. Of a pod that is missing it asks Kubernetes first: only 404 or another object of
 * that name makes it gone. One that is still there has left the selector, or is about to be seen: it keeps its calls,
 * and outside the selector it gets no new ones.
 */
final class PodTeller implements Consumer<PodNews> {
    private static final Logger log = LoggerFactory.getLogger(PodTeller.class);

    private final PodRecords records;
    private final PodLookup lookup;
    private final PodTranslation translation;

    PodTeller(PodRecords records, PodLookup lookup, PodTranslation translation) {
        this.records = records;
        this.lookup = lookup;
        this.translation = translation;
    }

    /**
     * Tells it.
     *
     * @throws io.smartrouter.pool.StoreUnavailableException if the store cannot take it now
     * @throws io.fabric8.kubernetes.client.KubernetesClientException if Kubernetes gave no answer to a question
     */
    @Override
    public void accept(PodNews news) {
        switch (news) {
            case Seen seen -> logged(seen, records.observe(seen.facts()));
            case Deleted deleted -> gone(deleted, deleted.version());
            case Missing missing -> ask(missing);
        }
    }

    private void ask(Missing missing) {
        Optional<Pod> found = lookup.fresh(missing.pod());
        boolean same = found.map(translation::object)
                .filter(o -> o.object().equals(missing.incarnation().object()))
                .isPresent();
        if (!same) {
            gone(missing, missing.version());
            return;
        }
        Pod pod = found.orElseThrow();
        PodFacts facts = translation.facts(pod);
        if (lookup.isSelected(missing.pod(), pod.getMetadata().getUid())) {
            logged(missing, records.observe(facts));
        } else if (records.observe(outside(facts)).kind() == PodChange.Kind.UPDATED) {
            log.warn("pod left the selector and gets no new calls pod={}", missing.pod());
        }
    }

    private static PodFacts outside(PodFacts facts) {
        Readiness readiness = facts.kubernetes() == Readiness.DELETING ? Readiness.DELETING : Readiness.NOT_READY;
        return new PodFacts(
                facts.pod(),
                facts.incarnation(),
                facts.version(),
                readiness,
                facts.address(),
                false, // one that is not known yet must not be registered
                facts.revision(),
                facts.wantedPool());
    }

    private void gone(PodNews news, Optional<String> version) {
        logged(news, records.gone(news.pod(), news.incarnation(), version));
    }

    private static void logged(PodNews news, PodChange change) {
        switch (change.kind()) {
            case REGISTERED, REPLACED, GONE ->
                log.info(
                        "pod {} pod={} incarnation={} lost={}",
                        change.kind().name().toLowerCase(Locale.ROOT),
                        news.pod(),
                        news.incarnation(),
                        change.lostCalls().size());
            case UPDATED, STALE, NOT_REGISTRABLE, UNKNOWN -> {
                // nothing that an operator would act upon
            }
        }
    }
}
