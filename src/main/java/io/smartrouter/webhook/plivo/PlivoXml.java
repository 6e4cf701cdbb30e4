package io.smartrouter.webhook.plivo;

import io.smartrouter.webhook.WebhookAnswer;
import java.io.StringWriter;
import javax.xml.stream.XMLOutputFactory;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamWriter;
import org.jspecify.annotations.Nullable;

/** Answers as Plivo's XML; the writer escapes whatever stands in it. */
final class PlivoXml {
    private static final XMLOutputFactory FACTORY = XMLOutputFactory.newDefaultFactory();

    private final @Nullable String message;
    private final String contentType;

    PlivoXml(@Nullable String message, String contentType) {
        this.message = message;
        this.contentType = contentType;
    }

    String of(WebhookAnswer answer) {
        return switch (answer) {
            case WebhookAnswer.Connect connect ->
                document(xml -> {
                    xml.writeStartElement("Stream");
                    xml.writeAttribute("bidirectional", "true");
                    xml.writeAttribute("keepCallAlive", "true");
                    xml.writeAttribute("contentType", contentType);
                    xml.writeCharacters(connect.streamUrl());
                    xml.writeEndElement();
                });
            case WebhookAnswer.NoPod noPod -> document(this::regret);
            case WebhookAnswer.Noted noted -> document(xml -> {});
        };
    }

    private void regret(XMLStreamWriter xml) throws XMLStreamException {
        if (message != null) {
            xml.writeStartElement("Speak");
            xml.writeCharacters(message);
            xml.writeEndElement();
        }
        xml.writeEmptyElement("Hangup");
        if (message == null) {
            xml.writeAttribute("reason", "busy"); // before the call is answered: the caller hears a busy tone
        }
    }

    private static String document(Content content) {
        try {
            StringWriter text = new StringWriter();
            XMLStreamWriter xml = FACTORY.createXMLStreamWriter(text);
            xml.writeStartDocument("UTF-8", "1.0");
            xml.writeStartElement("Response");
            content.write(xml);
            xml.writeEndElement();
            xml.writeEndDocument();
            xml.close();
            return text.toString();
        } catch (XMLStreamException e) {
            throw new IllegalStateException("a text in memory can be written", e);
        }
    }

    private interface Content {
        void write(XMLStreamWriter xml) throws XMLStreamException;
    }
}
