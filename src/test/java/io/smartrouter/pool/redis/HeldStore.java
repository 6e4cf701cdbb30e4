package io.smartrouter.pool.redis;

import io.smartrouter.pool.AllocationOutcome;
import io.smartrouter.pool.AllocationOutcome.Allocated;
import io.smartrouter.pool.AllocationRequest;
import io.smartrouter.pool.CallId;
import io.smartrouter.pool.CallState;
import io.smartrouter.pool.PodState;
import io.smartrouter.pool.PoolManager;
import io.smartrouter.testing.TestRedis;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The core on a real Redis whose clock a test holds, for tests of what feeds it. Its data set is open and empty. */
public final class HeldStore implements AutoCloseable {
    private final StoreFixture fixture;
    private long nowMs = 1_800_000_000_000L;

    /** Empties the server, and settles it long before now. */
    public HeldStore(TestRedis redis, Duration quarantine) {
        fixture = new StoreFixture(
                redis, Map.of("router.settle.quarantine", quarantine.toMillis() + "ms"), StoreFixture.heldClock());
        fixture.flush();
        fixture.setTime(nowMs);
        fixture.pool().settlement().settle();
        pass(quarantine.multipliedBy(2));
    }

    /** Lets time pass. */
    public void pass(Duration time) {
        nowMs += time.toMillis();
        fixture.setTime(nowMs);
    }

    /** The manager. */
    public PoolManager manager() {
        return fixture.manager();
    }

    /** Gives a call a pod, or none if none is free. */
    public Optional<String> allocate(String sid) {
        AllocationOutcome outcome =
                fixture.manager().allocate(new AllocationRequest(new CallId(sid), "plivo", null, null));
        return outcome instanceof Allocated allocated
                ? Optional.of(allocated.allocation().pod())
                : Optional.empty();
    }

    /** A call's state. */
    public CallState call(String sid) {
        return fixture.manager().call(new CallId(sid)).orElseThrow().state();
    }

    /** A pod's state, empty if it is not known. */
    public Optional<PodState> pod(String name) {
        return fixture.manager().pod(name).map(io.smartrouter.pool.Pod::state);
    }

    /** DESIGN's invariants that do not hold now. */
    public List<String> violations() {
        return Invariants.violations(RedisDump.of(fixture.template(), "voice"), "voice");
    }

    @Override
    public void close() {
        fixture.close();
    }
}
