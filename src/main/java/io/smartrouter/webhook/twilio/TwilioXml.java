package io.smartrouter.webhook.twilio;

import static io.smartrouter.webhook.XmlDocument.element;
import static io.smartrouter.webhook.XmlDocument.empty;
import static io.smartrouter.webhook.XmlDocument.response;

import io.smartrouter.pool.Allocation;
import io.smartrouter.webhook.Endpoint;
import io.smartrouter.webhook.WebhookAnswer;
import java.time.Duration;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamWriter;
import org.jspecify.annotations.Nullable;

/**
 * Answers as TwiML. The element after {@code Connect} runs when the stream has ended and the caller is still there:
 * there Twilio asks what to do next.
 */
final class TwilioXml {
    /** What stands between a round of music and the next question, so that a file that cannot be played is no loop. */
    private static final Duration AFTER_AUDIO = Duration.ofSeconds(1);

    private TwilioXml() {}

    static String of(Endpoint endpoint, WebhookAnswer answer) {
        return switch (answer) {
            case WebhookAnswer.Connect connect ->
                response(xml -> {
                    xml.writeStartElement("Connect");
                    stream(xml, connect);
                    xml.writeEndElement();
                    redirect(xml, connect.links().next());
                });
            case WebhookAnswer.Busy busy ->
                response(xml -> {
                    boolean told = says(xml, busy.text(), busy.audio());
                    if (told || endpoint != Endpoint.ALLOCATE) {
                        empty(xml, "Hangup");
                    } else {
                        empty(xml, "Reject", "reason", "busy"); // not yet answered: the caller hears a busy tone
                    }
                });
            case WebhookAnswer.Hold hold ->
                response(xml -> {
                    says(xml, hold.text(), hold.audio());
                    pause(xml, hold.audio() == null ? hold.poll() : AFTER_AUDIO);
                    redirect(xml, hold.again());
                });
            case WebhookAnswer.Forward forward -> response(xml -> element(xml, "Dial", forward.to()));
            case WebhookAnswer.HangUp hangUp -> response(xml -> empty(xml, "Hangup"));
            case WebhookAnswer.Noted noted -> response(xml -> {});
        };
    }

    private static void stream(XMLStreamWriter xml, WebhookAnswer.Connect connect) throws XMLStreamException {
        xml.writeStartElement("Stream");
        xml.writeAttribute("url", connect.streamUrl());
        xml.writeAttribute("statusCallback", connect.links().streamEvents());
        xml.writeAttribute("statusCallbackMethod", "POST");
        parameters(xml, connect.allocation());
        xml.writeEndElement();
    }

    /** What the agent finds in {@code customParameters} of its {@code start} message. */
    private static void parameters(XMLStreamWriter xml, Allocation allocation) throws XMLStreamException {
        parameter(xml, "call_sid", allocation.call().value());
        if (allocation.takesOver()) {
            parameter(xml, "takes_over", "true");
        }
    }

    private static void parameter(XMLStreamWriter xml, String name, String value) throws XMLStreamException {
        empty(xml, "Parameter", "name", name, "value", value);
    }

    private static void pause(XMLStreamWriter xml, Duration length) throws XMLStreamException {
        empty(xml, "Pause", "length", Long.toString(Math.max(1, length.toSeconds())));
    }

    private static void redirect(XMLStreamWriter xml, String url) throws XMLStreamException {
        element(xml, "Redirect", url, "method", "POST");
    }

    private static boolean says(XMLStreamWriter xml, @Nullable String text, @Nullable String audio)
            throws XMLStreamException {
        if (text != null) {
            element(xml, "Say", text);
        }
        if (audio != null) {
            element(xml, "Play", audio);
        }
        return text != null || audio != null;
    }
}
