package io.smartrouter.pool.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.smartrouter.pool.AllocationOutcome.Allocated;
import io.smartrouter.pool.AllocationRequest;
import io.smartrouter.pool.CallId;
import io.smartrouter.pool.ReleaseOutcome;
import io.smartrouter.pool.ReleaseRequest;
import io.smartrouter.pool.StoreUnavailableException;
import io.smartrouter.testing.TestRedis;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What Redis cannot say is never read as "free", and nothing is written by halves. */
class HonestFaultsIT {
    private static final AllocationRequest REQUEST = new AllocationRequest(new CallId("call-1"), "plivo", null, "acme");
    private static final ReleaseRequest RELEASE =
            new ReleaseRequest(new CallId("call-1"), new ReleaseRequest.Right.Operator(null), "released");

    @ParameterizedTest
    @ValueSource(
            strings = {
                "calls",
                "events",
                "config:applied",
                "call:call-1",
                "merchant:acme:calls",
                "pool:default:available",
                "lock:call:call-1"
            })
    void aKeyOfAnotherTypeStopsAllocateBeforeItsFirstWrite(String key) {
        try (TestRedis redis = TestRedis.start();
                StoreFixture fixture = open(redis)) {
            fixture.template().delete("voice:" + key);
            if (key.startsWith("lock") || key.equals("config:applied")) {
                fixture.template().opsForList().leftPush("voice:" + key, "nonsense");
            } else {
                fixture.template().opsForValue().set("voice:" + key, "nonsense");
            }
            RedisDump before = dump(fixture, key);
            assertThatThrownBy(() -> fixture.manager().allocate(REQUEST)).isInstanceOf(StoreUnavailableException.class);
            assertThat(dump(fixture, key)).isEqualTo(before);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "calls",
                "merchant:acme:calls",
                "pod:voice-agent-0",
                "pod:voice-agent-0:calls",
                "pool:default:available"
            })
    void aKeyOfAnotherTypeKeepsAReleaseForLater(String key) {
        try (TestRedis redis = TestRedis.start();
                StoreFixture fixture = open(redis)) {
            assertThat(fixture.manager().allocate(REQUEST)).isInstanceOf(Allocated.class);
            fixture.template().delete("voice:" + key);
            fixture.template().opsForValue().set("voice:" + key, "nonsense");
            RedisDump before = dump(fixture, key);
            assertThat(fixture.manager().release(RELEASE)).isInstanceOf(ReleaseOutcome.Deferred.class);
            assertThat(dump(fixture, key)).isEqualTo(before);
            assertThat(fixture.pool().deferred().size()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"pods:due", "pool:default:pods", "pool:default:probe_failed"})
    void aKeyOfAnotherTypeThatAReleaseDoesNotNeedKeepsItFromNothing(String key) {
        try (TestRedis redis = TestRedis.start();
                StoreFixture fixture = open(redis)) {
            assertThat(fixture.manager().allocate(REQUEST)).isInstanceOf(Allocated.class);
            fixture.template().delete("voice:" + key);
            fixture.template().opsForValue().set("voice:" + key, "nonsense");
            assertThat(fixture.manager().release(RELEASE)).isInstanceOf(ReleaseOutcome.Released.class);
        }
    }

    @Test
    void aKeptReleaseIsStoredWhenRedisCanAgain() {
        try (TestRedis redis = TestRedis.start();
                StoreFixture fixture = open(redis)) {
            assertThat(fixture.manager().allocate(REQUEST)).isInstanceOf(Allocated.class);
            redis.command("CONFIG SET maxmemory 1");
            assertThat(fixture.manager().release(RELEASE)).isInstanceOf(ReleaseOutcome.Deferred.class);
            assertThat(fixture.manager().release(RELEASE)).isInstanceOf(ReleaseOutcome.Deferred.class);
            assertThat(fixture.pool().deferred().size())
                    .as("one per call and right")
                    .isEqualTo(1);
            assertThatThrownBy(() ->
                            fixture.manager().allocate(new AllocationRequest(new CallId("call-2"), null, null, null)))
                    .isInstanceOf(StoreUnavailableException.class);
            redis.command("CONFIG SET maxmemory 0");
            fixture.manager().retryReleases();
            assertThat(fixture.pool().deferred().size()).isZero();
            assertThat(fixture.manager().liveCalls()).isZero();
            assertThat(Invariants.violations(dump(fixture, ""), "voice")).isEmpty();
        }
    }

    @Test
    void aMalformedRecordIsNobodysBadRequest() {
        try (TestRedis redis = TestRedis.start();
                StoreFixture fixture = open(redis)) {
            assertThat(fixture.manager().allocate(REQUEST)).isInstanceOf(Allocated.class);
            fixture.template().opsForHash().put("voice:call:call-1", "incarnation", "nonsense");
            fixture.template().opsForHash().put("voice:pod:voice-agent-0", "incarnation", "nonsense");
            assertThatThrownBy(() -> fixture.manager().allocate(REQUEST)).isInstanceOf(StoreUnavailableException.class);
            assertThatThrownBy(() -> fixture.manager().call(new CallId("call-1")))
                    .isInstanceOf(StoreUnavailableException.class);
            assertThatThrownBy(() -> fixture.manager().pod("voice-agent-0"))
                    .isInstanceOf(StoreUnavailableException.class);
        }
    }

    @Test
    void aDemotedPrimaryAnswersNothingFromItsMemory() {
        try (TestRedis redis = TestRedis.start();
                StoreFixture fixture = open(redis)) {
            assertThat(fixture.manager().allocate(REQUEST)).isInstanceOf(Allocated.class);
            redis.command("CONFIG SET replica-serve-stale-data yes");
            redis.command("REPLICAOF 127.0.0.1 1"); // a primary that it cannot reach: it keeps its old data
            Awaitility.await().until(() -> redis.command("INFO replication").contains("role:slave"));
            assertThatThrownBy(() -> fixture.manager().allocate(REQUEST)).isInstanceOf(StoreUnavailableException.class);
        }
    }

    private static StoreFixture open(TestRedis redis) {
        StoreFixture fixture = new StoreFixture(redis, Map.of("router.settle.quarantine", "0s"));
        fixture.cluster(Cluster.ready(2));
        fixture.pool().settlement().settle();
        return fixture;
    }

    /** The data set without the key that was broken on purpose. */
    private static RedisDump dump(StoreFixture fixture, String broken) {
        if (broken.isEmpty()) {
            return RedisDump.of(fixture.template(), "voice");
        }
        fixture.template().rename("voice:" + broken, "aside");
        try {
            return RedisDump.of(fixture.template(), "voice");
        } finally {
            fixture.template().rename("aside", "voice:" + broken);
        }
    }
}
