package io.smartrouter.webhook.hostile;

import static io.smartrouter.webhook.hostile.Harmless.MARK;
import static io.smartrouter.webhook.hostile.HostileRouter.ENDPOINTS;
import static io.smartrouter.webhook.hostile.HostileRouter.PUBLIC;
import static io.smartrouter.webhook.hostile.HostileRouter.plus;
import static io.smartrouter.webhook.hostile.HostileRouter.post;
import static io.smartrouter.webhook.hostile.HostileRouter.with;
import static io.smartrouter.webhook.plivo.PlivoSigner.encode;
import static org.assertj.core.api.Assertions.assertThat;

import io.smartrouter.pool.CallId;
import io.smartrouter.webhook.WebhookClient;
import io.smartrouter.webhook.WebhookClient.Answer;
import io.smartrouter.webhook.simulator.Sender;
import io.smartrouter.webhook.simulator.Sender.Request;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.boot.web.server.servlet.context.ServletWebServerApplicationContext;

/** What a stranger sends: whatever is not proven leaves Redis as it was, byte for byte. */
@Isolated("reads every line that this process writes")
@ExtendWith(OutputCaptureExtension.class)
class UnprovenRequestsIT {
    private static HostileRouter router;

    @BeforeAll
    static void start() {
        router = HostileRouter.start();
    }

    @AfterAll
    static void stop() {
        router.close();
    }

    /** Genuine requests are turned into unproven ones, in each of the ways that a stranger has. */
    @ParameterizedTest
    @EnumSource
    void whatIsNotProvenLeavesRedisAsItWas(Sender sender, CapturedOutput output) {
        Harmless.answer("held", router.send(post(sender, "allocate", sender.call("held-1"))));
        Map<String, String> before = router.keySpace();
        int refused = 0;
        for (String endpoint : ENDPOINTS) {
            for (List<String[]> genuine : List.of(sender.hangup("held-1"), sender.call("new-1"))) {
                for (Request forged : forged(sender, endpoint, genuine)) {
                    Harmless.refused(endpoint + forged, router.send(forged), 403, "unproven");
                    refused++;
                }
            }
        }
        assertThat(router.keySpace()).isEqualTo(before);
        assertThat(Harmless.log(output.getOut())).isGreaterThanOrEqualTo(refused);
        router.hangUp(sender, "held-1");
        System.out.println("unproven: provider=" + sender + " refused=" + refused + " keys=" + before.size());
    }

    private static List<Request> forged(Sender sender, String endpoint, List<String[]> genuine) {
        List<Request> forged = new ArrayList<>();
        String path = sender.path(endpoint);
        Request good = post(sender, endpoint, genuine);
        if (sender == Sender.EXOTEL) { // its whole proof is the path
            for (String wrong : List.of("/exotel/" + MARK, "/exotel", path.replace("/" + endpoint, "x"))) {
                Request elsewhere = new Request("POST", wrong + "/" + endpoint, good.headers(), good.body());
                forged.add(elsewhere);
                forged.add(elsewhere.with(Map.of("Authorization", "Basic " + MARK)));
                forged.add(elsewhere.with(Map.of("Authorization", "Bearer " + Sender.EXOTEL_SECRET)));
                forged.add(elsewhere.with(Map.of("X-Exotel-Signature", Sender.EXOTEL_SECRET)));
            }
            return forged;
        }
        // Without the proof, with half of it, with another body's, another path's, another provider's.
        forged.add(new Request("POST", good.target(), Map.of("Content-Type", type(good)), good.body()));
        for (String name : good.headers().keySet()) {
            if (!name.equals("Content-Type")) {
                Map<String, String> less = new LinkedHashMap<>(good.headers());
                String value = String.valueOf(less.remove(name));
                forged.add(new Request("POST", good.target(), less, good.body()));
                for (String wrong : List.of(MARK, value + "x", value.substring(1), value.toLowerCase(Locale.ROOT))) {
                    if (!wrong.equals(value)) {
                        forged.add(good.with(Map.of(name, wrong)));
                    }
                }
            }
        }
        for (String[] pair : genuine) {
            List<String[]> changed = with(genuine, pair[0], pair[1] + MARK);
            forged.add(new Request(
                    "POST",
                    good.target(),
                    good.headers(),
                    post(sender, endpoint, changed).body()));
        }
        forged.add(new Request(
                "POST",
                good.target(),
                good.headers(),
                post(sender, endpoint, with(genuine, MARK, "x")).body()));
        if (sender != Sender.VONAGE) { // whose proof covers neither path nor query
            for (String other : ENDPOINTS) {
                if (!other.equals(endpoint)) {
                    forged.add(new Request("POST", sender.path(other), good.headers(), good.body()));
                }
            }
            forged.add(new Request("POST", path + "?merchant_id=" + MARK, good.headers(), good.body()));
            forged.add(new Request("POST", path + ";" + MARK + "=1", good.headers(), good.body()));
            forged.add(new Request("POST", path.replace("o", "%6f"), good.headers(), good.body()));
            forged.add(new Request("GET", path + "?" + encode(genuine), good.headers(), ""));
        }
        for (Sender other : Sender.values()) {
            if (other != sender) {
                Request others = other.request(PUBLIC, "POST", path, List.of(), genuine);
                forged.add(new Request("POST", good.target(), others.headers(), good.body()));
            }
        }
        return forged;
    }

