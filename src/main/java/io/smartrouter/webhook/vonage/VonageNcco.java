package io.smartrouter.webhook.vonage;

import io.smartrouter.pool.CallId;
import io.smartrouter.webhook.Parameters;
import io.smartrouter.webhook.WebhookAnswer;
import java.net.URI;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Answers as an NCCO: a JSON array of actions, done one after the other; the call ends after the last. Vonage asks what
 * comes after a stream twice over: with the WebSocket's own event, and, if that was not answered, with the
 * {@code notify} behind the {@code connect}.
 */
final class VonageNcco {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    /** No array: an empty one would be an NCCO, and end the call. */
    private static final String NOTHING = "";

    private final String contentType;

    VonageNcco(String contentType) {
        this.contentType = contentType;
    }

    String of(WebhookAnswer answer) {
        return switch (answer) {
            case WebhookAnswer.Connect connect -> connect(connect);
            case WebhookAnswer.Busy busy -> text(says(busy.text(), busy.audio())); // no tone: an NCCO has none
            case WebhookAnswer.Hold hold -> hold(hold);
            case WebhookAnswer.Forward forward -> forward(forward);
            case WebhookAnswer.HangUp hangUp -> text(JSON.createArrayNode());
            case WebhookAnswer.Noted noted -> NOTHING;
        };
    }

    private String connect(WebhookAnswer.Connect connect) {
        CallId call = connect.allocation().call();
        ArrayNode ncco = JSON.createArrayNode();
        ObjectNode action = action(ncco, "connect");
        action.put("eventType", "synchronous"); // so the answer to an event may be an NCCO
        action.putArray("eventUrl").add(connect.links().streamEvents());
        action.put("eventMethod", "POST");
        ObjectNode endpoint = action.putArray("endpoint").addObject();
        endpoint.put("type", "websocket");
        endpoint.put("uri", connect.streamUrl());
        endpoint.put("content-type", contentType);
        ObjectNode headers = endpoint.putObject("headers").put(VonageBody.CALL, call.value());
        if (connect.allocation().takesOver()) {
            headers.put("takes_over", true);
        }
        thenAsk(ncco, connect.links().next(), call);
        return text(ncco);
    }

    private static String hold(WebhookAnswer.Hold hold) {
        ArrayNode ncco = says(hold.text(), hold.audio());
        if (hold.audio() == null) {
            action(ncco, "wait").put("timeout", Math.max(1, hold.poll().toSeconds()));
        }
        thenAsk(ncco, hold.again(), null);
        return text(ncco);
    }

    /** The caller's number is not ours to show, so Vonage takes one of the application's. */
    private static String forward(WebhookAnswer.Forward forward) {
        ArrayNode ncco = JSON.createArrayNode();
        ObjectNode action = action(ncco, "connect");
        action.put("randomFromNumber", true);
        ObjectNode endpoint = action.putArray("endpoint").addObject();
        endpoint.put("type", "phone");
        endpoint.put("number", forward.to().substring(1)); // E.164 as Vonage writes it: without the plus
        return text(ncco);
    }

    private static ArrayNode says(@Nullable String text, @Nullable String audio) {
        ArrayNode ncco = JSON.createArrayNode();
        if (text != null) {
            action(ncco, "talk").put("text", text);
        }
        if (audio != null) {
            action(ncco, "stream").putArray("streamUrl").add(audio);
        }
        return ncco;
    }

    /** The token covers no query, but the payload, so what our URL says stands in both. */
    private static void thenAsk(ArrayNode ncco, String url, @Nullable CallId call) {
        ObjectNode action = action(ncco, "notify");
        ObjectNode payload = action.putObject("payload");
        String query = URI.create(url).getRawQuery();
        Parameters.parse("query", query == null ? "" : query)
                .all()
                .forEach(parameter -> payload.put(parameter.name(), parameter.value()));
        if (call != null) {
            payload.put(VonageBody.CALL, call.value());
        }
        action.putArray("eventUrl").add(url);
        action.put("eventMethod", "POST");
    }

    private static ObjectNode action(ArrayNode ncco, String name) {
        return ncco.addObject().put("action", name);
    }

    private static String text(ArrayNode ncco) {
        return JSON.writeValueAsString(ncco);
    }
}
