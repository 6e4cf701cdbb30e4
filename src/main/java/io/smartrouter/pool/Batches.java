package io.smartrouter.pool;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;

/** Long lists in parts: a script holds up everybody at Redis while it runs, so none is given more than it does soon. */
public final class Batches {
    private static final int SIZE = 200;
    /** One that Redis is at, and what is made ready, or made of its answers, meanwhile. */
    private static final int AT_A_TIME = 3;

    private Batches() {}

    /**
     * Does a step for each part. Some are under way at once, so the order of parts must not matter.
     *
     * @return what the steps returned, in the list's order
     * @throws RuntimeException what a step threw; others that were under way have ended, and no more were begun
     */
    public static <T, R> List<R> each(List<T> all, Function<List<T>, R> step) {
        List<List<T>> parts = new ArrayList<>();
        for (int from = 0; from < all.size(); from += SIZE) {
            parts.add(all.subList(from, Math.min(all.size(), from + SIZE)));
        }
        return atOnce(parts, AT_A_TIME, step);
    }

    /** The same for each one of a list, so many at once. */
    public static <T, R> List<R> atOnce(List<T> all, int most, Function<T, R> step) {
        AtomicBoolean failed = new AtomicBoolean();
        List<Callable<Optional<R>>> steps = new ArrayList<>();
        for (T one : all) {
            steps.add(() -> {
                if (failed.get()) {
                    return Optional.empty();
                }
                try {
                    return Optional.of(step.apply(one));
                } catch (RuntimeException e) {
                    failed.set(true);
                    throw e;
                }
            });
        }
        try (ExecutorService threads =
                Executors.newFixedThreadPool(most, Thread.ofVirtual().factory())) {
            List<R> done = new ArrayList<>();
            for (Future<Optional<R>> outcome : threads.invokeAll(steps)) {
                outcome.get().ifPresent(done::add);
            }
            return done;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoreUnavailableException("interrupted between parts of a list", e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw new IllegalStateException(e.getCause());
        }
    }
}
