package io.smartrouter.web;

import io.smartrouter.pool.ReleaseOutcome;
import io.smartrouter.pool.ReleaseOutcome.AlreadyEnded;
import io.smartrouter.pool.ReleaseOutcome.Deferred;
import io.smartrouter.pool.ReleaseOutcome.NotOwner;
import io.smartrouter.pool.ReleaseOutcome.Released;
import io.smartrouter.pool.ReleaseOutcome.StaleLease;
import io.smartrouter.pool.ReleaseOutcome.UnknownCall;
import org.jspecify.annotations.Nullable;
import org.springframework.http.ResponseEntity;

/**
 * A release in the words of the JSON API, whoever asked for it.
 *
 * @param success true
 * @param podName the pod that the call held, or null if it never had one
 * @param releasedToPool the pool that the pod stands in now, or null
 * @param wasDraining whether the pod gets no new calls, because it drains
 */
public record ReleaseAnswer(
        boolean success, @Nullable String podName, @Nullable String releasedToPool, boolean wasDraining)
        implements JsonBody {
    /** The answer to an outcome. */
    public static ResponseEntity<?> of(ReleaseOutcome outcome) {
        return switch (outcome) {
            case Released released ->
                ResponseEntity.ok(
                        new ReleaseAnswer(true, released.pod(), released.releasedTo(), released.wasDraining()));
            case AlreadyEnded ended ->
                ResponseEntity.ok(new ReleaseAnswer(true, ended.pod(), ended.releasedTo(), false));
            case UnknownCall unknown ->
                Problem.of(ProblemCode.UNKNOWN_CALL, "No call has this call_sid, or it ended over an hour ago.")
                        .answer();
            case StaleLease stale ->
                Problem.of(ProblemCode.STALE_LEASE, "The call has another lease now, or none; nothing was released.")
                        .answer();
            case NotOwner other ->
                Problem.of(
                                ProblemCode.CALL_OF_ANOTHER_ACCOUNT,
                                "The call belongs to another provider or account; nothing was released.")
                        .answer();
            case Deferred deferred ->
                Problem.of(
                                ProblemCode.STORE_UNAVAILABLE,
                                "Redis gave no answer; the release is kept and will be tried again by this router.")
                        .answer();
        };
    }
}
