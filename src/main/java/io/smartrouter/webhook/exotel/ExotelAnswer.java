package io.smartrouter.webhook.exotel;

import io.smartrouter.webhook.WebhookAnswer;
import io.smartrouter.webhook.WebhookDocument;
import java.util.Map;
import org.springframework.http.MediaType;
import tools.jackson.databind.json.JsonMapper;

/**
 * Answers in Exotel's two forms. The Voicebot applet wants the stream's URL; an empty one makes it fail, and the flow
 * goes on to the Passthru. That reads the status alone: 200 is its branch A, {@value #AGAIN} its branch B.
 *
 * <p>What a caller hears is an applet of the flow, so a text, an audio or a telephone number cannot be told.
 */
final class ExotelAnswer {
    private static final int OVER = 200;
    private static final int AGAIN = 302;
    private static final String NO_URL = "";
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private ExotelAnswer() {}

    /** For the Voicebot applet. */
    static WebhookDocument url(WebhookAnswer answer) {
        String url =
                switch (answer) {
                    case WebhookAnswer.Connect connect -> connect.streamUrl();
                    case WebhookAnswer.Busy busy -> NO_URL;
                    case WebhookAnswer.Hold hold -> NO_URL; // the Passthru asks again, and is held there
                    case WebhookAnswer.Forward forward -> NO_URL;
                    case WebhookAnswer.HangUp hangUp -> NO_URL;
                    case WebhookAnswer.Noted noted -> NO_URL;
                };
        return document(OVER, "url", url);
    }

    /** For everything else. A call that has a new pod goes back to the Voicebot applet, which is given that pod. */
    static WebhookDocument branch(WebhookAnswer answer) {
        return switch (answer) {
            case WebhookAnswer.Connect connect -> document(AGAIN, "branch", "B");
            case WebhookAnswer.Hold hold -> document(AGAIN, "branch", "B");
            case WebhookAnswer.Busy busy -> document(OVER, "branch", "A");
            case WebhookAnswer.Forward forward -> document(OVER, "branch", "A");
            case WebhookAnswer.HangUp hangUp -> document(OVER, "branch", "A");
            case WebhookAnswer.Noted noted -> document(OVER, "branch", "A");
        };
    }

    /** The body of a branch is for people who look; Exotel reads the status. */
    private static WebhookDocument document(int status, String name, String value) {
        return new WebhookDocument(status, MediaType.APPLICATION_JSON, JSON.writeValueAsString(Map.of(name, value)));
    }
}
