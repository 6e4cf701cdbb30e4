package io.smartrouter.bench;

import io.smartrouter.web.Fields;
import io.smartrouter.web.JsonBody;
import io.smartrouter.web.ReleaseAnswer;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.springframework.context.annotation.Profile;
import org.springframework.http.CacheControl;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/**
 * The least that a router could do for the same requests and answers: the <em>floor</em> asks Redis one question that
 * costs it nothing, as a plain program asks; the <em>ceiling</em> does not ask.
 */
@RestController
@Profile("bench")
@RequestMapping(path = "/bench", consumes = MediaType.APPLICATION_JSON_VALUE)
class YardstickController {
    private static final String POD = "voice-agent-100";
    private static final String POOL = "gold";
    /** As long as a token's payload and signature in an answer of the router. */
    private static final String TOKEN = "k1." + "t".repeat(189);

    private static final Instant THEN = Instant.ofEpochMilli(1_767_225_600_123L);

    private final PlainRedis redis;

    YardstickController(PlainRedis redis) {
        this.redis = redis;
    }

    /** The fields of an allocate and of a release. */
    record Body(
            @Nullable String callSid,
            @Nullable String merchantId,
            @Nullable String resellerId,
            @Nullable String provider,
            @Nullable String reason)
            implements JsonBody {}

    /** As `/allocate` answers. */
    record Allocated(
            boolean success,
            String callSid,
            String podName,
            String wsUrl,
            String sourcePool,
            boolean wasExisting,
            Instant allocatedAt)
            implements JsonBody {}

    @PostMapping("/floor/allocate")
    ResponseEntity<?> floorAllocate(@RequestBody Body body) {
        redis.ask(Fields.required("call_sid", body.callSid()));
        return allocated(body);
    }

    @PostMapping("/floor/release")
    ResponseEntity<?> floorRelease(@RequestBody Body body) {
        redis.ask(Fields.required("call_sid", body.callSid()));
        return released();
    }

    @PostMapping("/ceiling/allocate")
    ResponseEntity<?> ceilingAllocate(@RequestBody Body body) {
        return allocated(body);
    }

    @PostMapping("/ceiling/release")
    ResponseEntity<?> ceilingRelease(@RequestBody Body body) {
        var _ = Fields.required("call_sid", body.callSid());
        return released();
    }

    private static ResponseEntity<?> allocated(Body body) {
        String sid = Fields.required("call_sid", body.callSid());
        String url = "wss://voice.example.com/agent/" + POD + "/" + sid + "/" + TOKEN;
        return ResponseEntity.ok()
                .cacheControl(CacheControl.noStore())
                .body(new Allocated(true, sid, POD, url, POOL, false, THEN));
    }

    private static ResponseEntity<?> released() {
        return ResponseEntity.ok().cacheControl(CacheControl.noStore()).body(new ReleaseAnswer(true, POD, POOL, false));
    }
}
