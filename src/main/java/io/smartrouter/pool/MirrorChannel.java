package io.smartrouter.pool;

import java.util.OptionalInt;
import java.util.function.Consumer;

/** How routers hear of each other and of settlements. Who does not hear joins after the opening. */
public interface MirrorChannel {
    /**
     * Says something to all routers, this one included.
     *
     * @return how many hear it, in a Cluster those at one of its nodes; empty if it could not be said
     */
    OptionalInt say(String message);

    /** Listens from now on, if it does not already. */
    void listen(Consumer<String> to);
}
