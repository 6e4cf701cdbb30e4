package io.smartrouter.pool;

import io.smartrouter.pool.WhenExhausted.Action;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What the callers of one merchant get when no pod is free, or by default those of all.
 *
 * @param everywhere at every provider that has none of its own in {@code at}, or null
 * @param at provider → what they get there; a provider may be in use at another router only
 */
public record ExhaustedPolicy(@Nullable WhenExhausted everywhere, Map<String, WhenExhausted> at) {
    /** Nothing is said: the provider's own default stands. */
    public static final ExhaustedPolicy NONE = new ExhaustedPolicy(null, Map.of());

    private static final String EVERYWHERE = "when_exhausted";
    private static final String AT = "when_exhausted_at";

    /** Refuses names that no provider has. */
    public ExhaustedPolicy {
        at = Collections.unmodifiableMap(new LinkedHashMap<>(at));
        for (var entry : at.entrySet()) {
            Name.require(AT, entry.getKey());
            if (entry.getValue() == null) { // JSON can hold a null
                throw new InvalidInputException(
                        AT + "." + entry.getKey(), "is null; give it an action or leave it out");
            }
        }
    }

    /** From fields that may be absent. */
    public static ExhaustedPolicy of(@Nullable WhenExhausted everywhere, @Nullable Map<String, WhenExhausted> at) {
        return new ExhaustedPolicy(everywhere, at == null ? Map.of() : at);
    }

    /** What it says for a provider, or for a call whose provider is not known. */
    Optional<WhenExhausted> at(@Nullable String provider) {
        WhenExhausted own = provider == null ? null : at.get(provider);
        return Optional.ofNullable(own == null ? everywhere : own);
    }

    /**
     * What of it cannot be done.
     *
     * @param place where it stands, for the message
     * @param abilities provider → what it can do
     */
    List<Undoable> undoable(String place, Map<String, Set<Action>> abilities) {
        List<Undoable> all = new ArrayList<>();
        new TreeMap<>(abilities)
                .forEach((provider, can) -> at(provider)
                        .map(WhenExhausted::action)
                        .filter(action -> !can.contains(action))
                        .ifPresent(action -> all.add(new Undoable(place, at.containsKey(provider), provider, action))));
        return all;
    }

    /**
     * An answer that a provider cannot give.
     *
     * @param place where it stands in the configuration
     * @param own whether it is for this provider alone
     * @param provider the provider
     * @param action what it cannot do
     */
    record Undoable(String place, boolean own, String provider, Action action) {
        InvalidInputException refusal() {
            String what = "\"" + action.word() + "\" cannot be done at " + provider;
            return own
                    ? new InvalidInputException(place + AT, what + "; give it another action")
                    : new InvalidInputException(place + EVERYWHERE, what + "; give that provider its own in " + AT);
        }
    }
}
