package io.smartrouter.api;

import io.smartrouter.pool.CallId;
import io.smartrouter.pool.InvalidInputException;
import io.smartrouter.pool.Pod;
import io.smartrouter.pool.PodState;
import io.smartrouter.pool.PoolManager;
import io.smartrouter.web.JsonBody;
import io.smartrouter.web.Problem;
import io.smartrouter.web.ProblemCode;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestParam;

/** {@code GET /pods}, {@code /pods/{name}} and its older name {@code /pod/{name}}. */
@ApiController
class PodController {
    static final Problem UNKNOWN_POD =
            Problem.of(ProblemCode.UNKNOWN_POD, "No pod of this name is registered; GET /pods lists those that are.");

    private final PoolManager pool;

    PodController(PoolManager pool) {
        this.pool = pool;
    }

    /**
     * A page of pods, by name.
     *
     * @param pods the page
     * @param matching how many pods match in all
     * @param nextAfter the {@code after} of the next page, or null at the end
     */
    record Answer(
            List<PodView> pods, int matching, @Nullable String nextAfter) implements JsonBody {}

    @GetMapping("/pods")
    ResponseEntity<?> pods(
            @RequestParam(name = "pool", required = false) @Nullable String inPool,
            @RequestParam(name = "state", required = false) @Nullable String inState,
            @RequestParam(name = "after", defaultValue = "") String after,
            @RequestParam(name = "limit", defaultValue = "100") int limit) {
        Page.requireLimit(limit);
        PodState state = inState == null ? null : stateOf(inState);
        List<Pod> matching = pool.pods().stream()
                .filter(pod -> inPool == null || inPool.equals(pod.pool()))
                .filter(pod -> state == null || state == pod.state())
                .sorted(Comparator.comparing(Pod::name))
                .toList();
        Page<Pod> page = Page.of(matching, Pod::name, after, limit);
        return ResponseEntity.ok(new Answer(views(page.items()), matching.size(), page.nextAfter()));
    }

    @GetMapping({"/pods/{name}", "/pod/{name}"})
    ResponseEntity<?> pod(@PathVariable String name) {
        Optional<Pod> pod = pool.pod(name);
        return pod.isPresent() ? ResponseEntity.ok(views(List.of(pod.get())).getFirst()) : UNKNOWN_POD.answer();
    }

    private List<PodView> views(List<Pod> pods) {
        Map<String, List<CallId>> calls =
                pool.callsOn(pods.stream().map(Pod::name).toList());
        return pods.stream()
                .map(pod -> PodView.of(pod, calls.getOrDefault(pod.name(), List.of())))
                .toList();
    }

    private static PodState stateOf(String word) {
        for (PodState state : PodState.values()) {
            if (state != PodState.GONE && state.word().equals(word)) {
                return state;
            }
        }
        throw new InvalidInputException("state", "must be ready, suspect or draining");
    }
}
