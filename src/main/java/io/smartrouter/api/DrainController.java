package io.smartrouter.api;

import io.smartrouter.api.ApiKeys.Caller;
import io.smartrouter.pool.DrainOutcome;
import io.smartrouter.pool.DrainOutcome.Done;
import io.smartrouter.pool.DrainOutcome.UnknownPod;
import io.smartrouter.pool.PodState;
import io.smartrouter.pool.PoolManager;
import io.smartrouter.web.Fields;
import io.smartrouter.web.JsonBody;
import java.util.Locale;
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

    private final PoolManager pool;

    DrainController(PoolManager pool) {
        this.pool = pool;
    }

    record Body(@Nullable String podName) implements JsonBody {}

    record Answer(boolean success, String podName, boolean hasActiveCall, int activeCalls, String state, String message)
            implements JsonBody {}

    @PostMapping(path = "/drain", consumes = MediaType.APPLICATION_JSON_VALUE)
    ResponseEntity<?> drain(@RequestBody Body body, @RequestAttribute(ApiKeyInterceptor.CALLER) Caller caller) {
        String pod = Fields.required("pod_name", body.podName());
        return answer("drained", pool.drain(pod), caller);
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
                        message(done, pod)));
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
