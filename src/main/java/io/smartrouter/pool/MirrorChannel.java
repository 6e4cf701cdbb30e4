package io.smartrouter.pool;

import java.util.function.Consumer;

/** How routers hear of each other and of settlements. Nothing depends on it but how soon something happens. */
public interface MirrorChannel {
    /** Says something to all routers, this one included. */
    void say(String message);

    /** Listens from now on, if it does not already. */
    void listen(Consumer<String> to);
}
