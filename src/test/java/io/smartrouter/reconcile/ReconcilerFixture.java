package io.smartrouter.reconcile;

import io.smartrouter.podwatch.PodNews;
import io.smartrouter.pool.AgentProbe;
import io.smartrouter.pool.PodWord;
import io.smartrouter.pool.Repair;
import io.smartrouter.pool.Ticker;
import io.smartrouter.pool.Tokens;
import io.smartrouter.pool.redis.StoreFixture;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;

/** A reconciler over a real Redis, whose news of pods is told at once, as the watch would. */
final class ReconcilerFixture {
    final Reconciler reconciler;
    final Inspection inspection;
    final List<Repair> mended = new ArrayList<>();
    final List<AgentQuestion> silent = new ArrayList<>();
    volatile Function<String, OptionalInt> agentCalls = address -> OptionalInt.empty();
    private final StoreFixture store;

    ReconcilerFixture(StoreFixture store) {
        this.store = store;
        ReconcileProperties properties = new ReconcileProperties(Duration.ofSeconds(30), Duration.ofSeconds(30));
        inspection = new Inspection(store.reconciling(), store.watch(), store.properties(), properties);
        AgentProbe probe = new AgentProbe() {
            @Override
            public boolean answers(String address) {
                return true;
            }

            @Override
            public boolean saysFree(String address) {
                return false;
            }

            @Override
            public OptionalInt activeCalls(String address) {
                return agentCalls.apply(address);
            }

            @Override
            public boolean refuses(String address) {
                return false;
            }
        };
        ReconcileListener listener = new ReconcileListener() {
            @Override
            public void mended(Repair repair) {
                mended.add(repair);
            }

            @Override
            public void silent(AgentQuestion pod) {
                silent.add(pod);
            }
        };
        reconciler = new Reconciler(
                inspection,
                store.reconciling(),
                store.store(),
                store.watch(),
                this::told,
                probe,
                properties,
                Tokens.secure(),
                Ticker.system(),
                List.of(listener));
    }

    private void told(PodNews news) {
        switch (news) {
            case PodNews.Seen seen -> store.manager().observe(seen.facts());
            case PodNews.Deleted deleted ->
                store.manager().gone(deleted.pod(), deleted.incarnation(), deleted.version());
            case PodNews.Missing missing -> {
                switch (store.watch().ask(missing.pod(), Duration.ofSeconds(1))) {
                    case PodWord.Present present -> store.manager().observe(present.facts());
                    case PodWord.Absent absent ->
                        store.manager().gone(missing.pod(), missing.incarnation(), Optional.empty());
                    case PodWord.Silent quiet -> {}
                }
            }
        }
    }

    ReconcileOutcome.Reconciled run() {
        return (ReconcileOutcome.Reconciled) reconciler.reconcile();
    }
}
