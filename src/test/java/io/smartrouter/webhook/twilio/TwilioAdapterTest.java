package io.smartrouter.webhook.twilio;

import static io.smartrouter.webhook.twilio.TwilioSigner.TOKEN;
import static io.smartrouter.webhook.twilio.TwilioSigner.encode;
import static io.smartrouter.webhook.twilio.TwilioSigner.pairs;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.smartrouter.InvalidSettingException;
import io.smartrouter.pool.Allocation;
import io.smartrouter.pool.CallId;
import io.smartrouter.pool.Incarnation;
import io.smartrouter.pool.InvalidInputException;
import io.smartrouter.pool.Lease;
import io.smartrouter.webhook.CallEvent;
import io.smartrouter.webhook.CallLinks;
import io.smartrouter.webhook.Endpoint;
import io.smartrouter.webhook.ProviderAdapter;
import io.smartrouter.webhook.PublicUrl;
import io.smartrouter.webhook.WebhookAnswer;
import io.smartrouter.webhook.WebhookDocument;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.ComponentScan;
import org.springframework.http.MediaType;

/** What Twilio's parameters mean, what each answer is in TwiML, and which settings refuse the start. */
class TwilioAdapterTest {
    private static final String URL = "https://voice.example.com/twilio/any";
    private static final String PUBLIC_URL = "router.public-url=https://voice.example.com";
    private static final String ACCOUNT = "router.providers.twilio.accounts[0]";
    private static final CallId CALL = new CallId("CA1");
    private static final Lease LEASE = new Lease("lease-1");

    private final ProviderAdapter adapter = adapter();

    @ComponentScan("io.smartrouter.webhook.twilio")
    @ConfigurationPropertiesScan("io.smartrouter.webhook")
    static class Parts {}

    @Test
    void aCallThatIsOverIsOverAtEveryEndpointInEitherDirection() {
        for (Endpoint endpoint : Endpoint.values()) {
            for (String status : List.of("completed", "busy", "failed", "no-answer", "canceled")) {
                for (String direction : List.of("inbound", "outbound-api", "outbound-dial")) {
                    assertThat(parse(endpoint, "lease=lease-1", "CallStatus", status, "Direction", direction))
                            .isEqualTo(new CallEvent.Hangup(CALL));
                }
            }
        }
    }

    @Test
    void aCallThatLivesIsAskedForByTheEndpoint() {
        for (String direction : List.of("inbound", "outbound-api", "outbound-dial")) {
            for (String status : List.of("queued", "initiated", "ringing", "in-progress", "")) {
                // A call that we place comes from our number, and goes to somebody else's.
                String ours = direction.equals("inbound") ? "To" : "From";
                String theirs = direction.equals("inbound") ? "From" : "To";
                String[] form = {"CallStatus", status, "Direction", direction, ours, "+15550199", theirs, "+15550100"};
                assertThat(parse(Endpoint.ALLOCATE, "merchant_id=acme", form))
                        .isEqualTo(new CallEvent.Answer(CALL, "acme", "+15550199"));
                assertThat(parse(Endpoint.CONTINUE, "lease=lease-1", form))
                        .isEqualTo(new CallEvent.Continue(CALL, LEASE, null, "+15550199"));
                assertThat(parse(Endpoint.STREAM, "lease=lease-1", form)).isEqualTo(new CallEvent.Progress(CALL));
            }
            for (String status : List.of("queued", "initiated", "ringing", "in-progress", "of-next-year")) {
                assertThat(parse(Endpoint.HANGUP, "", "CallStatus", status, "Direction", direction))
                        .isEqualTo(new CallEvent.Progress(CALL));
            }
            assertThat(parse(Endpoint.HANGUP, "", "Direction", direction)).isEqualTo(new CallEvent.Hangup(CALL));
        }
    }

    @Test
    void theMerchantIsReadFromTheUrlAloneAndNeverFromTheForm() {
        assertThat(parse(Endpoint.ALLOCATE, "", "merchant_id", "acme", "reseller_id", "acme"))
                .isEqualTo(new CallEvent.Answer(CALL, null, null));
        assertThat(parse(Endpoint.CONTINUE, "reseller_id=acme", "lease", "lease-2"))
                .isEqualTo(new CallEvent.Continue(CALL, null, "acme", null));
    }

