package io.smartrouter.stream;

import io.smartrouter.pool.HeartbeatOutcome;
import io.smartrouter.pool.LeaseClaim;
import io.smartrouter.pool.PoolManager;
import io.smartrouter.pool.ReleaseOutcome;
import io.smartrouter.pool.ReleaseRequest;
import io.smartrouter.web.JsonBody;
import io.smartrouter.web.Problem;
import io.smartrouter.web.ProblemCode;
import io.smartrouter.web.ReleaseAnswer;
import io.smartrouter.web.StreamSide;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/**
 * The agent's side: the token of its stream URL is its proof, and speaks for its own call and lease alone. Until when
 * the stream had to connect is not asked here: an agent that has the token has the stream.
 */
@RestController
@StreamSide
@RequestMapping(
        path = {"/calls/{sid}", "/api/v1/calls/{sid}"},
        produces = MediaType.APPLICATION_JSON_VALUE)
class AgentController {
    private static final Logger log = LoggerFactory.getLogger(AgentController.class);

    private final PoolManager pool;

    AgentController(PoolManager pool) {
        this.pool = pool;
    }

    /**
     * A claim that stands.
     *
     * @param success true
     * @param state {@code live}, or {@code restored} if the claim brought the call back
     */
    record Answer(boolean success, String state) implements JsonBody {}

    /** Why an agent ended a call. */
    record EndedBody(@Nullable String reason) implements JsonBody {}

    @PostMapping("/connected")
    ResponseEntity<?> connected(LeaseClaim claim) {
        return answer(claim, pool.connected(claim));
    }

    @PostMapping("/heartbeat")
    ResponseEntity<?> heartbeat(LeaseClaim claim) {
        return answer(claim, pool.heartbeat(claim));
    }

    private static ResponseEntity<?> answer(LeaseClaim claim, HeartbeatOutcome outcome) {
        if (outcome != HeartbeatOutcome.LIVE) {
            log.info("agent's claim sid={} pod={} outcome={}", claim.call(), claim.pod(), outcome);
        }
        return switch (outcome) {
            case LIVE -> ResponseEntity.ok(new Answer(true, "live"));
            case RESTORED -> ResponseEntity.ok(new Answer(true, "restored"));
            case ENDED ->
                Problem.of(ProblemCode.CALL_ENDED, HttpStatus.GONE.value(), "The call has ended: close its stream.")
                        .answer();
            case STALE_LEASE ->
                Problem.of(ProblemCode.STALE_LEASE, "The call has another lease now, or is lost: close this stream.")
                        .answer();
            case UNKNOWN_CALL ->
                Problem.of(ProblemCode.UNKNOWN_CALL, "Nobody knows the call, or not any more: close its stream.")
                        .answer();
            case TOO_LATE -> throw new IllegalStateException("an agent's claim has no deadline");
            case UNKNOWN_POD ->
                Problem.of(
                                ProblemCode.UNKNOWN_POD,
                                HttpStatus.SERVICE_UNAVAILABLE.value(),
                                "The pod is not registered yet: keep the stream, and send this again.")
                        .answer();
        };
    }

    @PostMapping(path = "/ended", consumes = MediaType.APPLICATION_JSON_VALUE)
    ResponseEntity<?> ended(LeaseClaim claim, @RequestBody(required = false) @Nullable EndedBody body) {
        String reason = body == null || body.reason() == null ? "agent_ended" : body.reason();
        ReleaseOutcome outcome =
                pool.release(new ReleaseRequest(claim.call(), new ReleaseRequest.Right.Holder(claim.lease()), reason));
        if (outcome instanceof ReleaseOutcome.Released released) {
            log.info("call ended by its agent sid={} pod={} reason={}", claim.call(), released.pod(), reason);
        }
        return ReleaseAnswer.of(outcome);
    }
}
