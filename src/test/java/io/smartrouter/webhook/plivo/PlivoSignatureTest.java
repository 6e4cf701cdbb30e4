package io.smartrouter.webhook.plivo;

import static io.smartrouter.webhook.plivo.PlivoSigner.TOKEN;
import static io.smartrouter.webhook.plivo.PlivoSigner.encode;
import static io.smartrouter.webhook.plivo.PlivoSigner.pairs;
import static io.smartrouter.webhook.plivo.PlivoSigner.sign;
import static org.assertj.core.api.Assertions.assertThat;

import io.smartrouter.webhook.Accounts;
import io.smartrouter.webhook.Parameters;
import io.smartrouter.webhook.Verdict;
import io.smartrouter.webhook.Verdict.Proven;
import io.smartrouter.webhook.Verdict.Unproven;
import io.smartrouter.webhook.WebhookRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.MediaType;

class PlivoSignatureTest {
    private static final String NONCE = "31627761595286130198";
    private static final String URL = "https://plivobin.non-prod.plivops.com/api/v1/validate_signature03.xml/";
    private static final String OTHER_TOKEN = "T3RoZXJUb2tlbk90aGVyVG9rZW5PdGhlclRva2Vu";
    private static final String UUID = "3e82ae9d-2c78-4d85-b1a4-6eae7dbafb36";
    private static final List<String[]> PUBLISHED = pairs(
            "Direction", "outbound",
            "From", "19792014278",
            "CallStatus", "in-progress",
            "BillRate", "0.002",
            "ParentAuthID", "MANWVLYTK4ZWU1YTY4QA",
            "Event", "StartApp",
            "ALegUUID", UUID,
            "ALegRequestUUID", UUID,
            "CallUUID", UUID,
            "RequestUUID", UUID,
            "To", "sip:PlivoSignature382029104058171078704104@phone-qa.voice.plivodev.com",
            "SIP-H-To", "<sip:PlivoSignature382029104058171078704104@52.9.11.55;transport=udp>;tag=1",
            "SessionStart", "2020-04-08 11:34:33.238707");
    private static final List<String[]> AB = pairs("a", "b", "c", "d");

    private final PlivoSignature one = signature(account("MA1", TOKEN));

    @Test
    void thePublishedPostIsProven() {
        var headers = headers("k7Pusd4OxCIjR5IfA9iedDNu/h/gbdYqdzG/MiYtd1c=", NONCE);
        assertThat(one.verify(request("POST", URL, encode(AB), encode(PUBLISHED), headers)))
                .isEqualTo(new Proven("MA1"));
        assertThat(sign(TOKEN, NONCE, "POST", URL, AB, PUBLISHED))
                .isEqualTo("k7Pusd4OxCIjR5IfA9iedDNu/h/gbdYqdzG/MiYtd1c=");
    }

    @Test
    void thePublishedGetIsProven() {
        List<String[]> query = new ArrayList<>(AB);
        query.addAll(PUBLISHED);
        var headers = headers("UBq8jAtd32wR8EK9VgxbBn4n5rpI/l1H9iN4WfSEHFQ=", NONCE);
        assertThat(one.verify(request("GET", URL, encode(query), "", headers))).isEqualTo(new Proven("MA1"));
        assertThat(sign(TOKEN, NONCE, "GET", URL, query, List.of()))
                .isEqualTo("UBq8jAtd32wR8EK9VgxbBn4n5rpI/l1H9iN4WfSEHFQ=");
    }

