package io.smartrouter.api;

import io.smartrouter.pool.Call;
import io.smartrouter.pool.CallId;
import io.smartrouter.pool.LeaseClaim;
import io.smartrouter.pool.PoolManager;
import io.smartrouter.web.JsonBody;
import io.smartrouter.web.Problem;
import io.smartrouter.web.ProblemCode;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestAttribute;

/** {@code GET /calls/{sid}}: for a key any call, for a stream token its own while it has that lease. */
@ApiController
class CallController {
    private final PoolManager pool;

    CallController(PoolManager pool) {
        this.pool = pool;
    }

    /** A call's record; {@link Call} says what each means. */
    record Answer(
            String callSid,
            String state,
            @Nullable String provider,
            @Nullable String account,
            @Nullable String merchantId,
            @Nullable String podName,
            @Nullable String sourcePool,
            @Nullable String incarnation,
            @Nullable String lease,
            @Nullable Instant allocatedAt,
            @Nullable Instant connectBy,
            @Nullable Instant connectedAt,
            @Nullable Instant endedAt,
            @Nullable String endReason,
            int continues,
            boolean takesOver)
            implements JsonBody {
        static Answer of(Call call) {
            return new Answer(
                    call.id().value(),
                    call.state().word(),
                    call.provider(),
                    call.account(),
                    call.merchant(),
                    call.pod(),
                    call.pool(),
                    call.incarnation() == null ? null : call.incarnation().toString(),
                    call.lease() == null ? null : call.lease().value(),
                    call.allocatedAt(),
                    call.connectBy(),
                    call.connectedAt(),
                    call.endedAt(),
                    call.endReason(),
                    call.continues(),
                    call.continues() > 0);
        }
    }

    @GetMapping("/calls/{sid}")
    @OwnStreamToken
    ResponseEntity<?> call(
            @PathVariable String sid,
            @RequestAttribute(name = OwnStreamToken.CLAIM, required = false) @Nullable LeaseClaim claim) {
        Optional<Call> found = pool.call(new CallId(sid));
        if (found.isEmpty()) {
            return Problem.of(ProblemCode.UNKNOWN_CALL, "No call has this call_sid, or it ended over an hour ago.")
                    .answer();
        }
        Call call = found.get();
        if (claim != null && !claim.lease().equals(call.lease())) {
            return Problem.of(ProblemCode.STALE_LEASE, "The call has another lease than this stream token.")
                    .answer();
        }
        return ResponseEntity.ok(Answer.of(call));
    }
}
