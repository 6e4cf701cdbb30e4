package io.smartrouter.webhook.hostile;

import static org.assertj.core.api.Assertions.assertThat;

import io.smartrouter.webhook.WebhookClient.Answer;
import io.smartrouter.webhook.WebhookRouter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Reads answers and logs as a provider and an operator do, and finds in them what a hostile text put there. */
final class Harmless {
    /** Stands in every hostile text, in some case or other. */
    static final String MARK = "evil7f3a";

    private static final Set<String> ELEMENTS =
            Set.of("Stream", "Connect", "Redirect", "Say", "Speak", "Hangup", "Reject", "Play", "Wait", "Pause");
    private static final Pattern OURS =
            Pattern.compile("wss://voice\\.example\\.com/agent/voice-agent-\\d/[A-Za-z0-9._:-]+/[A-Za-z0-9._-]+"
                    + "|https://voice\\.example\\.com/[a-z]+/(stream|continue|allocate)\\?[A-Za-z0-9=&._:-]+");
    private static final Pattern URL = Pattern.compile("(?i)^\\s*[a-z]+:.*", Pattern.DOTALL);
    private static final Pattern LOG_LINE = Pattern.compile(
            "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}\\S+ (INFO |WARN ) \\[\\S* \\S*] \\w+ - [\\x20-\\x7e]+");
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private Harmless() {}

    /** A document of ours, whatever was asked, or a refusal in our own words. */
    static void answer(String what, Answer answer) {
        noMark(what, answer);
        assertThat(answer.status()).as(what).isIn(200, 302, 400);
        if (answer.status() == 400) {
            refused(what, answer, 400, "invalid_request");
            return;
        }
        assertThat(answer.header("location")).as(what).isEmpty();
        for (String text : texts(what, answer)) {
            if (URL.matcher(text).matches()) {
                assertThat(text).as(what).matches(OURS);
            }
        }
    }

    /** A problem, whose words are ours alone. */
    static void refused(String what, Answer answer, int status, String code) {
        noMark(what, answer);
        assertThat(answer.status()).as(what + answer.body()).isEqualTo(status);
        assertThat(answer.header("content-type")).as(what).startsWith("application/problem+json");
        assertThat(JSON.readTree(answer.body()).path("code").asString())
                .as(what)
                .isEqualTo(code);
    }

    static void noMark(String what, Answer answer) {
        String all = (answer.headers() + answer.body()).toLowerCase(Locale.ROOT);
        assertThat(all).as(what).doesNotContain(MARK);
    }

    /** Each line is one that the router wrote, in ASCII, and none quotes a hostile text. */
    static int log(String output) {
        List<String> lines = output.lines().toList();
        assertThat(lines).allSatisfy(line -> assertThat(line).matches(LOG_LINE));
        assertThat(output.toLowerCase(Locale.ROOT)).doesNotContain(MARK);
        return lines.size();
    }

    /** Every text and attribute of a document. */
    private static List<String> texts(String what, Answer answer) {
        List<String> texts = new ArrayList<>();
        String type = answer.header("content-type");
        if (type.startsWith("application/xml")) {
            collect(WebhookRouter.xml(answer.body()), texts);
        } else if (!answer.body().isEmpty()) {
            assertThat(type).as(what).startsWith("application/json");
            collect(JSON.readTree(answer.body()), texts);
        }
        return texts;
    }

    private static void collect(Element element, List<String> texts) {
        for (int i = 0; i < element.getAttributes().getLength(); i++) {
            texts.add(element.getAttributes().item(i).getNodeValue());
        }
        for (Node child = element.getFirstChild(); child != null; child = child.getNextSibling()) {
            if (child instanceof Element inner) {
                assertThat(ELEMENTS).contains(inner.getTagName());
                collect(inner, texts);
            } else {
                texts.add(child.getNodeValue());
            }
        }
    }

    private static void collect(JsonNode node, List<String> texts) {
        if (node.isString()) {
            texts.add(node.stringValue());
        }
        node.values().forEach(inner -> collect(inner, texts));
    }
}