    @Test
    void thousandsOfRandomRequestsAgreeWithTheSecondImplementation() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        int proven = 0;
        int refused = 0;
        for (int i = 0; i < 5_000; i++) {
            String method = random.nextInt(3) == 0 ? "GET" : "POST";
            List<String[]> query = randomPairs(random);
            List<String[]> form = method.equals("POST") ? randomPairs(random) : List.of();
            String nonce = Long.toUnsignedString(random.nextLong());
            String signature = sign(TOKEN, nonce, method, URL, query, form);
            String raw = encode(query);
            String body = encode(form);
            String what = "seed=" + seed + " round=" + i + " " + method + " " + raw + " | " + body;
            assertThat(one.verify(request(method, URL, raw, body, headers(signature, nonce))))
                    .as(what)
                    .isEqualTo(new Proven("MA1"));
            proven++;
            for (WebhookRequest forged : List.of(
                    request(method, URL, raw + (raw.isEmpty() ? "" : "&") + "z=1", body, headers(signature, nonce)),
                    request(method, URL + "x", raw, body, headers(signature, nonce)),
                    request(method, URL, raw, body, headers(signature, nonce + "1")),
                    request(method, URL, raw, body, headers(flip(signature), nonce)))) {
                assertThat(one.verify(forged)).as(what).isEqualTo(new Unproven("wrong_signature"));
                refused++;
            }
            if (method.equals("POST")) {
                WebhookRequest more = request(
                        method, URL, raw, body + (body.isEmpty() ? "" : "&") + "z=1", headers(signature, nonce));
                assertThat(one.verify(more)).as(what).isEqualTo(new Unproven("wrong_signature"));
                refused++;
            }
        }
        System.out.printf("signature V3: seed=%d proven=%d forged_and_refused=%d%n", seed, proven, refused);
    }

    @Test
    void theOrderOfParametersDoesNotMatterButTheirPlaceDoes() {
        var signed = headers(sign(TOKEN, "n", "POST", URL, pairs("a", "1", "b", "2"), pairs("c", "3", "d", "4")), "n");
        assertThat(one.verify(request("POST", URL, "b=2&a=1", "d=4&c=3", signed)))
                .isInstanceOf(Proven.class);
        assertThat(one.verify(request("POST", URL, "d=4&c=3", "b=2&a=1", signed)))
                .isInstanceOf(Unproven.class);
        assertThat(one.verify(request("POST", URL, "a=1&b=2&c=3&d=4", "", signed)))
                .isInstanceOf(Unproven.class);
    }

    @Test
    void supplementaryCharactersSortByCodePoint() {
        // In UTF-16 an emoji sorts before U+FF5E; by code point it comes after it.
        var form = pairs("\uFF5E", "1", "\uD83D\uDE00", "2");
        var signed = headers(sign(TOKEN, "n", "POST", URL, List.of(), form), "n");
        assertThat(one.verify(request("POST", URL, "", encode(form), signed))).isInstanceOf(Proven.class);
    }

    @Test
    void anyOfSeveralSignaturesInEitherHeaderMayMatch() {
        String good = sign(TOKEN, "n", "POST", URL, List.of(), AB);
        for (String name : List.of(PlivoSignature.V3, PlivoSignature.MAIN_V3)) {
            HttpHeaders headers = new HttpHeaders();
            headers.add(name, "AAAA, " + good + " ,BBBB");
            headers.add(PlivoSignature.NONCE, "n");
            assertThat(one.verify(request("POST", URL, "", encode(AB), headers)))
                    .isEqualTo(new Proven("MA1"));
        }
        HttpHeaders both = headers("AAAA", "n");
        both.add(PlivoSignature.MAIN_V3, good);
        assertThat(one.verify(request("POST", URL, "", encode(AB), both))).isEqualTo(new Proven("MA1"));
        HttpHeaders many = headers("A,B,C,D,E,F,G,H," + good, "n");
        assertThat(one.verify(request("POST", URL, "", encode(AB), many)))
                .isEqualTo(new Unproven("too_many_signatures"));
    }

    @Test
    void whatIsNoProofIsToldApart() {
        String good = sign(TOKEN, "n", "POST", URL, List.of(), AB);
        assertThat(verdict(headers())).isEqualTo(new Unproven("no_signature"));
        assertThat(verdict(headers("", "n"))).isEqualTo(new Unproven("no_v3_signature"));
        HttpHeaders v2 = headers();
        v2.add("X-Plivo-Signature-V2", good);
        v2.add("X-Plivo-Signature-V2-Nonce", "n");
        assertThat(verdict(v2)).isEqualTo(new Unproven("no_v3_signature"));
        HttpHeaders withoutNonce = headers();
        withoutNonce.add(PlivoSignature.V3, good);
        assertThat(verdict(withoutNonce)).isEqualTo(new Unproven("no_nonce"));
        HttpHeaders twoNonces = headers(good, "n");
        twoNonces.add(PlivoSignature.NONCE, "m");
        assertThat(verdict(twoNonces)).isEqualTo(new Unproven("no_nonce"));
        assertThat(verdict(headers(good, "m"))).isEqualTo(new Unproven("wrong_signature"));
        assertThat(verdict(headers(sign(OTHER_TOKEN, "n", "POST", URL, List.of(), AB), "n")))
                .isEqualTo(new Unproven("wrong_signature"));
        assertThat(verdict(headers(good, "n"))).isEqualTo(new Proven("MA1"));
        assertThat(signature().verify(request("POST", URL, "", encode(AB), headers(good, "n"))))
                .isEqualTo(new Unproven("no_account_configured"));
    }

    @Test
    void aBodyThatTheSignatureDoesNotCoverIsNotBelieved() {
        var signed = headers(sign(TOKEN, "n", "POST", URL, AB, List.of()), "n");
        WebhookRequest json = new WebhookRequest(
                HttpMethod.POST,
                URL,
                encode(AB),
                Parameters.parse("query", encode(AB)),
                MediaType.APPLICATION_JSON,
                "{\"CallUUID\":\"x\"}",
                Parameters.NONE,
                signed,
                Optional.empty(),
                null);
        assertThat(one.verify(json)).isEqualTo(new Unproven("body_is_no_form"));
        assertThat(one.verify(request("POST", URL, encode(AB), "", signed))).isEqualTo(new Proven("MA1"));
    }

    @Test
    void theAccountIsTheOneWhoseTokenMatched() {
        PlivoSignature two = signature(account("MA1", TOKEN), account("MA2", OTHER_TOKEN, TOKEN + "2"));
        for (String[] tokenAndAccount : pairs(TOKEN, "MA1", OTHER_TOKEN, "MA2", TOKEN + "2", "MA2")) {
            var signed = headers(sign(tokenAndAccount[0], "n", "POST", URL, List.of(), AB), "n");
            assertThat(two.verify(request("POST", URL, "", encode(AB), signed)))
                    .isEqualTo(new Proven(tokenAndAccount[1]));
        }
    }

    @Test
    void aConfiguredParentMustBeTheSigner() {
        PlivoSignature two = signature(account("MA1", TOKEN), account("MA2", OTHER_TOKEN));
        var form = pairs("ParentAuthID", "MA2");
        var byOther = headers(sign(TOKEN, "n", "POST", URL, List.of(), form), "n");
        assertThat(two.verify(request("POST", URL, "", encode(form), byOther)))
                .isEqualTo(new Unproven("wrong_signature"));
        var byItself = headers(sign(OTHER_TOKEN, "n", "POST", URL, List.of(), form), "n");
        assertThat(two.verify(request("POST", URL, "", encode(form), byItself))).isEqualTo(new Proven("MA2"));
        var unknown = pairs("ParentAuthID", "MA9");
        var signed = headers(sign(TOKEN, "n", "POST", URL, List.of(), unknown), "n");
        assertThat(two.verify(request("POST", URL, "", encode(unknown), signed)))
                .isEqualTo(new Proven("MA1"));
        var several = pairs("ParentAuthID", "MA1", "ParentAuthID", "MA2");
        var ambiguous = headers(sign(TOKEN, "n", "POST", URL, List.of(), several), "n");
        assertThat(two.verify(request("POST", URL, "", encode(several), ambiguous)))
                .isEqualTo(new Unproven("several_parent_accounts"));
    }

    private Verdict verdict(HttpHeaders headers) {
        return one.verify(request("POST", URL, "", encode(AB), headers));
    }

    private static String flip(String signature) {
        char first = signature.charAt(0);
        return (first == 'A' ? 'B' : 'A') + signature.substring(1);
    }

    private static List<String[]> randomPairs(Random random) {
        List<String[]> pairs = new ArrayList<>();
        int count = random.nextInt(6);
        for (int i = 0; i < count; i++) {
            // Few names, so that keys repeat.
            String name = random.nextBoolean() ? "k" + random.nextInt(3) : randomText(random, 1);
            pairs.add(new String[] {name, randomText(random, 0)});
        }
        return pairs;
    }

    private static String randomText(Random random, int least) {
        StringBuilder text = new StringBuilder();
        int length = least + random.nextInt(6);
        for (int i = 0; i < length; i++) {
            int c =
                    switch (random.nextInt(4)) {
                        case 0 -> " &=+%.?;#/<>\"'\r\n\0".codePointAt(random.nextInt(17));
                        case 1 -> 'A' + random.nextInt(58);
                        case 2 -> 0xE000 + random.nextInt(0x1FFE);
                        default -> 0x10000 + random.nextInt(0x10000);
                    };
            text.appendCodePoint(c);
        }
        return text.toString();
    }

    private static Accounts.Account account(String id, String... tokens) {
        return new Accounts.Account(id, List.of(tokens), List.of());
    }

    private static PlivoSignature signature(Accounts.Account... accounts) {
        return new PlivoSignature(new Accounts("accounts", PlivoSignature.HMAC, List.of(accounts)));
    }

    private static HttpHeaders headers(String... signatureAndNonce) {
        HttpHeaders headers = new HttpHeaders();
        if (signatureAndNonce.length == 2) {
            headers.add(PlivoSignature.V3, signatureAndNonce[0]);
            headers.add(PlivoSignature.NONCE, signatureAndNonce[1]);
        }
        return headers;
    }

    private static WebhookRequest request(String method, String url, String query, String form, HttpHeaders headers) {
        return new WebhookRequest(
                HttpMethod.valueOf(method),
                url,
                query,
                Parameters.parse("query", query),
                MediaType.APPLICATION_FORM_URLENCODED,
                form,
                Parameters.parse("body", form),
                headers,
                Optional.empty(),
                null);
    }
}
