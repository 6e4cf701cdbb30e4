package io.smartrouter.webhook.twilio;

import static io.smartrouter.webhook.twilio.TwilioRequests.form;
import static io.smartrouter.webhook.twilio.TwilioRequests.get;
import static io.smartrouter.webhook.twilio.TwilioRequests.json;
import static io.smartrouter.webhook.twilio.TwilioSigner.TOKEN;
import static io.smartrouter.webhook.twilio.TwilioSigner.encode;
import static io.smartrouter.webhook.twilio.TwilioSigner.pairs;
import static io.smartrouter.webhook.twilio.TwilioSigner.sign;
import static org.assertj.core.api.Assertions.assertThat;

import io.smartrouter.webhook.Accounts;
import io.smartrouter.webhook.Verdict;
import io.smartrouter.webhook.Verdict.Proven;
import io.smartrouter.webhook.Verdict.Unproven;
import java.util.List;
import org.junit.jupiter.api.Test;

class TwilioSignatureTest {
    private static final String URL = "https://voice.example.com/twilio/allocate";
    private static final String OTHER_TOKEN = "fedcba9876543210fedcba9876543210";
    private static final List<String[]> FORM =
            pairs("CallSid", "CA1", "AccountSid", "AC9", "From", "+15550100", "CallerName", "a & b");

    private final TwilioSignature one = signature(account("AC1", TOKEN));

    @Test
    void thePublishedPostIsSignedAsPublished() {
        String url = "https://mycompany.com/myapp.php";
        List<String[]> form = pairs(
                "Digits", "1234",
                "CallSid", "CA1234567890ABCDE",
                "To", "+18005551212",
                "Caller", "+14158675309",
                "From", "+14158675309");
        String published = "RSOYDt4T1cUTdK1PDd93/VVr8B8=";
        assertThat(sign("12345", url + "?foo=1&bar=2", form)).isEqualTo(published);
        // The published token is too short to be an account's here, so the signed text itself is held against it.
        assertThat(TwilioSignature.texts(form(url, "foo=1&bar=2", encode(form))))
                .hasSize(2)
                .anySatisfy(text -> assertThat(sign("12345", text, List.of())).isEqualTo(published));
    }

    @Test
    void aFormAndAGetAreProven() {
        assertThat(verdict(sign(TOKEN, URL, FORM))).isEqualTo(new Proven("AC1"));
        String query = "merchant_id=acme&" + encode(FORM);
        assertThat(one.verify(get(URL, query, sign(TOKEN, URL + "?" + query, List.of()))))
                .isEqualTo(new Proven("AC1"));
        assertThat(one.verify(get(URL, query, sign(TOKEN, URL, FORM)))).isEqualTo(new Unproven("wrong_signature"));
    }

    @Test
    void theQueryIsSignedAsItCameAndNotAsItReads() {
        String signed = sign(TOKEN, URL + "?b=%20&a=%e4%bd%a0", FORM);
        assertThat(one.verify(form(URL, "b=%20&a=%e4%bd%a0", encode(FORM), signed)))
                .isEqualTo(new Proven("AC1"));
        for (String same : List.of("b=+&a=%e4%bd%a0", "b=%20&a=%E4%BD%A0", "a=%e4%bd%a0&b=%20", "b=%20&a=%e4%bd%a0&")) {
            assertThat(one.verify(form(URL, same, encode(FORM), signed)))
                    .as(same)
                    .isEqualTo(new Unproven("wrong_signature"));
        }
    }

    @Test
    void thePortMayBeInTheSignedUrlOrNot() {
        // public URL | URLs that may be signed | URLs that may not
        proves(
                "https://h.example/p",
                List.of("https://h.example/p", "https://h.example:443/p"),
                "https://h.example:80/p");
        proves("http://h.example/p", List.of("http://h.example/p", "http://h.example:80/p"), "http://h.example:443/p");
        proves(
                "https://h.example:443/p",
                List.of("https://h.example/p", "https://h.example:443/p"),
                "http://h.example/p");
        proves(
                "https://h.example:8443/p",
                List.of("https://h.example/p", "https://h.example:8443/p"),
                "https://h.example:443/p");
        proves("https://[::1]:8443/p", List.of("https://[::1]/p", "https://[::1]:8443/p"), "https://[::1]:443/p");
        proves("https://[::1]/p", List.of("https://[::1]/p", "https://[::1]:443/p"), "https://[/p");
        proves(
                "https://h_1.example/p:1",
                List.of("https://h_1.example/p:1", "https://h_1.example:443/p:1"),
                "https://h_1.example/p");
    }

    private void proves(String publicUrl, List<String> signedUrls, String wrong) {
        for (String url : signedUrls) {
            assertThat(one.verify(form(publicUrl, "a=%2B", encode(FORM), sign(TOKEN, url + "?a=%2B", FORM))))
                    .as(url)
                    .isEqualTo(new Proven("AC1"));
        }
        assertThat(one.verify(form(publicUrl, "a=%2B", encode(FORM), sign(TOKEN, wrong + "?a=%2B", FORM))))
                .as(wrong)
                .isEqualTo(new Unproven("wrong_signature"));
    }

