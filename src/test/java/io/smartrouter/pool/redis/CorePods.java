package io.smartrouter.pool.redis;

import io.smartrouter.pool.AllocationOutcome;
import io.smartrouter.pool.AllocationOutcome.Allocated;
import io.smartrouter.pool.AllocationRequest;
import io.smartrouter.pool.CallId;
import io.smartrouter.pool.Incarnation;
import io.smartrouter.pool.LeaseClaim;
import io.smartrouter.pool.PodFacts;
import io.smartrouter.pool.ReleaseRequest;
import java.util.List;
import java.util.stream.IntStream;

/** Pods and calls as tests of the core need them. */
final class CorePods {
    private CorePods() {}

    static PodFacts pod(int ordinal) {
        String name = "voice-agent-" + ordinal;
        return new PodFacts(
                name,
                Incarnation.of(name, "uid-" + ordinal, "containerd://1"),
                "7",
                PodFacts.Readiness.READY,
                "127.0.0.1:" + (9_000 + ordinal),
                true,
                null,
                null);
    }

    static List<PodFacts> pods(int count) {
        return IntStream.range(0, count).mapToObj(CorePods::pod).toList();
    }

    static AllocationOutcome allocate(StoreFixture store, String sid, String merchant) {
        return store.manager().allocate(new AllocationRequest(new CallId(sid), "plivo", null, merchant));
    }

    static Allocated allocated(StoreFixture store, String sid) {
        return (Allocated) allocate(store, sid, null);
    }

    static void release(StoreFixture store, String sid) {
        store.manager()
                .release(new ReleaseRequest(new CallId(sid), new ReleaseRequest.Right.Operator(null), "released"));
    }

    static LeaseClaim claim(Allocated allocated) {
        var a = allocated.allocation();
        return new LeaseClaim(
                a.call(),
                a.pod(),
                a.incarnation(),
                a.pool(),
                a.lease(),
                a.allocatedAt(),
                a.connectBy(),
                a.provider(),
                a.account(),
                a.merchant(),
                a.continues());
    }
}
