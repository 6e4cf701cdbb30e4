package io.smartrouter.api;

import io.smartrouter.api.ApiKeys.Caller;
import io.smartrouter.pool.CallId;
import io.smartrouter.pool.Lease;
import io.smartrouter.pool.PoolManager;
import io.smartrouter.pool.ReleaseOutcome;
import io.smartrouter.pool.ReleaseRequest;
import io.smartrouter.web.Fields;
import io.smartrouter.web.JsonBody;
import io.smartrouter.web.ReleaseAnswer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestAttribute;
import org.springframework.web.bind.annotation.RequestBody;

/** {@code POST /release}: an operator's key ends a call, whatever lease it has, or only the one that it names. */
@ApiController
class ReleaseController {
    private static final Logger log = LoggerFactory.getLogger(ReleaseController.class);

    private final PoolManager pool;

    ReleaseController(PoolManager pool) {
        this.pool = pool;
    }

    record Body(
            @Nullable String callSid,
            @Nullable String reason,
            @Nullable String lease) implements JsonBody {
        ReleaseRequest toRequest() {
            return new ReleaseRequest(
                    new CallId(Fields.required("call_sid", callSid)),
                    new ReleaseRequest.Right.Operator(lease == null ? null : new Lease(lease)),
                    reason == null ? "released" : reason);
        }
    }

    @PostMapping(path = "/release", consumes = MediaType.APPLICATION_JSON_VALUE)
    ResponseEntity<?> release(@RequestBody Body body, @RequestAttribute(ApiKeyInterceptor.CALLER) Caller caller) {
        ReleaseRequest request = body.toRequest();
        ReleaseOutcome outcome = pool.release(request);
        if (outcome instanceof ReleaseOutcome.Released released) {
            log.info(
                    "call released sid={} pod={} reason={} key={}",
                    request.call(),
                    released.pod(),
                    request.reason(),
                    caller.id());
        }
        return ReleaseAnswer.of(outcome);
    }
}
