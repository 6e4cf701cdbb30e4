package io.smartrouter.ops;

import io.smartrouter.pool.StoreUnavailableException;
import io.smartrouter.reconcile.Finding;
import io.smartrouter.reconcile.Inspection;
import io.smartrouter.reconcile.Invariant;
import io.smartrouter.reconcile.InvariantReport;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;
import org.springframework.stereotype.Component;

/**
 * {@code GET /actuator/invariants}: what breaks an invariant of the data set now, page by page. Each request looks at
 * the whole data set, so one is served at a time.
 */
@Component
@Endpoint(id = "invariants")
class InvariantsEndpoint {
    private static final int USUAL = 100;
    private static final int MOST = 1_000;
    private static final int BAD_REQUEST = 400;
    private static final int UNAVAILABLE = 503;
    private static final int BUSY = 429;

    private final Inspection inspection;
    private final ReentrantLock one = new ReentrantLock();

    InvariantsEndpoint(Inspection inspection) {
        this.inspection = inspection;
    }

    /**
     * The page.
     *
     * @param after where the page before ended ({@code next_after}), or null for the first
     * @param limit how many at most
     */
    @ReadOperation
    WebEndpointResponse<Map<String, Object>> invariants(@Nullable String after, @Nullable Integer limit) {
        int most = limit == null ? USUAL : limit;
        if (most < 1 || most > MOST) {
            return problem(BAD_REQUEST, "limit must be 1 to " + MOST);
        }
        if (!one.tryLock()) {
            return problem(BUSY, "another request looks at the data set; ask again");
        }
        try {
            return new WebEndpointResponse<>(page(inspection.report(), after == null ? "" : after, most));
        } catch (StoreUnavailableException e) {
            return problem(UNAVAILABLE, "Redis gave no answer in time; nothing is known");
        } finally {
            one.unlock();
        }
    }

    private static Map<String, Object> page(InvariantReport report, String after, int limit) {
        List<Finding> rest = report.violations().stream()
                .filter(finding -> InvariantReport.key(finding).compareTo(after) > 0)
                .toList();
        List<Finding> shown = rest.subList(0, Math.min(limit, rest.size()));
        Map<String, Object> page = new LinkedHashMap<>();
        page.put("looked_at", report.lookedAt().toString());
        page.put("open", report.open());
        page.put("live_calls", report.calls());
        page.put("pods", report.pods());
        page.put("overbooked", report.overbooked());
        page.put("violations_total", report.violations().size());
        Map<String, Long> counts = new LinkedHashMap<>();
        report.counts().forEach((invariant, count) -> counts.put(invariant.word(), count));
        page.put("by_invariant", counts);
        page.put("violations", shown.stream().map(InvariantsEndpoint::view).toList());
        page.put("next_after", rest.size() > shown.size() ? InvariantReport.key(shown.getLast()) : null);
        return page;
    }

    private static Map<String, Object> view(Finding finding) {
        Invariant invariant = Objects.requireNonNull(finding.invariant());
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("invariant", invariant.word());
        view.put(finding.subject() == Finding.Subject.CALL ? "call_sid" : "pod_name", finding.name());
        view.put("detail", finding.detail());
        return view;
    }

    private static WebEndpointResponse<Map<String, Object>> problem(int status, String detail) {
        return new WebEndpointResponse<>(Map.of("status", status, "detail", detail), status);
    }
}
