package io.smartrouter.pool.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.smartrouter.pool.AllocationOutcome;
import io.smartrouter.pool.AllocationOutcome.Allocated;
import io.smartrouter.pool.AllocationOutcome.CallEnded;
import io.smartrouter.pool.AllocationOutcome.Waiting;
import io.smartrouter.pool.AllocationRequest;
import io.smartrouter.pool.CallId;
import io.smartrouter.pool.CallState;
import io.smartrouter.pool.Hold;
import io.smartrouter.pool.Lease;
import io.smartrouter.pool.ReleaseOutcome;
import io.smartrouter.pool.ReleaseRequest;
import io.smartrouter.pool.ReleaseRequest.Right;
import io.smartrouter.testing.TestRedis;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A call that we place has two names: that of our request, known first, and its own. Its end may come by either. */
class BegunByRequestIT {
    private static final CallId CALL = new CallId("call-1");
    private static final CallId REQUEST = new CallId("request-1");
    private static final Right OWNER = new Right.Owner("plivo", "MA1");
    private static final Hold HOLD = new Hold(Duration.ofMinutes(5), Duration.ofSeconds(10));

    private static TestRedis redis;
    private StoreFixture fixture;

    @BeforeAll
    static void startRedis() {
        redis = TestRedis.start();
    }

    @AfterAll
    static void stopRedis() {
        redis.close();
    }

    @BeforeEach
    void onePod() {
        fixture =
                new StoreFixture(redis, Map.of("router.settle.quarantine", "0s", "router.redis.command-timeout", "5s"));
        fixture.flush();
        fixture.cluster(CorePods.pods(1));
        fixture.pool().settlement().settle();
    }

    @AfterEach
    void invariantsHold() {
        assertThat(Invariants.violations(RedisDump.of(fixture.template(), "voice"), "voice"))
                .isEmpty();
        fixture.close();
    }

    @Test
    void answerThenEndOfTheRequest() {
        assertThat(answer("MA1", null)).isInstanceOf(Allocated.class);
        assertThat(end(REQUEST, OWNER)).isInstanceOf(ReleaseOutcome.Released.class);
        assertThat(state()).isEqualTo(CallState.ENDED);
        assertThat(answer("MA1", null)).isInstanceOf(CallEnded.class);
    }

    @Test
    void endOfTheRequestThenAnswer() {
        assertThat(end(REQUEST, OWNER)).isInstanceOf(ReleaseOutcome.UnknownCall.class);
        assertThat(answer("MA1", null))
                .isInstanceOfSatisfying(
                        CallEnded.class, ended -> assertThat(ended.reason()).isEqualTo("hangup"));
        // From now on the call is over by its own name, too, whoever asks and by whatever name.
        assertThat(state()).isEqualTo(CallState.ENDED);
        assertThat(fixture.manager().allocate(new AllocationRequest(CALL, "plivo", "MA1", null)))
                .isInstanceOf(CallEnded.class);
        assertThat(fixture.manager().liveCalls()).isZero();
    }

    @Test
    void operatorEndsTheRequestThenAnswer() {
        end(REQUEST, new Right.Operator(null));
        assertThat(answer("MA1", null)).isInstanceOf(CallEnded.class);
    }

    @Test
    void anotherAccountsEndOfThatRequestIsNoEndOfThisCall() {
        end(REQUEST, new Right.Owner("plivo", "MA2"));
        assertThat(answer("MA1", null)).isInstanceOf(Allocated.class);
    }

    @Test
    void anotherProvidersEndOfThatRequestIsNoEndOfThisCall() {
        end(REQUEST, new Right.Owner("twilio", "MA1"));
        assertThat(answer("MA1", null)).isInstanceOf(Allocated.class);
    }

    @Test
    void endOfALeaseSpeaksForNoCallThatTheRequestBegan() {
        end(REQUEST, new Right.Holder(new Lease("lease-of-a-call-with-that-name")));
        assertThat(answer("MA1", null)).isInstanceOf(Allocated.class);
    }

    @Test
    void endOfTheRequestWhileTheCallWaits() {
        assertThat(fixture.manager().allocate(new AllocationRequest(new CallId("other"), "plivo", "MA1", null)))
                .isInstanceOf(Allocated.class);
        assertThat(answer("MA1", HOLD)).isInstanceOf(Waiting.class);
        end(REQUEST, OWNER);
        assertThat(fixture.template().opsForZSet().size("voice:waiting")).isZero();
        assertThat(answer("MA1", HOLD)).isInstanceOf(CallEnded.class);
    }

    @Test
    void endOfTheRequestBeforeTheCallWouldWait() {
        assertThat(fixture.manager().allocate(new AllocationRequest(new CallId("other"), "plivo", "MA1", null)))
                .isInstanceOf(Allocated.class);
        // It asks without the other name first, as the plain API does, and waits.
        fixture.manager().allocate(new AllocationRequest(CALL, "plivo", "MA1", null, HOLD, null));
        end(REQUEST, OWNER);
        assertThat(answer("MA1", HOLD)).isInstanceOf(CallEnded.class);
        assertThat(fixture.template().opsForZSet().size("voice:waiting")).isZero();
    }

    private AllocationOutcome answer(String account, @Nullable Hold hold) {
        return fixture.manager().allocate(new AllocationRequest(CALL, "plivo", account, null, hold, REQUEST.value()));
    }

    private ReleaseOutcome end(CallId name, Right right) {
        return fixture.manager().release(new ReleaseRequest(name, right, "hangup"));
    }

    private CallState state() {
        return fixture.manager().call(CALL).orElseThrow().state();
    }
}
