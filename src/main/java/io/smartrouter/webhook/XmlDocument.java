package io.smartrouter.webhook;

import java.io.StringWriter;
import javax.xml.stream.XMLOutputFactory;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamWriter;

/** A {@code <Response>} as several providers read it. The writer escapes whatever stands in it. */
public final class XmlDocument {
    private static final XMLOutputFactory FACTORY = XMLOutputFactory.newDefaultFactory();

    private XmlDocument() {}

    /** What stands in the response. */
    @FunctionalInterface
    public interface Content {
        /** Writes it. */
        void write(XMLStreamWriter xml) throws XMLStreamException;
    }

    /** The whole document. */
    public static String response(Content content) {
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

    /**
     * Writes an element that holds a text.
     *
     * @param xml where to
     * @param name its name
     * @param text the text
     * @param attributes name, value, name, value …
     */
    public static void element(XMLStreamWriter xml, String name, String text, String... attributes)
            throws XMLStreamException {
        xml.writeStartElement(name);
        attributes(xml, attributes);
        xml.writeCharacters(text);
        xml.writeEndElement();
    }

    /** Writes an element that holds nothing, as {@link #element}. */
    public static void empty(XMLStreamWriter xml, String name, String... attributes) throws XMLStreamException {
        xml.writeEmptyElement(name);
        attributes(xml, attributes);
    }

    private static void attributes(XMLStreamWriter xml, String... attributes) throws XMLStreamException {
        for (int i = 0; i < attributes.length; i += 2) {
            xml.writeAttribute(attributes[i], attributes[i + 1]);
        }
    }
}