    @Test
    void aRepeatedNameSignsItsDifferentValuesInOrder() {
        String signed = sign(TOKEN, URL + "ka" + "kb", List.of());
        assertThat(one.verify(form(URL, "", "k=b&k=a&k=b", signed))).isEqualTo(new Proven("AC1"));
        assertThat(one.verify(form(URL, "", "k=b&k=a&k=c", signed))).isEqualTo(new Unproven("wrong_signature"));
    }

    @Test
    void whatIsNoProofIsToldApart() {
        String good = sign(TOKEN, URL, FORM);
        assertThat(verdict()).isEqualTo(new Unproven("no_signature"));
        assertThat(verdict("")).isEqualTo(new Unproven("no_signature"));
        assertThat(verdict(good, good)).isEqualTo(new Unproven("several_signatures"));
        assertThat(verdict("A," + good)).isEqualTo(new Unproven("several_signatures"));
        assertThat(verdict(sign(OTHER_TOKEN, URL, FORM))).isEqualTo(new Unproven("wrong_signature"));
        assertThat(verdict(good.substring(0, 20))).isEqualTo(new Unproven("wrong_signature"));
        assertThat(verdict(good + "=")).isEqualTo(new Unproven("wrong_signature"));
        assertThat(verdict("é\t=")).isEqualTo(new Unproven("wrong_signature"));
        assertThat(signature().verify(form(URL, "", encode(FORM), good)))
                .isEqualTo(new Unproven("no_account_configured"));
        assertThat(verdict(good)).isEqualTo(new Proven("AC1"));
    }

    @Test
    void anotherBodyIsBelievedOnlyByItsHashInTheSignedQuery() {
        String body = "{\"CallSid\":\"CA1\"}";
        String hash = "bodySHA256=9c7e2e8e4d5a2bbf2b1e1f0f0a0c1d2e3f40516273849500a1b2c3d4e5f60718";
        String bare = sign(TOKEN, URL, List.of());
        assertThat(one.verify(json(URL, "", body, bare))).isEqualTo(new Unproven("body_is_no_form"));
        assertThat(one.verify(json(URL, "", "", bare))).isEqualTo(new Proven("AC1"));
        assertThat(one.verify(json(URL, hash, body, sign(TOKEN, URL + "?" + hash, List.of()))))
                .isEqualTo(new Unproven("body_is_no_form"));
        String right = "bodySHA256=" + sha256(body);
        String signed = sign(TOKEN, URL + "?" + right, List.of());
        assertThat(one.verify(json(URL, right, body, signed))).isEqualTo(new Proven("AC1"));
        assertThat(one.verify(json(URL, right, body + " ", signed))).isEqualTo(new Unproven("body_is_no_form"));
        assertThat(one.verify(json(URL, right, body, bare))).isEqualTo(new Unproven("wrong_signature"));
    }

    @Test
    void theAccountIsTheOneWhoseTokenMatched() {
        TwilioSignature two = signature(account("AC1", TOKEN), account("AC2", OTHER_TOKEN, TOKEN + "2"));
        for (String[] tokenAndAccount : pairs(TOKEN, "AC1", OTHER_TOKEN, "AC2", TOKEN + "2", "AC2")) {
            assertThat(two.verify(form(URL, "", encode(FORM), sign(tokenAndAccount[0], URL, FORM))))
                    .isEqualTo(new Proven(tokenAndAccount[1]));
        }
    }

    @Test
    void aConfiguredAccountThatTheRequestNamesMustBeTheSigner() {
        TwilioSignature two = signature(account("AC1", TOKEN), account("AC2", OTHER_TOKEN));
        List<String[]> named = pairs("CallSid", "CA1", "AccountSid", "AC2");
        assertThat(two.verify(form(URL, "", encode(named), sign(TOKEN, URL, named))))
                .isEqualTo(new Unproven("wrong_signature"));
        assertThat(two.verify(form(URL, "", encode(named), sign(OTHER_TOKEN, URL, named))))
                .isEqualTo(new Proven("AC2"));
        String query = encode(named);
        assertThat(two.verify(get(URL, query, sign(TOKEN, URL + "?" + query, List.of()))))
                .isEqualTo(new Unproven("wrong_signature"));
        List<String[]> several = pairs("AccountSid", "AC1", "AccountSid", "AC2");
        assertThat(two.verify(form(URL, "", encode(several), sign(TOKEN, URL, several))))
                .isEqualTo(new Unproven("several_accounts"));
    }

    private Verdict verdict(String... signatures) {
        return one.verify(form(URL, "", encode(FORM), signatures));
    }

    static String sha256(String text) {
        return org.apache.commons.codec.digest.DigestUtils.sha256Hex(text);
    }

    static Accounts.Account account(String id, String... tokens) {
        return new Accounts.Account(id, List.of(tokens), List.of());
    }

    static TwilioSignature signature(Accounts.Account... accounts) {
        return new TwilioSignature(new Accounts("accounts", TwilioSignature.HMAC, List.of(accounts)));
    }
}
