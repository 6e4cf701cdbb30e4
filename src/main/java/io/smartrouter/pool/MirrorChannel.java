package io.smartrouter.pool;

import java.util.function.Consumer;

/** How routers hear of each other and of settlements. Who does not hear joins after the opening. */
public interface MirrorChannel {
    /**
     * Says something to all routers, this one included.
     *
     * @return how many hear it, as far as is known: of a cluster those at one of its nodes, none if it could not be said
     */
    int say(String message);

    /** Listens from now on, if it does not already. */
    void listen(Consumer<String> to);
}
