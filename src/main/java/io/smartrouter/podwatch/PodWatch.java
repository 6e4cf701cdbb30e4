package io.smartrouter.podwatch;

import io.smartrouter.pool.PoolManager;
import io.smartrouter.pool.StoreUnavailableException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;

/**
 * The watch at work: begins when the context is up and needs neither Kubernetes nor the store for that. Once a second
 * it looks whether the watch is open; after each list and each outage it holds the store's pods against the watch's. The
 * reconciler does that again and again, on one router for all.
 */
@Component
class PodWatch implements SmartLifecycle, WatchStatus, PodInquiry {
    private static final Logger log = LoggerFactory.getLogger(PodWatch.class);
    private static final Duration LOOK = Duration.ofSeconds(1);
    private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

    private final PodInformer informer;
    private final PodsProperties properties;
    private final PodRecords records;
    private final Contact contact;
    private final PodQueue queue;
    private final AtomicBoolean compareDue = new AtomicBoolean();
    private final Semaphore wake = new Semaphore(0);
    private volatile boolean running;
    private boolean wasOpen;
    private boolean compareFailed;
    private long openUntil = System.nanoTime();

    @Autowired
    PodWatch(PodInformer informer, PodsProperties properties, KubernetesProperties kubernetes, PoolManager manager) {
        this(informer, properties, kubernetes.longestSilence(), PodRecords.of(manager));
    }

    PodWatch(PodInformer informer, PodsProperties properties, Duration longestSilence, PodRecords records) {
        this.informer = informer;
        this.properties = properties;
        this.records = records;
        this.contact = new Contact(Clock.systemUTC(), longestSilence);
        this.queue = new PodQueue(
                new PodTeller(records, informer.lookup(), informer.translation()), FIRST_PAUSE, LONGEST_PAUSE);
    }

    @Override
    public void start() {
        running = true;
        queue.start();
        Thread.ofVirtual().name("podwatch").start(this::run);
        log.info("pod watch begins namespace={} selector={}", informer.lookup().namespace(), properties.selector());
    }

    @Override
    public void stop() {
        running = false;
        wake.release();
        informer.stop();
        queue.stop();
    }

    @Override
    public void take(PodNews news) {
        queue.addIfIdle(news);
    }

    @Override
    public boolean isRunning() {
        return running;
    }

    private void run() {
        openUntil = System.nanoTime();
        informer.start(
                new PodEventHandler(informer.translation(), queue::add, this::listed, contact::event),
                fault -> contact.failed(Problems.say(fault)));
        while (running) {
            try {
                look();
                if (wasOpen && isCompareDue()) {
                    compare();
                }
                if (wake.tryAcquire(LOOK.toMillis(), TimeUnit.MILLISECONDS)) {
                    wake.drainPermits();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            } catch (RuntimeException e) {
                log.error("pod watch stumbled and goes on", e);
                pause();
            }
        }
    }

    private void listed() {
        compareDue.set(true);
        wake.release();
    }

    private void look() {
        boolean open = informer.isWatching();
        long now = System.nanoTime();
        if (open) {
            openUntil = now;
            if (wasOpen) {
                contact.stillOpen();
            } else {
                contact.opened();
                compareDue.set(true);
            }
        } else if (now - openUntil > properties.restartAfter().toNanos()) {
            log.warn("pod watch is made anew problem={}", contact.problem().orElse("it stands still"));
            openUntil = now;
            informer.restart();
        } else if (now - openUntil > Contact.SHORT.toNanos()
                && contact.problem().isEmpty()) {
            contact.failed(informer.fault().map(Problems::say).orElse("no watch is open, though the API answers"));
        }
        wasOpen = open;
    }

    private boolean isCompareDue() {
        return informer.isComplete() && compareDue.get();
    }

    private void compare() {
        compareDue.set(false);
        try {
            // The store first: what the watch sees meanwhile is told anyway.
            var stored = records.pods();
            List<PodNews> news = Comparison.of(
                    informer.pods(),
                    stored.stream()
                            .map(pod -> new Comparison.Stored(pod.name(), pod.incarnation(), pod.version()))
                            .toList());
            news.forEach(queue::addIfIdle);
            compareFailed = false;
            if (!news.isEmpty()) {
                log.info("store and watch differ pods={}", news.size());
            }
        } catch (StoreUnavailableException e) {
            compareDue.set(true);
            if (!compareFailed) {
                compareFailed = true;
                log.warn("store's pods cannot be read, they are compared later problem={}", e.getMessage());
            }
        }
    }

    private void pause() {
        try {
            Thread.sleep(LONGEST_PAUSE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public boolean isSynced() {
        return informer.isComplete();
    }

    @Override
    public boolean isWatching() {
        return informer.isWatching();
    }

    @Override
    public Optional<Instant> lastContact() {
        return contact.last();
    }

    @Override
    public Optional<Instant> lastEvent() {
        return contact.lastEvent();
    }

    @Override
    public Optional<Duration> age() {
        return contact.age();
    }

    @Override
    public Optional<String> problem() {
        return contact.problem();
    }

    @Override
    public int waiting() {
        return queue.size();
    }
}
