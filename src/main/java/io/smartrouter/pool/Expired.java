package io.smartrouter.pool;

import org.jspecify.annotations.Nullable;

/** One thing that was due by time alone. */
public sealed interface Expired {
    /**
     * A call passed its deadline and has ended.
     *
     * @param call its sid
     * @param pod the pod that it held, or null if only an index knew the call
     * @param reason why it ended
     */
    record CallEnded(CallId call, @Nullable String pod, String reason) implements Expired {}

    /**
     * A time-bound fact about a pod ended.
     *
     * @param pod its name
     * @param state its state now
     */
    record PodDerived(String pod, PodState state) implements Expired {}
}
