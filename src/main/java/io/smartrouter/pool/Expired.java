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
     * A call that waited for a pod did not ask again.
     *
     * @param call its sid
     */
    record WaiterLeft(CallId call) implements Expired {}

    /**
     * A time-bound fact about a pod ended.
     *
     * @param pod its name
     * @param state its state now
     */
    record PodDerived(String pod, PodState state) implements Expired {}

    /**
     * It cannot be done, for a record that it needs is damaged. It is tried again in half a minute; a call that waits
     * is forgotten.
     *
     * @param kind call, pod or waiter
     * @param name which
     * @param why what Redis said
     */
    record PutOff(String kind, String name, String why) implements Expired {}
}