    @Test
    void aStreamEventIsOneAtEveryEndpointAndNamesTheLeaseOfTheUrl() {
        for (Endpoint endpoint : Endpoint.values()) {
            assertThat(parse(endpoint, "lease=lease-1", "StreamEvent", "stream-started", "StreamSid", "MZ1"))
                    .isEqualTo(new CallEvent.StreamStarted(CALL, LEASE));
            assertThat(parse(endpoint, "lease=lease-1", "StreamEvent", "stream-stopped"))
                    .isEqualTo(new CallEvent.StreamEnded(CALL, LEASE));
            assertThat(parse(endpoint, "lease=lease-1", "StreamEvent", "stream-error", "StreamError", "x"))
                    .isEqualTo(new CallEvent.Progress(CALL));
            assertThat(parse(endpoint, "", "StreamEvent", "stream-stopped", "lease", "lease-1"))
                    .isEqualTo(new CallEvent.StreamEnded(CALL, null));
        }
    }

    @Test
    void whatCannotBeReadIsRefused() {
        assertThatThrownBy(() -> adapter.parse(Endpoint.ALLOCATE, TwilioRequests.form(URL, "", "From=1")))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("CallSid");
        assertThatThrownBy(() -> parse(Endpoint.ALLOCATE, "CallSid=CA2")).isInstanceOf(InvalidInputException.class);
        assertThatThrownBy(() -> parse(Endpoint.ALLOCATE, "merchant_id=%20")).isInstanceOf(InvalidInputException.class);
        assertThatThrownBy(() -> parse(Endpoint.CONTINUE, "lease=%3C")).isInstanceOf(InvalidInputException.class);
        assertThatThrownBy(() -> parse(Endpoint.HANGUP, "CallStatus=ringing", "CallStatus", "completed"))
                .isInstanceOf(InvalidInputException.class);
    }

    @Test
    void exotelsRequestsAreNotTakenForTwilios() {
        assertThat(adapter.resembles(TwilioRequests.form(URL, "", "CallSid=a&AccountSid=b")))
                .isTrue();
        assertThat(adapter.resembles(TwilioRequests.get(URL, "CallSid=a&AccountSid=b")))
                .isTrue();
        assertThat(adapter.resembles(TwilioRequests.get(URL, "CallSid=a&CallFrom=b")))
                .isFalse();
        assertThat(adapter.resembles(TwilioRequests.get(URL, "AccountSid=b"))).isFalse();
    }

    @Test
    void aStreamIsConnectedAndThenTwilioAsksAgain() {
        rendered(
                new WebhookAnswer.Connect(
                        allocation(),
                        "wss://voice.example.com/agent/voice-agent-0/CA1/token",
                        new CallLinks(
                                "https://voice.example.com/c?lease=l&x=1", "https://voice.example.com/s?lease=l")),
                Endpoint.values(),
                "<Connect><Stream url=\"wss://voice.example.com/agent/voice-agent-0/CA1/token\""
                        + " statusCallback=\"https://voice.example.com/s?lease=l\" statusCallbackMethod=\"POST\">"
                        + "<Parameter name=\"call_sid\" value=\"CA1\"/></Stream></Connect>"
                        + "<Redirect method=\"POST\">https://voice.example.com/c?lease=l&amp;x=1</Redirect>");
    }

    @Test
    void withoutAPodTheCallerHearsWhatIsConfigured() {
        rendered(
                new WebhookAnswer.Busy("All <agents> & \"lines\" are busy. Grüße 😀", null),
                Endpoint.values(),
                "<Say>All &lt;agents&gt; &amp; \"lines\" are busy. Grüße 😀</Say><Hangup/>");
        rendered(
                new WebhookAnswer.Busy(null, "https://cdn.example.com/a.mp3?b=c&d=e"),
                Endpoint.values(),
                "<Play>https://cdn.example.com/a.mp3?b=c&amp;d=e</Play><Hangup/>");
    }

    @Test
    void aBusyToneIsPossibleOnlyBeforeTheCallIsAnswered() {
        WebhookAnswer busy = new WebhookAnswer.Busy(null, null);
        rendered(busy, new Endpoint[] {Endpoint.ALLOCATE}, "<Reject reason=\"busy\"/>");
        rendered(busy, new Endpoint[] {Endpoint.CONTINUE, Endpoint.HANGUP, Endpoint.STREAM}, "<Hangup/>");
    }

