package io.smartrouter.pool;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Pattern;

/**
 * One life of a pod's agent: pod name + pod UID + id of the agent's container, as two short digests. A restarted
 * container is another incarnation of the same pod object; an unknown container id is no other incarnation.
 *
 * @param object digest of name and UID: which pod object
 * @param container digest of the agent container's id, or empty while Kubernetes has not said it
 */
public record Incarnation(String object, String container) {
    private static final Pattern TEXT = Pattern.compile("([0-9a-f]{16})\\.([0-9a-f]{12})?");

    /**
     * Makes the incarnation out of what Kubernetes says.
     *
     * @param pod the pod's name
     * @param uid its {@code metadata.uid}
     * @param containerId the id in the status of the agent's container, or empty
     */
    public static Incarnation of(String pod, String uid, String containerId) {
        return new Incarnation(
                digest(pod + '\n' + uid, 8), containerId.isEmpty() ? "" : digest(uid + '\n' + containerId, 6));
    }

    /**
     * Reads {@link #toString()} back.
     *
     * @param text the text
     * @throws InvalidInputException if it is none
     */
    public static Incarnation parse(String text) {
        var matcher = TEXT.matcher(text);
        if (!matcher.matches()) {
            throw new InvalidInputException("incarnation", "is malformed");
        }
        String container = matcher.group(2);
        return new Incarnation(matcher.group(1), container == null ? "" : container);
    }

    /** Whether the agent's container is known. */
    public boolean isComplete() {
        return !container.isEmpty();
    }

    @Override
    public String toString() {
        return object + '.' + container;
    }

    private static String digest(String text, int bytes) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(hash, 0, bytes);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
