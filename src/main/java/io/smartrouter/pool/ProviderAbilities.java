package io.smartrouter.pool;

import java.util.Map;
import java.util.Set;

/** What the telephone providers can do, so that configuration which asks for more is refused before a call needs it. */
@FunctionalInterface
public interface ProviderAbilities {
    /**
     * What each provider can do with a caller for whom no pod is free.
     *
     * @return provider → actions, of those providers alone that are in use at this router
     */
    Map<String, Set<WhenExhausted.Action>> whenExhausted();
}
