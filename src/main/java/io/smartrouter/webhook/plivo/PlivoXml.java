package io.smartrouter.webhook.plivo;

import static io.smartrouter.webhook.XmlDocument.element;
import static io.smartrouter.webhook.XmlDocument.empty;
import static io.smartrouter.webhook.XmlDocument.response;

import io.smartrouter.webhook.WebhookAnswer;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamWriter;
import org.jspecify.annotations.Nullable;

/**
 * Answers as Plivo's XML. With {@code keepCallAlive} the element after {@code Stream} runs when the stream has ended:
 * there Plivo asks what to do next.
 */
final class PlivoXml {
    private final String contentType;

    PlivoXml(String contentType) {
        this.contentType = contentType;
    }

    String of(WebhookAnswer answer) {
        return switch (answer) {
            case WebhookAnswer.Connect connect ->
                response(xml -> {
                    element(
                            xml,
                            "Stream",
                            connect.streamUrl(),
                            "bidirectional",
                            "true",
                            "keepCallAlive",
                            "true",
                            "contentType",
                            contentType,
                            "statusCallbackUrl",
                            connect.links().streamEvents(),
                            "statusCallbackMethod",
                            "POST");
                    redirect(xml, connect.links().next());
                });
            case WebhookAnswer.Busy busy ->
                response(xml -> {
                    if (says(xml, busy.text(), busy.audio())) {
                        empty(xml, "Hangup");
                    } else {
                        empty(xml, "Hangup", "reason", "busy"); // not yet answered: the caller hears a busy tone
                    }
                });
            case WebhookAnswer.Hold hold ->
                response(xml -> {
                    says(xml, hold.text(), hold.audio());
                    if (hold.audio() == null) {
                        empty(xml, "Wait", "length", Long.toString(hold.poll().toSeconds()));
                    }
                    redirect(xml, hold.again());
                });
            case WebhookAnswer.Forward forward ->
                response(xml -> {
                    xml.writeStartElement("Dial");
                    element(xml, "Number", forward.to());
                    xml.writeEndElement();
                });
            case WebhookAnswer.HangUp hangUp -> response(xml -> empty(xml, "Hangup"));
            case WebhookAnswer.Noted noted -> response(xml -> {});
        };
    }

    private static void redirect(XMLStreamWriter xml, String url) throws XMLStreamException {
        element(xml, "Redirect", url, "method", "POST");
    }

    private static boolean says(XMLStreamWriter xml, @Nullable String text, @Nullable String audio)
            throws XMLStreamException {
        if (text != null) {
            element(xml, "Speak", text);
        }
        if (audio != null) {
            element(xml, "Play", audio);
        }
        return text != null || audio != null;
    }
}
