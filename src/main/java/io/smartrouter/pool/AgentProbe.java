package io.smartrouter.pool;

/** Asks a pod's agent directly. Both questions are bounded in time and never throw. */
public interface AgentProbe {
    /**
     * Whether something listens at the agent's address, by the means that {@code router.probe} names.
     *
     * @param address {@code host:port}
     */
    boolean answers(String address);

    /**
     * Whether the agent says that it serves no call. Silence, an error or no status URL is no word.
     *
     * @param address {@code host:port}
     */
    boolean saysFree(String address);
}
