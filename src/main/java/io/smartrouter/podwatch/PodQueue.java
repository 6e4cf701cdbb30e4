package io.smartrouter.podwatch;

import io.fabric8.kubernetes.client.KubernetesClientException;
import io.smartrouter.podwatch.PodNews.Missing;
import io.smartrouter.pool.InvalidInputException;
import io.smartrouter.pool.StoreFaultException;
import io.smartrouter.pool.StoreUnavailableException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.DelayQueue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries news from the watch to the store without holding up the watch. News of one pod is told in order, by one
 * thread at a time; news of different pods by a few at once. Nothing is given up: while the store or Kubernetes is
 * away, what needs it stays, and one piece of news after another is tried with growing pauses, all at once when it is
 * back.
 */
final class PodQueue {
    private static final Logger log = LoggerFactory.getLogger(PodQueue.class);
    private static final int WORKERS = 4;

    private final Consumer<PodNews> teller;
    private final Outage store;
    private final Outage kubernetes;
    private final Duration afterFault;
    private final Map<String, Entry> entries = new HashMap<>();
    private final DelayQueue<Turn> turns = new DelayQueue<>();
    private volatile boolean stopped;

    /**
     * @param teller tells one piece of news, see {@link PodTeller#accept}
     * @param firstPause the pause after a first failure
     * @param longestPause the longest pause, also after a fault that nobody foresaw
     */
    PodQueue(Consumer<PodNews> teller, Duration firstPause, Duration longestPause) {
        this.teller = teller;
        this.store = new Outage(firstPause, longestPause);
        this.kubernetes = new Outage(firstPause, longestPause);
        this.afterFault = longestPause;
    }

    void start() {
        for (int i = 0; i < WORKERS; i++) {
            Thread.ofVirtual().name("podwatch-teller-" + i).start(this::work);
        }
    }

    /** Ends the workers; news that waits is dropped, for the next start sees the whole cluster again. */
    void stop() {
        stopped = true;
        for (int i = 0; i < WORKERS; i++) {
            turns.add(new Turn(null, System.nanoTime()));
        }
    }

    /** Takes news; never waits for anything but other calls of this object. */
    synchronized void add(PodNews news) {
        Entry entry = entries.computeIfAbsent(news.pod(), pod -> new Entry());
        entry.line.add(news);
        if (!entry.told) {
            // What was waited for may no longer be what comes first.
            schedule(news.pod(), entry, System.nanoTime());
        }
    }

    /** Takes news unless some of this pod waits: that is newer, or leads to it. */
    synchronized void addIfIdle(PodNews news) {
        if (!entries.containsKey(news.pod())) {
            add(news);
        }
    }

    /** How many pods have news that was not told yet. */
    synchronized int size() {
        return entries.size();
    }

    private void work() {
        while (!stopped) {
            try {
                Turn turn = turns.take();
                PodNews news = turn.pod() == null || stopped ? null : begin(turn, turn.pod());
                if (news != null) {
                    tell(news);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    private void tell(PodNews news) {
        try {
            teller.accept(news);
            told(news);
        } catch (StoreFaultException e) { // this pod's record alone: news of others goes on
            log.error("pod news kept for later pod={} problem=\"{}\"", news.pod(), e.getMessage());
            again(news, System.nanoTime() + afterFault.toNanos());
        } catch (StoreUnavailableException e) {
            away(news, store, "store", e);
        } catch (KubernetesClientException e) {
            away(news, kubernetes, "kubernetes", e);
        } catch (InvalidInputException e) {
            log.error("pod news refused, it is dropped pod={} problem={}", news.pod(), e.getMessage());
            next(news.pod(), System.nanoTime());
        } catch (RuntimeException e) {
            log.error("pod news kept for later pod={}", news.pod(), e);
            again(news, System.nanoTime() + afterFault.toNanos());
        }
    }

    private synchronized @Nullable PodNews begin(Turn turn, String pod) {
        Entry entry = entries.get(pod);
        if (entry == null || entry.turn != turn) {
            return null; // another turn was given while this one was taken
        }
        entry.turn = null;
        PodNews news = entry.line.take();
        if (news == null) {
            entries.remove(pod);
            return null;
        }
        long now = System.nanoTime();
        long wait = store.waitFor(now);
        if (wait <= 0 && news instanceof Missing) {
            wait = kubernetes.waitFor(now);
        }
        if (wait > 0) {
            entry.line.putBack(news);
            schedule(pod, entry, now + wait);
            return null;
        }
        entry.told = true;
        return news;
    }

    private synchronized void told(PodNews news) {
        boolean back = store.answered();
        if (news instanceof Missing) {
            back |= kubernetes.answered();
        }
        if (back) {
            log.info("pod news is taken again waiting={}", entries.size());
            long now = System.nanoTime();
            entries.forEach((pod, entry) -> {
                if (!entry.told) {
                    schedule(pod, entry, now);
                }
            });
        }
        next(news.pod(), System.nanoTime());
    }

    private synchronized void away(PodNews news, Outage party, String name, RuntimeException e) {
        if (party.failed(System.nanoTime())) {
            log.warn(
                    "pod news is kept, {} is away waiting={} pod={} problem={}",
                    name,
                    entries.size(),
                    news.pod(),
                    Problems.say(e));
        }
        again(news, System.nanoTime());
    }

    private synchronized void again(PodNews news, long at) {
        entry(news.pod()).line.putBack(news);
        next(news.pod(), at);
    }

    private synchronized void next(String pod, long at) {
        Entry entry = entry(pod);
        entry.told = false;
        if (entry.line.isEmpty()) {
            entries.remove(pod);
        } else {
            schedule(pod, entry, at);
        }
    }

    private Entry entry(String pod) {
        return entries.computeIfAbsent(pod, name -> new Entry());
    }

    /** Gives the pod its one turn. A later one that it had is passed over when it comes: it is not looked for among all. */
    private void schedule(String pod, Entry entry, long at) {
        if (entry.turn != null && entry.turn.at() - at <= 0) {
            return;
        }
        entry.turn = new Turn(pod, at);
        turns.add(entry.turn);
    }

    /** What waits of one pod; {@code told} while a worker tells some of it. */
    private static final class Entry {
        private final PodLine line = new PodLine();
        private @Nullable Turn turn;
        private boolean told;
    }
}
