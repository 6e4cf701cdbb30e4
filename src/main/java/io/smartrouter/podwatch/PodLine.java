package io.smartrouter.podwatch;

import io.smartrouter.podwatch.PodNews.Deleted;
import io.smartrouter.podwatch.PodNews.Missing;
import io.smartrouter.podwatch.PodNews.Seen;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What waits to be told of one pod, in order. While the store is away a pod may change often; so of one object's facts
 * the newest stand for all before them. A deletion is never folded away, nor another object of the same name, nor a
 * container's id by facts that do not know it. A question is answered by what is seen after it: the same object
 * disproves the deletion, another one with a newer version than the event that said so proves it.
 */
final class PodLine {
    private final Deque<PodNews> waiting = new ArrayDeque<>();

    void add(PodNews news) {
        PodNews last = waiting.peekLast();
        if (last instanceof Missing question) {
            waiting.removeLast();
            PodNews answer = answered(question, news);
            if (answer != null) {
                waiting.addLast(answer);
            }
            last = waiting.peekLast();
        }
        if (last instanceof Seen earlier && news instanceof Seen later && folds(earlier, later)) {
            if (Versions.isNewer(earlier.facts().version(), later.facts().version())) {
                return;
            }
            waiting.removeLast();
        }
        if (last instanceof Deleted && !(news instanceof Seen) && last.sameObject(news)) {
            return;
        }
        waiting.addLast(news);
    }

    /** What stands instead of a question when something came after it. */
    private static @Nullable PodNews answered(Missing question, PodNews news) {
        if (news.sameObject(question)) {
            return null; // seen again, deleted for sure, or asked again
        }
        if (!(news instanceof Seen other)) {
            return question;
        }
        // Without the version of an event nothing is proven: the list may be older than what the store knows. The
        // store compares versions when it is told of the other object.
        return question.version().isPresent()
                        && Versions.isNewer(
                                other.facts().version(), question.version().get())
                ? new Deleted(question.pod(), question.incarnation(), question.version())
                : null;
    }

    private static boolean folds(Seen earlier, Seen later) {
        return earlier.sameObject(later)
                && (later.incarnation().isComplete() || !earlier.incarnation().isComplete());
    }

    @Nullable
    PodNews take() {
        return waiting.pollFirst();
    }

    /** Puts back what was taken and could not be told; what came meanwhile may stand for it. */
    void putBack(PodNews news) {
        List<PodNews> later = List.copyOf(waiting);
        waiting.clear();
        add(news);
        later.forEach(this::add);
    }

    boolean isEmpty() {
        return waiting.isEmpty();
    }
}
