package io.smartrouter.api;

import io.smartrouter.pool.Allocation;
import io.smartrouter.pool.AllocationOutcome.Allocated;
import io.smartrouter.pool.AllocationOutcome.CallEnded;
import io.smartrouter.pool.AllocationOutcome.Exhausted;
import io.smartrouter.pool.AllocationOutcome.MerchantLimit;
import io.smartrouter.pool.AllocationOutcome.NotOwner;
import io.smartrouter.pool.AllocationOutcome.Waiting;
import io.smartrouter.pool.AllocationRequest;
import io.smartrouter.pool.CallId;
import io.smartrouter.pool.InvalidInputException;
import io.smartrouter.pool.PoolManager;
import io.smartrouter.stream.StreamUrl;
import io.smartrouter.web.Fields;
import io.smartrouter.web.JsonBody;
import io.smartrouter.web.Problem;
import io.smartrouter.web.ProblemCode;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;

/**
 * {@code POST /allocate} for JSON clients. The path is shared: a request in a provider's own shape, or with any
 * provider's signature header, is not matched here, so that a key can never stand in for a signature.
 */
@ApiController
class AllocateController {
    private static final Logger log = LoggerFactory.getLogger(AllocateController.class);

    private final PoolManager pool;
    private final StreamUrl streamUrl;

    AllocateController(PoolManager pool, StreamUrl streamUrl) {
        this.pool = pool;
        this.streamUrl = streamUrl;
    }

    /** What a client asks; {@code flow} and {@code template} are older clients' and choose nothing. */
    record Body(
            @Nullable String callSid,
            @Nullable String merchantId,
            @Nullable String resellerId,
            @Nullable String provider,
            @Nullable String flow,
            @Nullable String template)
            implements JsonBody {
        AllocationRequest toRequest() {
            Fields.harmless("flow", flow);
            Fields.harmless("template", template);
            if (merchantId != null && resellerId != null && !merchantId.equals(resellerId)) {
                throw new InvalidInputException(
                        "reseller_id", "is another name of merchant_id; send one of them, or both the same");
            }
            return new AllocationRequest(
                    new CallId(Fields.required("call_sid", callSid)),
                    provider,
                    null,
                    merchantId == null ? resellerId : merchantId);
        }
    }

    record Answer(
            boolean success,
            String callSid,
            String podName,
            String wsUrl,
            String sourcePool,
            boolean wasExisting,
            Instant allocatedAt)
            implements JsonBody {}

    @PostMapping(
            path = "/allocate",
            consumes = MediaType.APPLICATION_JSON_VALUE,
            headers = {
                "!X-Plivo-Signature-V3",
                "!X-Plivo-Signature-Ma-V3",
                "!X-Plivo-Signature-V2",
                "!X-Plivo-Signature",
                "!X-Twilio-Signature"
            })
    ResponseEntity<?> allocate(@RequestBody Body body) {
        AllocationRequest request = body.toRequest();
        return switch (pool.allocate(request)) {
            case Allocated allocated -> answer(allocated);
            case CallEnded ended ->
                Problem.of(ProblemCode.CALL_ENDED, "The call is over and gets no pod; a new call needs a new call_sid.")
                        .answer();
            case NotOwner other ->
                Problem.of(
                                ProblemCode.CALL_OF_ANOTHER_ACCOUNT,
                                "The call_sid is in use by another provider or account.")
                        .answer();
            case MerchantLimit limit -> {
                log.warn(
                        "merchant limit reached sid={} merchant={} limit={}",
                        request.call(),
                        limit.merchant(),
                        limit.limit());
                yield Problem.of(
                                ProblemCode.MERCHANT_LIMIT,
                                "The merchant has %d live calls, as many as its max_concurrent_calls allows."
                                        .formatted(limit.limit()))
                        .answer();
            }
            case Waiting waiting -> // never asked for here: an HTTP client waits by asking again
                Problem.of(ProblemCode.EXHAUSTED, "No pod is free yet; ask again.")
                        .answer();
            case Exhausted exhausted -> {
                log.warn("exhausted sid={} chain={}", request.call(), exhausted.chain());
                yield Problem.of(ProblemCode.EXHAUSTED, "No pod is free in any pool that this call may use; try again.")
                        .answer();
            }
        };
    }

    private ResponseEntity<Answer> answer(Allocated allocated) {
        Allocation allocation = allocated.allocation();
        if (!allocated.existing()) {
            log.info("call allocated sid={} pod={} pool={}", allocation.call(), allocation.pod(), allocation.pool());
        }
        return ResponseEntity.ok(new Answer(
                true,
                allocation.call().value(),
                allocation.pod(),
                streamUrl.of(allocation),
                allocation.pool(),
                allocated.existing(),
                allocation.allocatedAt()));
    }
}
