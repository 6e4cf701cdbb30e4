package io.smartrouter.webhook.simulator;

import io.smartrouter.webhook.WebhookRouter;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.w3c.dom.Element;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What a document of ours tells a provider to do with the caller.
 *
 * @param kind what
 * @param body the document itself
 * @param stream URL of the WebSocket to connect to, or null
 * @param events where to tell what becomes of it, or null
 * @param next where to ask what comes then, or null
 * @param repeats what to repeat there: {name, value}
 * @param says the text or audio that the caller hears, or null
 * @param number the telephone to connect to, or null
 */
record Document(
        Kind kind,
        String body,
        @Nullable String stream,
        @Nullable String events,
        @Nullable String next,
        List<String[]> repeats,
        @Nullable String says,
        @Nullable String number) {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    enum Kind {
        /** Connect the caller's audio. */
        STREAM,
        /** A busy tone. */
        BUSY,
        /** Say something, and end the call. */
        MESSAGE,
        /** Let the caller wait, and ask again. */
        HOLD,
        /** Connect another telephone. */
        FORWARD,
        /** End the call. */
        HANGUP,
        /** Go on: nothing is told. */
        NOTHING,
        /** Exotel: the Voicebot applet has no URL, so the flow goes on to the Passthru. */
        NO_STREAM,
        /** Exotel: branch B, back to the Voicebot applet. */
        BACK
    }

    static Document of(Sender provider, int status, String body) {
        return switch (provider) {
            case PLIVO, TWILIO -> xml(body);
            case EXOTEL -> exotel(status, body);
            case VONAGE -> ncco(body);
        };
    }

    private static Document plain(Kind kind, String body) {
        return new Document(kind, body, null, null, null, List.of(), null, null);
    }

    private static Document xml(String body) {
        @Nullable Element stream = null;
        @Nullable String next = null;
        @Nullable String says = null;
        @Nullable String number = null;
        Kind end = Kind.NOTHING;
        for (Element element : elements(WebhookRouter.xml(body))) {
            switch (element.getTagName()) {
                case "Stream" -> stream = element;
                case "Connect" -> stream = elements(element).getFirst();
                case "Redirect" -> next = element.getTextContent();
                case "Speak", "Say", "Play" -> says = element.getTextContent();
                case "Dial" -> number = element.getTextContent();
                case "Hangup" -> end = element.getAttribute("reason").equals("busy") ? Kind.BUSY : Kind.HANGUP;
                case "Reject" -> end = Kind.BUSY;
                case "Wait", "Pause" -> {}
                default -> throw new AssertionError("no provider knows " + element.getTagName() + ": " + body);
            }
        }
        if (stream != null) {
            boolean plivo = stream.hasAttribute("contentType");
            String url = plivo ? stream.getTextContent() : stream.getAttribute("url");
            String events = stream.getAttribute(plivo ? "statusCallbackUrl" : "statusCallback");
            return new Document(Kind.STREAM, body, url, events, next, List.of(), null, null);
        }
        Kind kind = number != null
                ? Kind.FORWARD
                : next != null ? Kind.HOLD : says != null && end == Kind.HANGUP ? Kind.MESSAGE : end;
        return new Document(kind, body, null, null, next, List.of(), says, number);
    }

    private static List<Element> elements(Element parent) {
        List<Element> elements = new ArrayList<>();
        var nodes = parent.getChildNodes();
        for (int i = 0; i < nodes.getLength(); i++) {
            if (nodes.item(i) instanceof Element element) {
                elements.add(element);
            }
        }
        return elements;
    }

    private static Document exotel(int status, String body) {
        JsonNode url = JSON.readTree(body).path("url");
        if (url.isMissingNode()) {
            return plain(status == 302 ? Kind.BACK : Kind.HANGUP, body);
        }
        return url.asString().isEmpty()
                ? plain(Kind.NO_STREAM, body)
                : new Document(Kind.STREAM, body, url.asString(), null, null, List.of(), null, null);
    }

    private static Document ncco(String body) {
        if (body.isEmpty()) {
            return plain(Kind.NOTHING, body);
        }
        @Nullable JsonNode connect = null;
        @Nullable String next = null;
        @Nullable String says = null;
        List<String[]> repeats = new ArrayList<>();
        for (JsonNode action : JSON.readTree(body)) {
            switch (action.path("action").asString()) {
                case "connect" -> connect = action;
                case "talk" -> says = action.path("text").asString();
                case "stream" -> says = action.path("streamUrl").path(0).asString();
                case "wait" -> {}
                case "notify" -> {
                    next = action.path("eventUrl").path(0).asString();
                    action.path("payload")
                            .properties()
                            .forEach(field -> repeats.add(new String[] {
                                "payload." + field.getKey(), field.getValue().asString()
                            }));
                }
                default -> throw new AssertionError("no such action: " + body);
            }
        }
        JsonNode endpoint =
                connect == null ? JSON.missingNode() : connect.path("endpoint").path(0);
        if (endpoint.path("type").asString("").equals("websocket")) {
            String events =
                    connect == null ? null : connect.path("eventUrl").path(0).asString();
            return new Document(Kind.STREAM, body, endpoint.path("uri").asString(), events, next, repeats, null, null);
        }
        if (connect != null) {
            return new Document(
                    Kind.FORWARD,
                    body,
                    null,
                    null,
                    null,
                    List.of(),
                    says,
                    endpoint.path("number").asString());
        }
        Kind kind = next != null ? Kind.HOLD : says != null ? Kind.MESSAGE : Kind.HANGUP;
        return new Document(kind, body, null, null, next, repeats, says, null);
    }
}
