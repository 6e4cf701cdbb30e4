package io.smartrouter.pool;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonValue;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a caller gets for whom no pod is free. Adapters put it into their provider's words, so every text in it can
 * stand in XML and every URL can be fetched as it is.
 *
 * @param action what is done
 * @param text what a voice says; with a message or while the caller holds, or null
 * @param audio https URL of what is played instead of a text, or null
 * @param maxWaitS the longest hold in s; null for the default, 300
 * @param pollS how long one round of a hold lasts in s, until the provider asks again; null for the default, 10
 * @param to the number to which the call is forwarded, in E.164 with its +, or null
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record WhenExhausted(
        Action action,
        @Nullable String text,
        @Nullable String audio,
        @JsonProperty("max_wait_s") @Nullable Integer maxWaitS,
        @JsonProperty("poll_s") @Nullable Integer pollS,
        @Nullable String to) {
    private static final int LONGEST_TEXT = 1_000;
    private static final int LONGEST_URL = 1_000;
    private static final int LEAST_WAIT_S = 10;
    private static final int MOST_WAIT_S = 3_600;
    private static final int DEFAULT_WAIT_S = 300;
    private static final int LEAST_POLL_S = 2;
    private static final int MOST_POLL_S = 60;
    private static final int DEFAULT_POLL_S = 10;
    private static final int MOST_PORT = 65_535;
    private static final Pattern PRINTABLE = Pattern.compile("[\\x21-\\x7e]{1," + LONGEST_URL + "}");
    private static final Pattern E164 = Pattern.compile("\\+[1-9][0-9]{6,14}");
    private static final Set<Action> SAY = EnumSet.of(Action.MESSAGE, Action.HOLD);
    private static final Set<Action> WAIT = EnumSet.of(Action.HOLD);
    private static final Set<Action> PASS_ON = EnumSet.of(Action.FORWARD);

    /** What is done with the call. */
    public enum Action {
        /** A busy tone. */
        REJECT,
        /** A message, then the end. */
        MESSAGE,
        /** Music, a message or silence, until a pod is free or the wait was too long. */
        HOLD,
        /** Another number. */
        FORWARD;

        private static final String WORDS =
                Arrays.stream(values()).map(action -> '"' + action.word() + '"').collect(Collectors.joining(", "));

        /** The word in JSON. */
        @JsonValue
        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }

        /**
         * Reads the word.
         *
         * @throws InvalidInputException if it is none, or missing
         */
        @JsonCreator
        public static Action of(@Nullable String word) {
            return Arrays.stream(values())
                    .filter(action -> action.word().equals(word))
                    .findFirst()
                    .orElseThrow(() -> new InvalidInputException("action", "must be one of " + WORDS));
        }
    }

    /** Refuses what makes no sense, also a field that only another action has: it would be without effect. */
    @SuppressWarnings("ConstantConditions") // JSON can leave out the action too
    public WhenExhausted {
        if (action == null) {
            throw new InvalidInputException("action", "is missing; it must be one of " + Action.WORDS);
        }
        requireOwn("text", text, action, SAY);
        requireOwn("audio", audio, action, SAY);
        requireOwn("max_wait_s", maxWaitS, action, WAIT);
        requireOwn("poll_s", pollS, action, WAIT);
        requireOwn("to", to, action, PASS_ON);
        if (text != null && audio != null) {
            throw new InvalidInputException("audio", "cannot stand beside text; give one of the two");
        }
        if (action == Action.MESSAGE && text == null && audio == null) {
            throw new InvalidInputException("text", "is missing: \"message\" needs a text or an audio");
        }
        if (action == Action.FORWARD && to == null) {
            throw new InvalidInputException("to", "is missing: \"forward\" needs the number");
        }
        if (text != null && !isSpeakable(text)) {
            throw new InvalidInputException(
                    "text",
                    "must be 1 to " + LONGEST_TEXT + " characters, not all of them spaces, none a control character or"
                            + " one that XML does not have");
        }
        if (audio != null && !isHttpsUrl(audio)) {
            throw new InvalidInputException(
                    "audio",
                    "must be an https URL of at most " + LONGEST_URL
                            + " printable ASCII characters with a host, without user and without fragment");
        }
        requireRange("max_wait_s", maxWaitS, LEAST_WAIT_S, MOST_WAIT_S);
        requireRange("poll_s", pollS, LEAST_POLL_S, MOST_POLL_S);
        if (to != null && !E164.matcher(to).matches()) {
            throw new InvalidInputException("to", "must be a number in E.164: + and 7 to 15 digits, the first not 0");
        }
    }

    /** The longest hold. */
    public Duration maxWait() {
        return Duration.ofSeconds(Objects.requireNonNullElse(maxWaitS, DEFAULT_WAIT_S));
    }

    /** How long one round of a hold lasts, until the provider asks again. */
    public Duration poll() {
        return Duration.ofSeconds(Objects.requireNonNullElse(pollS, DEFAULT_POLL_S));
    }

    /** The action alone: the number is somebody's, and what is printed may end in a log. */
    @Override
    public String toString() {
        return "WhenExhausted[" + action.word() + "]";
    }

    private static void requireOwn(String field, @Nullable Object value, Action action, Set<Action> owners) {
        if (value != null && !owners.contains(action)) {
            throw new InvalidInputException(
                    field,
                    owners.stream()
                            .map(owner -> '"' + owner.word() + '"')
                            .collect(Collectors.joining(
                                    " and ", "belongs to ", ", not to \"" + action.word() + "\"; leave it out")));
        }
    }

    private static void requireRange(String field, @Nullable Integer value, int least, int most) {
        if (value != null && (value < least || value > most)) {
            throw new InvalidInputException(field, "must be " + least + " to " + most);
        }
    }

    /** Whether a provider can say it: 1 to 1,000 characters, not only spaces, that XML has and none a control character. */
    public static boolean isSpeakable(String text) {
        return !text.isBlank()
                && text.codePointCount(0, text.length()) <= LONGEST_TEXT
                && text.codePoints().allMatch(c -> isXmlCharacter(c) && !Character.isISOControl(c));
    }

    /** XML 1.0's Char, without the control characters that it has. */
    private static boolean isXmlCharacter(int c) {
        return (c >= 0x20 && c <= 0xd7ff) || (c >= 0xe000 && c <= 0xfffd) || c >= 0x10000;
    }

    private static boolean isHttpsUrl(String text) {
        if (!PRINTABLE.matcher(text).matches()) {
            return false;
        }
        try {
            URI url = new URI(text);
            return "https".equalsIgnoreCase(url.getScheme())
                    && url.getHost() != null
                    && url.getRawUserInfo() == null
                    && url.getRawFragment() == null
                    && url.getPort() <= MOST_PORT;
        } catch (URISyntaxException e) {
            return false;
        }
    }
}
