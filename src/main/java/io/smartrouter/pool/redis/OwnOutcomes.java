package io.smartrouter.pool.redis;

import io.smartrouter.pool.Copy;
import io.smartrouter.pool.PoolProperties;
import io.smartrouter.pool.ReleaseRequest;
import io.smartrouter.pool.RouterMirror;
import io.smartrouter.pool.redis.RedisCommands.Answer;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Puts what a script answered into this router's mirror before anybody is told. Each method throws
 * {@link io.smartrouter.pool.UnsettledException} if the mirror was handed over since {@link #begin()}: then it is asked
 * again. What is not here (connecting, heartbeats, deadlines) comes by following, and no answer rests on it.
 */
final class OwnOutcomes {
    private static final int SEQ = 13;
    private static final int STATE = 14;

    private final RouterMirror mirror;
    private final PoolProperties properties;

    OwnOutcomes(RouterMirror mirror, PoolProperties properties) {
        this.mirror = mirror;
        this.properties = properties;
    }

    long begin() {
        return mirror.generation();
    }

    /** An answer of allocate, continue or replace, if it says that the call holds a pod. */
    void holding(long begun, String sid, String request, Answer answer) {
        if (!answer.is("allocated") && !answer.is("existing")) {
            return;
        }
        Map<String, String> fields = new HashMap<>();
        fields.put("pod", answer.text(2));
        fields.put("incarnation", answer.text(3));
        fields.put("pool", answer.text(5));
        fields.put("lease", answer.text(6));
        fields.put("allocated_at", answer.text(7));
        put(fields, "connect_by", answer.text(8));
        put(fields, "provider", answer.text(9));
        put(fields, "account", answer.text(10));
        put(fields, "merchant", answer.text(11));
        if (!answer.text(12).equals("0")) {
            fields.put("continues", answer.text(12));
        }
        fields.put("seq", answer.text(SEQ));
        fields.put("state", answer.text(STATE));
        if (answer.is("allocated") && !request.equals(sid)) {
            put(fields, "request", request);
        }
        boolean connects = answer.is("allocated") || answer.text(STATE).equals("allocated");
        String deadline = connects && !answer.text(8).isEmpty()
                ? answer.text(8)
                : Long.toString(answer.number(7) + properties.call().maxLength().toMillis());
        fields.put("deadline", deadline);
        mirror.took(begun, new Copy(Copy.Kind.CALL, sid, fields));
    }

    /** An answer of release, if it ended a call or remembers an end. */
    void ended(long begun, ReleaseRequest request, Answer answer) {
        switch (answer.word()) {
            case "released" -> ended(begun, request, answer.text(4), answer.text(5), answer.text(6));
            case "already_ended" -> {
                if (answer.parts().size() > 4) {
                    ended(begun, request, answer.text(4), answer.text(5), answer.text(3));
                } else {
                    mirror.answeredEnd(begun, request); // its first answer may have been lost on its way to this router
                }
            }
            case "unknown" -> {
                if (answer.parts().size() > 1) {
                    ended(begun, request, answer.text(1), answer.text(2), answer.text(3));
                }
            }
            default -> {} // nothing ended
        }
    }

    private void ended(long begun, ReleaseRequest request, String sid, String seq, String at) {
        Map<String, String> end = new HashMap<>(Map.of("seq", seq, "ended_at", at, "end_reason", request.reason()));
        switch (request.right()) {
            case ReleaseRequest.Right.Owner owner -> {
                put(end, "provider", owner.provider());
                put(end, "account", owner.account());
            }
            case ReleaseRequest.Right.Holder holder ->
                put(end, "lease", holder.lease().value());
            case ReleaseRequest.Right.Operator operator -> {}
        }
        mirror.tookEnd(begun, sid, end, request);
    }

    /** An answer of drain. */
    void drained(long begun, String pod, boolean drained, Answer answer) {
        if (!answer.is("done") || answer.text(4).isEmpty()) {
            return; // no such pod, or it was never drained
        }
        Map<String, String> fields = Map.of(
                "state", drained ? "drained" : "undrained", "incarnation", answer.text(3), "seq", answer.text(4));
        mirror.took(begun, new Copy(Copy.Kind.POD, pod, fields));
    }

    private static void put(Map<String, String> fields, String field, @Nullable String value) {
        if (value != null && !value.isEmpty()) {
            fields.put(field, value);
        }
    }
}
