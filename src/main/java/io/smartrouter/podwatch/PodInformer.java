package io.smartrouter.podwatch;

import io.fabric8.kubernetes.api.model.ListOptionsBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.smartrouter.pool.InvalidInputException;
import io.smartrouter.pool.PodFacts;
import io.smartrouter.pool.PodSource;
import io.smartrouter.pool.PodWord;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * The watch of the pods and what it has seen.
 *
 * <p>fabric8's informer lists and watches again by itself: after a closed watch, a 410 and any failed list, with pauses
 * that grow to 32 times the client's reconnect interval; it renews each watch after 5 to 10 minutes, and
 * {@link DeadConnections} ends one that died in silence before that. What it does not do is closed here: by default it gives up when its first
 * list fails, so its exception handler always says to go on; and one that stands still all the same can be
 * {@linkplain #restart() made anew} without forgetting what it saw.
 */
@Component
class PodInformer implements PodSource {
    private final PodLookup lookup;
    private final PodTranslation translation;
    private final WatchThreads threads;
    private @Nullable ResourceEventHandler<Pod> handler;
    private @Nullable Consumer<Throwable> problems;
    private volatile @Nullable SharedIndexInformer<Pod> informer;
    private volatile boolean complete;
    private boolean stopped;

    PodInformer(KubernetesClient client, PodsProperties properties, WatchThreads threads) {
        this.lookup = new PodLookup(client, properties);
        this.translation = new PodTranslation(properties);
        this.threads = threads;
    }

    PodLookup lookup() {
        return lookup;
    }

    PodTranslation translation() {
        return translation;
    }

    /**
     * Begins to watch; returns at once.
     *
     * @param events takes what happens
     * @param faults takes why a list or watch failed; it is tried again in any case
     */
    synchronized void start(ResourceEventHandler<Pod> events, Consumer<Throwable> faults) {
        handler = events;
        if (!stopped) {
            problems = faults;
            run(Stream.empty());
        }
    }

    /** Replaces an informer that stands still; the new one begins with what the old one saw. */
    synchronized void restart() {
        SharedIndexInformer<Pod> old = informer;
        if (old != null && !stopped) {
            old.stop();
            run(old.getStore().list().stream());
        }
    }

    /** Ends for good; when it returns, no event is in hand any more. */
    synchronized void stop() {
        SharedIndexInformer<Pod> old = informer;
        stopped = true;
        problems = null;
        if (old != null) {
            old.stop();
        }
        threads.stop();
    }

    private void run(Stream<Pod> known) {
        ResourceEventHandler<Pod> events = handler;
        SharedIndexInformer<Pod> made = lookup.watched().runnableInformer(0);
        if (events != null) {
            made.addEventHandler(events);
        }
        List<Pod> seen = known.toList();
        if (!seen.isEmpty()) {
            made.initialState(seen.stream());
        }
        made.exceptionHandler((started, fault) -> {
            Consumer<Throwable> faults = problems;
            if (faults != null) {
                faults.accept(fault);
            }
            return true;
        });
        informer = made;
        made.start();
    }

    /** Whether a watch is open now. */
    boolean isWatching() {
        SharedIndexInformer<Pod> current = informer;
        return current != null && problems != null && current.isRunning() && current.isWatching();
    }

    /** Asks the cluster's API why it cannot be watched; empty if it answers. */
    Optional<KubernetesClientException> fault() {
        try {
            lookup.watched().list(new ListOptionsBuilder().withLimit(1L).build());
            return Optional.empty();
        } catch (KubernetesClientException e) {
            return Optional.of(e);
        }
    }

    @Override
    public boolean isComplete() {
        SharedIndexInformer<Pod> current = informer;
        if (!complete && current != null && current.hasSynced()) {
            complete = true; // and stays so: one made anew knows what the old one saw
        }
        return complete;
    }

    @Override
    public List<PodFacts> pods() {
        SharedIndexInformer<Pod> current = informer;
        return current == null
                ? List.of()
                : current.getStore().list().stream()
                        .flatMap(pod -> facts(pod).stream())
                        .toList();
    }

    @Override
    public PodWord ask(String pod, Duration atMost) {
        CompletableFuture<PodWord> word = new CompletableFuture<>();
        // The client's own limit is longer than a caller can wait; what comes later is nobody's any more.
        Thread.ofVirtual().name("podwatch-ask").start(() -> {
            try {
                word.complete(lookup.fresh(pod)
                        .<PodWord>map(found ->
                                facts(found).<PodWord>map(PodWord.Present::new).orElseGet(PodWord.Silent::new))
                        .orElseGet(PodWord.Absent::new));
            } catch (RuntimeException e) {
                word.complete(new PodWord.Silent());
            }
        });
        try {
            return word.get(atMost.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new PodWord.Silent();
        } catch (ExecutionException | TimeoutException e) {
            return new PodWord.Silent();
        }
    }

    private Optional<PodFacts> facts(Pod pod) {
        try {
            return Optional.of(translation.facts(pod));
        } catch (InvalidInputException e) {
            return Optional.empty(); // its event said so, once
        }
    }
}
