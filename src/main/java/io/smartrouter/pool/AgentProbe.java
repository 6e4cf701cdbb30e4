package io.smartrouter.pool;

import java.util.OptionalInt;

/** Asks a pod's agent directly. All questions are bounded in time and never throw. */
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

    /**
     * How many calls the agent says that it serves. Empty is no word: silence, an error or no status URL.
     *
     * @param address {@code host:port}
     */
    default OptionalInt activeCalls(String address) {
        return OptionalInt.empty();
    }

    /**
     * Whether the agent's machine says that nothing listens there: a refused connection, which is a proof, and not
     * silence, which is none.
     *
     * @param address {@code host:port}
     */
    boolean refuses(String address);
}