    @Test
    void aCallerWhoWaitsHearsSomethingAndTwilioAsksAgain() {
        String again = "<Redirect method=\"POST\">https://voice.example.com/again?a&amp;b</Redirect>";
        rendered(
                hold("Wait & see", null, 10),
                Endpoint.values(),
                "<Say>Wait &amp; see</Say><Pause length=\"10\"/>" + again);
        rendered(hold(null, null, 7), Endpoint.values(), "<Pause length=\"7\"/>" + again);
        // The music is the round; the short pause is for a file that cannot be played.
        rendered(
                hold(null, "https://cdn.example.com/m.mp3", 10),
                Endpoint.values(),
                "<Play>https://cdn.example.com/m.mp3</Play><Pause length=\"1\"/>" + again);
        rendered(hold(null, null, 0), Endpoint.values(), "<Pause length=\"1\"/>" + again);
    }

    @Test
    void theOtherAnswers() {
        rendered(new WebhookAnswer.Forward("+4930123456"), Endpoint.values(), "<Dial>+4930123456</Dial>");
        rendered(new WebhookAnswer.HangUp(), Endpoint.values(), "<Hangup/>");
        rendered(new WebhookAnswer.Noted(), Endpoint.values(), "");
    }

    @Test
    void settingsThatCannotProveAnythingRefuseTheStart() {
        refuses("router.public-url", ACCOUNT + ".id=AC1", ACCOUNT + ".tokens=" + TOKEN);
        refuses(ACCOUNT, PUBLIC_URL, ACCOUNT + ".id=AC1");
        refuses(ACCOUNT, PUBLIC_URL, ACCOUNT + ".id=AC1", ACCOUNT + ".tokens=short");
        refuses(ACCOUNT, PUBLIC_URL, ACCOUNT + ".id=AC 1", ACCOUNT + ".tokens=" + TOKEN);
        runner().withPropertyValues(PUBLIC_URL, ACCOUNT + ".id=AC1", ACCOUNT + ".tokens=" + TOKEN)
                .run(context -> assertThat(
                                context.getBean(ProviderAdapter.class).hasAccounts())
                        .isTrue());
    }

    private CallEvent parse(Endpoint endpoint, String query, String... form) {
        List<String[]> all = pairs("CallSid", "CA1", "AccountSid", "AC1");
        all.addAll(pairs(form));
        CallEvent posted = adapter.parse(endpoint, TwilioRequests.form(URL, query, encode(all)));
        if (pairs(form).stream()
                .noneMatch(
                        pair -> query.contains(pair[0] + "=") || pair[0].endsWith("_id") || pair[0].equals("lease"))) {
            // A GET has all of it in the query, ours and Twilio's together.
            String together = query + (query.isEmpty() ? "" : "&") + encode(all);
            assertThat(adapter.parse(endpoint, TwilioRequests.get(URL, together)))
                    .isEqualTo(posted);
        }
        return posted;
    }

    private void rendered(WebhookAnswer answer, Endpoint[] endpoints, String content) {
        for (Endpoint endpoint : endpoints) {
            WebhookDocument document = adapter.render(endpoint, answer);
            assertThat(document.status()).isEqualTo(200);
            assertThat(document.type()).isEqualTo(MediaType.APPLICATION_XML);
            assertThat(document.text())
                    .as("%s %s", endpoint, answer)
                    .isEqualTo("<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response>" + content + "</Response>");
            assertThat(adapter.render(endpoint, answer)).isEqualTo(document);
        }
    }

    private static WebhookAnswer hold(@Nullable String text, @Nullable String audio, int seconds) {
        return new WebhookAnswer.Hold(text, audio, Duration.ofSeconds(seconds), "https://voice.example.com/again?a&b");
    }

    private static Allocation allocation() {
        return new Allocation(
                CALL,
                "voice-agent-0",
                Incarnation.of("voice-agent-0", "uid-0", "containerd://0"),
                "127.0.0.1:9000",
                "gold",
                LEASE,
                Instant.EPOCH,
                null,
                "twilio",
                "AC1",
                null,
                0);
    }

    private static ProviderAdapter adapter() {
        ProviderAdapter[] found = new ProviderAdapter[1];
        runner().run(context -> found[0] = context.getBean(ProviderAdapter.class));
        return found[0];
    }

    private static void refuses(String setting, String... settings) {
        runner().withPropertyValues(settings).run(context -> {
            assertThat(context).hasFailed();
            assertThat(context.getStartupFailure())
                    .rootCause()
                    .isInstanceOfSatisfying(InvalidSettingException.class, refusal -> {
                        assertThat(refusal.setting()).isEqualTo(setting);
                        assertThat(refusal.getMessage()).doesNotContain(TOKEN).doesNotContain("\n");
                    });
        });
    }

    private static ApplicationContextRunner runner() {
        return new ApplicationContextRunner().withUserConfiguration(Parts.class).withBean(PublicUrl.class);
    }
}