    /** Both proofs are genuine here; the request is not. */
    @Test
    void theMarksOfTwoProvidersAreNobodysProof() {
        List<String[]> both = plus(Sender.TWILIO.call("two-1"), "CallUUID", "two-1");
        Map<String, String> before = router.keySpace();
        for (String path : List.of("/allocate", "/api/v1/allocate")) {
            for (String method : List.of("POST", "GET")) {
                Request plivo = Sender.PLIVO.request(PUBLIC, method, path, List.of(), both);
                Request twilio = Sender.TWILIO.request(PUBLIC, method, path, List.of(), both);
                Harmless.refused(path, router.send(plivo.with(twilio.headers())), 403, "unproven");
                Harmless.refused(path, router.send(plivo.with(Map.of("X-Twilio-Signature", ""))), 403, "unproven");
                Harmless.refused(path, router.send(twilio.with(Map.of("X-Plivo-Signature", MARK))), 403, "unproven");
                // A signature's provider reads the call by its own name alone.
                List<String[]> others = Sender.PLIVO.call("two-1");
                Request wrong = Sender.TWILIO.request(PUBLIC, method, path, List.of(), others);
                Harmless.refused(path, router.send(wrong), 400, "invalid_request");
                // Without a signature the parameters say whose it is, and they say two things.
                Request unsigned = new Request(method, plivo.target(), Map.of(), plivo.body());
                assertThat(router.send(unsigned).status()).isIn(400, 403);
            }
        }
        assertThat(router.keySpace()).isEqualTo(before);
        // At a provider's own path the path says whose it is; another's header proves and disproves nothing.
        Request plivo = Sender.PLIVO.request(PUBLIC, "POST", "/plivo/allocate", List.of(), both);
        Request twilio = Sender.TWILIO.request(PUBLIC, "POST", "/plivo/allocate", List.of(), both);
        Harmless.refused("the path's provider", router.send(twilio), 403, "unproven");
        Answer answer = router.send(plivo.with(twilio.headers()));
        assertThat(answer.status()).isEqualTo(200);
        Harmless.answer("both", answer);
        router.hangUp(Sender.PLIVO, "two-1");
    }

    /** What was signed begins with {@code router.public-url}, whatever the request says of where it was sent. */
    @ParameterizedTest
    @EnumSource
    void onlyThePublicUrlDecides(Sender sender) {
        List<Map<String, String>> lies = List.of(
                Map.of("Host", MARK + ".example"),
                Map.of("Host", MARK + ".example:1"),
                Map.of("X-Forwarded-Host", MARK + ".example", "X-Forwarded-Proto", "http", "X-Forwarded-Port", "1"),
                Map.of("X-Forwarded-Prefix", "/" + MARK, "X-Forwarded-Ssl", "off"),
                Map.of("Forwarded", "host=" + MARK + ".example;proto=http;for=127.0.0.1"),
                Map.of("X-Original-URL", "/" + MARK, "X-Rewrite-URL", "/" + MARK, "X-Original-Host", MARK),
                Map.of("X-HTTP-Method-Override", "GET", "X-Forwarded-For", "127.0.0.1"));
        Answer first = router.send(post(sender, "allocate", sender.call("lies-1")));
        Harmless.answer("first", first);
        for (Map<String, String> lie : lies) {
            Answer answer =
                    router.send(post(sender, "allocate", sender.call("lies-1")).with(lie));
            assertThat(answer.status()).as(lie.toString()).isEqualTo(200);
            assertThat(answer.body()).as(lie.toString()).isEqualTo(first.body());
        }
        if (sender == Sender.PLIVO || sender == Sender.TWILIO) {
            Map<String, String> before = router.keySpace();
            for (String url : List.of(
                    "https://" + MARK + ".example",
                    "http://" + MARK + ".example",
                    "http://" + MARK + ".example:1",
                    "http://voice.example.com",
                    "https://voice.example.com/" + MARK,
                    "https://127.0.0.1",
                    "")) {
                for (Map<String, String> lie : lies) {
                    for (String endpoint : ENDPOINTS) {
                        Request elsewhere =
                                sender.request(url, "POST", sender.path(endpoint), List.of(), sender.hangup("lies-1"));
                        Harmless.refused(url + lie, router.send(elsewhere.with(lie)), 403, "unproven");
                    }
                }
            }
            assertThat(router.keySpace()).isEqualTo(before);
        }
        router.hangUp(sender, "lies-1");
    }

    /** The same request at two routers that differ in this setting alone. */
    @Test
    void anotherPublicUrlTurnsTheVerdict() {
        String other = "https://other.example.org:8443/voice";
        try (ServletWebServerApplicationContext second = router.second(other)) {
            WebhookClient there = new WebhookClient(second);
            for (Sender sender : List.of(Sender.PLIVO, Sender.TWILIO)) {
                for (String method : List.of("POST", "GET")) {
                    String sid = sender.word() + "-" + method;
                    String path = sender.path("allocate");
                    Request here = sender.request(PUBLIC, method, path, List.of(), sender.call(sid));
                    Request elsewhere = sender.request(other, method, path, List.of(), sender.call(sid));
                    Harmless.refused(sid, router.send(elsewhere), 403, "unproven");
                    Harmless.refused(sid, HostileRouter.send(there, here), 403, "unproven");
                    assertThat(router.pool().call(new CallId(sid))).isEmpty();
                    assertThat(HostileRouter.send(there, elsewhere).status()).isEqualTo(200);
                    assertThat(router.send(here).status()).isEqualTo(200);
                    router.hangUp(sender, sid);
                }
            }
        }
    }

    private static String type(Request request) {
        return String.valueOf(request.headers().get("Content-Type"));
    }
}
