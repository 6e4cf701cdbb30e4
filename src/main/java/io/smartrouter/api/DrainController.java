package io.smartrouter.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.smartrouter.api.ApiKeys.Caller;
import io.smartrouter.api.DrainWait.Waited;
import io.smartrouter.pool.DrainOutcome;
import io.smartrouter.pool.DrainOutcome.Done;
import io.smartrouter.pool.DrainOutcome.UnknownPod;
import io.smartrouter.pool.InvalidInputException;
import io.smartrouter.pool.Pod;
import io.smartrouter.pool.PodState;
import io.smartrouter.pool.PoolManager;
import io.smartrouter.web.Fields;
import io.smartrouter.web.JsonBody;
import io.smartrouter.web.OwnBound;
import io.smartrouter.web.Problem;
import io.smartrouter.web.ProblemCode;
import java.time.Duration;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestAttribute;
import org.springframework.web.bind.annotation.RequestBody;

/** {@code POST /drain} and {@code POST /pods/{name}/undrain}: an operator's own fact about a pod. */
@ApiController
class DrainController {
    private static final Logger log = LoggerFactory.getLogger(DrainController.class);

    private static final Pattern WAIT = Pattern.compile("([0-9]{1,5})(s|m|h)");
    private static final Duration LONGEST_WAIT = Duration.ofHours(1);

    private final PoolManager pool;
    private final DrainWait waits;

    DrainController(PoolManager pool, DrainWait waits) {
        this.pool = pool;
        this.waits = waits;
    }

    record Body(
            @Nullable String podName,
            @JsonProperty("wait") @Nullable String waitFor) implements JsonBody {
        @Nullable
        Duration toWait() {
            if (waitFor == null) {
                return null;
            }
            Matcher text = WAIT.matcher(waitFor);
            Duration duration = text.matches() ? Duration.parse("PT" + text.group(1) + text.group(2)) : Duration.ZERO;
            if (duration.isZero() || duration.compareTo(LONGEST_WAIT) > 0) {
                throw new InvalidInputException("wait", "must be a time such as 30s or 10m, at most 1h");
            }
            return duration;
        }
    }

    /**
     * What became of it.
     *
     * @param drained with {@code wait}: whether the pod has no call any more; else null
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Answer(
            boolean success,
            String podName,
            boolean hasActiveCall,
            int activeCalls,
            String state,
            String message,
            @Nullable Boolean drained)
            implements JsonBody {}

    @OwnBound // a hundred may wait; see DrainWait
    @PostMapping(path = "/drain", consumes = MediaType.APPLICATION_JSON_VALUE)
    ResponseEntity<?> drain(@RequestBody Body body, @RequestAttribute(ApiKeyInterceptor.CALLER) Caller caller) {
        String pod = Fields.required("pod_name", body.podName());
        Duration wait = body.toWait();
        if (wait == null) {
            return answer("drained", pool.drain(pod), caller);
        }
        if (!waits.enter()) {
            return Problem.of(ProblemCode.OVERLOADED, "As many drains wait here as may; ask again, or without wait.")
                    .answer();
        }
        try {
            ResponseEntity<?> drained = answer("drained", pool.drain(pod), caller);
            return drained.getBody() instanceof Answer ? answer(pod, waits.await(pod, wait)) : drained;
        } finally {
            waits.leave();
        }
    }

    private static ResponseEntity<?> answer(String name, Waited waited) {
        Pod pod = waited.pod();
        return switch (waited.end()) {
            case EMPTY -> answer(name, pod, true, "drained: its last call has ended");
            case GONE -> answer(name, null, true, "drained: its incarnation is gone, and its calls with it");
            case UNDRAINED -> answer(name, pod, false, "somebody undrained the pod meanwhile; it takes calls");
            case TIME_OVER -> answer(name, pod, false, "the time is over; the pod stays drained and keeps its calls");
            case STOPPING ->
                Problem.of(ProblemCode.STOPPING, "This router stops; the pod is drained. Ask again: another one waits.")
                        .answer();
        };
    }

    private static ResponseEntity<?> answer(String name, @Nullable Pod pod, boolean drained, String message) {
        int calls = pod == null ? 0 : pod.calls();
        String state = pod == null ? PodState.GONE.word() : pod.state().word();
        return ResponseEntity.ok(new Answer(true, name, calls > 0, calls, state, message, drained));
    }

    @PostMapping("/pods/{name}/undrain")
    ResponseEntity<?> undrain(@PathVariable String name, @RequestAttribute(ApiKeyInterceptor.CALLER) Caller caller) {
        return answer("undrained", pool.undrain(name), caller);
    }

    private static ResponseEntity<?> answer(String done, DrainOutcome outcome, Caller caller) {
        return switch (outcome) {
            case Done pod -> {
                log.info(
                        "pod {} pod={} state={} calls={} key={}",
                        done,
                        pod.pod(),
                        pod.state(),
                        pod.liveCalls(),
                        caller.id());
                yield ResponseEntity.ok(new Answer(
                        true,
                        pod.pod(),
                        pod.liveCalls() > 0,
                        pod.liveCalls(),
                        pod.state().word(),
                        message(done, pod),
                        null));
            }
            case UnknownPod unknown -> PodController.UNKNOWN_POD.answer();
        };
    }

    private static String message(String done, Done pod) {
        String kept = pod.liveCalls() == 0
                ? "it has no live call"
                : "it keeps its live calls (%d)".formatted(pod.liveCalls());
        return pod.state() == PodState.READY
                ? "%s: the pod takes calls; %s".formatted(done, kept)
                : "%s: the pod is %s and gets no new calls; %s"
                        .formatted(done, pod.state().name().toLowerCase(Locale.ROOT), kept);
    }
}
