package io.smartrouter.podwatch;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.smartrouter.podwatch.PodNews.Deleted;
import io.smartrouter.podwatch.PodNews.Missing;
import io.smartrouter.podwatch.PodNews.Seen;
import io.smartrouter.pool.Incarnation;
import io.smartrouter.pool.InvalidInputException;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The informer's callbacks: they translate and return, and never throw, for the informer would swallow it.
 *
 * <p>A DELETE event proves a deletion if its object was being deleted. One without a {@code deletionTimestamp} also
 * comes when a living pod's labels leave the selector (and for a pod that was deleted by force), and one inferred from
 * a list is none at all: both are questions for a fresh GET.
 */
final class PodEventHandler implements ResourceEventHandler<Pod> {
    private static final Logger log = LoggerFactory.getLogger(PodEventHandler.class);
    private static final int MOST_REMEMBERED = 10_000;

    private final PodTranslation translation;
    private final Consumer<PodNews> news;
    private final Runnable listed;
    private final Runnable contact;
    private final ConcurrentHashMap<String, Boolean> warned = new ConcurrentHashMap<>();

    /**
     * @param news takes what happened
     * @param listed told after each whole list
     * @param contact told whenever the cluster said something
     */
    PodEventHandler(PodTranslation translation, Consumer<PodNews> news, Runnable listed, Runnable contact) {
        this.translation = translation;
        this.news = news;
        this.listed = listed;
        this.contact = contact;
    }

    @Override
    public void onAdd(Pod pod) {
        seen(pod);
    }

    @Override
    public void onUpdate(Pod before, Pod pod) {
        boolean duplicate = Objects.equals(
                        before.getMetadata().getResourceVersion(),
                        pod.getMetadata().getResourceVersion())
                && Objects.equals(
                        before.getMetadata().getUid(), pod.getMetadata().getUid());
        if (!duplicate) {
            seen(pod);
        }
    }

    @Override
    public void onDelete(Pod pod, boolean inferred) {
        contact.run();
        guarded(pod, () -> {
            Incarnation object = translation.object(pod);
            String name = pod.getMetadata().getName();
            warned.remove(pod.getMetadata().getUid());
            Optional<String> version = inferred
                    ? Optional.empty()
                    : Optional.ofNullable(pod.getMetadata().getResourceVersion())
                            .filter(Versions::isValid);
            boolean proven = version.isPresent() && pod.getMetadata().getDeletionTimestamp() != null;
            news.accept(proven ? new Deleted(name, object, version) : new Missing(name, object, version));
        });
    }

    @Override
    public void onList(String resourceVersion, boolean remainedEmpty) {
        contact.run();
        listed.run();
    }

    private void seen(Pod pod) {
        contact.run();
        guarded(pod, () -> news.accept(new Seen(translation.facts(pod))));
    }

    private void guarded(Pod pod, Runnable step) {
        try {
            step.run();
        } catch (InvalidInputException e) {
            warnOnce(pod, String.valueOf(e.getMessage()));
        } catch (RuntimeException e) {
            warnOnce(pod, Problems.say(e));
        }
    }

    private void warnOnce(Pod pod, String problem) {
        String uid = pod.getMetadata() == null
                ? ""
                : Objects.requireNonNullElse(pod.getMetadata().getUid(), "");
        if (warned.size() < MOST_REMEMBERED && warned.putIfAbsent(uid, true) == null) {
            String name = pod.getMetadata() == null ? "" : pod.getMetadata().getName();
            log.warn("pod cannot be used pod={} problem={}", name, problem);
        }
    }
}
