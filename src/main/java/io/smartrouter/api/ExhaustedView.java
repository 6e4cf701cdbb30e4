package io.smartrouter.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.smartrouter.pool.InvalidInputException;
import io.smartrouter.pool.Name;
import io.smartrouter.pool.WhenExhausted;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** {@link WhenExhausted} in bodies of this API; faults name their place in the body. */
@JsonInclude(JsonInclude.Include.NON_NULL)
record ExhaustedView(
        @Nullable String action,
        @Nullable String text,
        @Nullable String audio,
        @Nullable Integer maxWaitS,
        @Nullable Integer pollS,
        @Nullable String to) {
    private static final String EVERYWHERE = "when_exhausted";
    private static final String AT = "when_exhausted_at";

    static @Nullable ExhaustedView of(@Nullable WhenExhausted exhausted) {
        return exhausted == null
                ? null
                : new ExhaustedView(
                        exhausted.action().word(),
                        exhausted.text(),
                        exhausted.audio(),
                        exhausted.maxWaitS(),
                        exhausted.pollS(),
                        exhausted.to());
    }

    static @Nullable Map<String, @Nullable ExhaustedView> of(@Nullable Map<String, WhenExhausted> at) {
        if (at == null || at.isEmpty()) {
            return null;
        }
        Map<String, @Nullable ExhaustedView> views = new LinkedHashMap<>();
        at.forEach((provider, exhausted) -> views.put(provider, of(exhausted)));
        return views;
    }

    /**
     * What {@code when_exhausted} says.
     *
     * @throws InvalidInputException if it breaks a rule
     */
    static @Nullable WhenExhausted everywhere(@Nullable ExhaustedView view) {
        return view == null ? null : view.at(EVERYWHERE);
    }

    /**
     * What {@code when_exhausted_at} says.
     *
     * @throws InvalidInputException if it breaks a rule
     */
    static @Nullable Map<String, WhenExhausted> at(@Nullable Map<String, @Nullable ExhaustedView> views) {
        if (views == null) {
            return null;
        }
        Map<String, WhenExhausted> at = new LinkedHashMap<>();
        views.forEach((provider, view) -> {
            String place = AT + "." + Name.require(AT, provider);
            if (view == null) {
                throw new InvalidInputException(place, "is null; give it an action or leave it out");
            }
            at.put(provider, view.at(place));
        });
        return at;
    }

    private WhenExhausted at(String place) {
        try {
            return new WhenExhausted(WhenExhausted.Action.of(action), text, audio, maxWaitS, pollS, to);
        } catch (InvalidInputException e) {
            throw e.inside(place);
        }
    }
}
