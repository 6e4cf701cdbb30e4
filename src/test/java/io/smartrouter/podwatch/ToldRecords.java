package io.smartrouter.podwatch;

import io.smartrouter.pool.CallId;
import io.smartrouter.pool.Incarnation;
import io.smartrouter.pool.Pod;
import io.smartrouter.pool.PodChange;
import io.smartrouter.pool.PodChange.Kind;
import io.smartrouter.pool.PodFacts;
import io.smartrouter.pool.PoolManager;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;

/** The real store, and what it was told. */
final class ToldRecords implements PodRecords {
    /** One thing that was told, by the version of its event, and what it changed. */
    record Told(String pod, String version, Kind kind, List<CallId> lost) {}

    private final PodRecords store;
    private final List<Told> told = new CopyOnWriteArrayList<>();

    ToldRecords(PoolManager manager) {
        this.store = PodRecords.of(manager);
    }

    @Override
    public PodChange observe(PodFacts facts) {
        return noted(facts.pod(), facts.version(), store.observe(facts));
    }

    @Override
    public PodChange gone(String pod, Incarnation incarnation, Optional<String> version) {
        return noted(pod, version.orElse(""), store.gone(pod, incarnation, version));
    }

    private PodChange noted(String pod, String version, PodChange change) {
        told.add(new Told(pod, version, change.kind(), change.lostCalls()));
        return change;
    }

    @Override
    public List<Pod> pods() {
        return store.pods();
    }

    /** What was told since the last {@link #forget}. */
    List<Told> told() {
        return List.copyOf(told);
    }

    /** What changed, without what was told in vain: a comparison may tell the same again. */
    List<Kind> changes() {
        return told.stream().map(Told::kind).filter(kind -> kind != Kind.STALE).toList();
    }

    /** Whether an event of this version was told and found old. */
    boolean foundOld(String version) {
        return told.stream()
                .anyMatch(each -> each.kind() == Kind.STALE && each.version().equals(version));
    }

    void forget() {
        told.clear();
    }
}
