package io.smartrouter.webhook.vonage;

import static io.smartrouter.webhook.vonage.VonageSigner.KEY;
import static io.smartrouter.webhook.vonage.VonageSigner.SECRET;
import static io.smartrouter.webhook.vonage.VonageSigner.base64;
import static io.smartrouter.webhook.vonage.VonageSigner.bearer;
import static io.smartrouter.webhook.vonage.VonageSigner.claims;
import static io.smartrouter.webhook.vonage.VonageSigner.token;
import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jwt.SignedJWT;
import io.smartrouter.webhook.Accounts;
import io.smartrouter.webhook.Parameters;
import io.smartrouter.webhook.Verdict;
import io.smartrouter.webhook.Verdict.Proven;
import io.smartrouter.webhook.Verdict.Unproven;
import io.smartrouter.webhook.WebhookRequest;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.text.ParseException;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.MediaType;

class VonageSignatureTest {
    private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");
    private static final String OTHER_SECRET = "another-secret-of-another-account-of-ours-0123456789";
    private static final String APPLICATION = "aaaaaaaa-bbbb-cccc-dddd-0123456789ab";
    private static final String BODY =
            "{\"from\":\"442079460000\",\"to\":\"447700900000\",\"uuid\":\"63f61863\",\"status\":\"ringing\"}";
    private static final String URL = "https://voice.example.com/vonage/allocate";

    private final VonageSignature one = signature(account(KEY, SECRET));

    /** RFC 7515, appendix A.1: a token that others have published, with its line breaks. */
    @Test
    void theTokenThatTheRfcPublishesIsSigned() throws ParseException {
        SignedJWT published = SignedJWT.parse("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
                + ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
                + ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        byte[] key = Base64.getUrlDecoder()
                .decode("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow");
        assertThat(VonageSignature.isSignedWith(published, key(key))).isTrue();
        key[0] ^= 1;
        assertThat(VonageSignature.isSignedWith(published, key(key))).isFalse();
    }

    /** The token with which Vonage's own Python library tests its check of signed webhooks. */
    @Test
    void theTokenThatVonagePublishesIsSigned() throws ParseException {
        SignedJWT published = SignedJWT.parse("eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9"
            + ".eyJpc3MiOiJPbmxpbmUgSldUIEJ1aWxkZXIiLCJpYXQiOjE2OTc2MzQ2ODAsImV4cCI6MzMyNTQ1NDA4MjgsImF1ZCI6IiIsInN1YiI6IiJ9"
            + ".88vJc3I2HhuqEDixHXVhc9R30tA6U_HQHZTC29y6CGM");
        assertThat(VonageSignature.isSignedWith(published, key("qwertyuiopasdfghjklzxcvbnm123456")))
                .isTrue();
        assertThat(VonageSignature.isSignedWith(published, key("asdf"))).isFalse();
    }

    @Test
    void thousandsOfRandomRequestsAgreeWithTheSecondImplementation() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        int proven = 0;
        int refused = 0;
        for (int i = 0; i < 2_000; i++) {
            String secret = randomSecret(random);
            VonageSignature mine = signature(account(KEY, secret), account("other", OTHER_SECRET + i));
            String body = randomText(random, 200);
            Instant issued = NOW.plusSeconds(random.nextInt(-300, 301));
            String claims = claims(KEY, issued, body);
            String good = token(secret, claims);
            String what = "seed=" + seed + " round=" + i + " " + good + " | " + body;
            assertThat(mine.verify(post(body, "Bearer " + good))).as(what).isEqualTo(new Proven(KEY));
            proven++;
            int dot = good.lastIndexOf('.');
            for (WebhookRequest forged : List.of(
                    post(body + " ", "Bearer " + good),
                    post(body, "Bearer " + token(secret + "x", claims)),
                    post(body, "Bearer " + token(OTHER_SECRET + i, claims)), // genuine, but it names the other account
                    post(body, "Bearer " + flip(good, random.nextInt(dot))),
                    post(body, "Bearer " + flip(good, dot + 1 + random.nextInt(42))),
                    post(body, "Bearer " + token(secret, claims(KEY, NOW.plusSeconds(301), body))),
                    post(body, "Bearer " + token(secret, claims(KEY, NOW.minusSeconds(301), body))))) {
                assertThat(mine.verify(forged)).as(what).isInstanceOf(Unproven.class);
                refused++;
            }
        }
        System.out.printf("signed webhooks: seed=%d proven=%d forged_and_refused=%d%n", seed, proven, refused);
    }

    @Test
    void whatIsNoProofIsToldApart() {
        String good = bearer(SECRET, KEY, NOW, BODY);
        assertThat(one.verify(post(BODY, good))).isEqualTo(new Proven(KEY));
        assertThat(one.verify(post(BODY, good.replace("Bearer ", "bearer  ")))).isEqualTo(new Proven(KEY));
        assertThat(one.verify(post(BODY))).isEqualTo(new Unproven("no_token"));
        assertThat(one.verify(post(BODY, "Basic YTpi"))).isEqualTo(new Unproven("no_token"));
        assertThat(one.verify(post(BODY, ""))).isEqualTo(new Unproven("no_token"));
        assertThat(one.verify(post(BODY, good, good))).isEqualTo(new Unproven("several_tokens"));
        for (String token : List.of("", "x", "a.b.c", "..", good.substring(7) + ".x.y", "é.é.é", "x".repeat(100_000))) {
            assertThat(one.verify(post(BODY, "Bearer " + token))).as(token).isEqualTo(new Unproven("malformed_token"));
        }
        assertThat(one.verify(post(BODY + " ", good))).isEqualTo(new Unproven("wrong_payload_hash"));
        assertThat(one.verify(post("", good))).isEqualTo(new Unproven("wrong_payload_hash"));
        assertThat(one.verify(post(BODY, bearer(SECRET, "ffff9999", NOW, BODY))))
                .isEqualTo(new Unproven("unknown_account"));
        assertThat(one.verify(post(BODY, bearer(OTHER_SECRET, KEY, NOW, BODY))))
                .isEqualTo(new Unproven("wrong_signature"));
        assertThat(signature().verify(post(BODY, good))).isEqualTo(new Unproven("no_account_configured"));
    }

    @Test
    void aGetIsNoProofForNothingCoversItsQuery() {
        WebhookRequest get = new WebhookRequest(
                HttpMethod.GET,
                URL,
                "uuid=x&conversation_uuid=y",
                Parameters.parse("query", "uuid=x&conversation_uuid=y"),
                null,
                "",
                Parameters.NONE,
                headers(bearer(SECRET, KEY, NOW, "")),
                Optional.empty(),
                null);
        assertThat(one.verify(get)).isEqualTo(new Unproven("use_post"));
    }

    @Test
    void aTokenIsGoodForFiveMinutesEitherWay() {
        for (int seconds : List.of(-300, -1, 0, 1, 300)) {
            assertThat(one.verify(post(BODY, bearer(SECRET, KEY, NOW.plusSeconds(seconds), BODY))))
                    .as("%d", seconds)
                    .isEqualTo(new Proven(KEY));
        }
        for (int seconds : List.of(-86_400, -301, 301, 86_400)) {
            assertThat(one.verify(post(BODY, bearer(SECRET, KEY, NOW.plusSeconds(seconds), BODY))))
                    .as("%d", seconds)
                    .isEqualTo(new Unproven("stale_token"));
        }
    }

    @Test
    void everyClaimMustBeThereAndOfItsType() {
        String good = claims(KEY, NOW, BODY);
        assertThat(verdict(good)).isEqualTo(new Proven(KEY));
        String iat = "\"iat\":" + NOW.getEpochSecond();
        String iss = "\"iss\":\"Vonage\"";
        String hash = "\"payload_hash\":\"" + VonageSigner.sha256(BODY) + "\"";
        String key = "\"api_key\":\"" + KEY + "\"";
        assertThat(verdict(good.replace(iat, "\"x\":1"))).isEqualTo(new Unproven("stale_token"));
        assertThat(verdict(good.replace(iat, "\"iat\":\"now\""))).isInstanceOf(Unproven.class);
        assertThat(verdict(good.replace(iat, "\"iat\":1e300"))).isInstanceOf(Unproven.class);
        assertThat(verdict(good.replace(iss, "\"iss\":\"Vonagee\""))).isEqualTo(new Unproven("wrong_issuer"));
        assertThat(verdict(good.replace(iss, "\"x\":1"))).isEqualTo(new Unproven("wrong_issuer"));
        assertThat(verdict(good.replace(hash, "\"x\":1"))).isEqualTo(new Unproven("wrong_payload_hash"));
        assertThat(verdict(good.replace(hash, "\"payload_hash\":\"\""))).isEqualTo(new Unproven("wrong_payload_hash"));
        assertThat(verdict(good.replace(hash, "\"payload_hash\":\"zz\"")))
                .isEqualTo(new Unproven("wrong_payload_hash"));
        assertThat(verdict(good.replace(hash, "\"payload_hash\":7"))).isInstanceOf(Unproven.class);
        assertThat(verdict(good.replace(key, "\"x\":1"))).isEqualTo(new Unproven("unknown_account"));
        assertThat(verdict(good.replace(key, "\"api_key\":[\"" + KEY + "\"]"))).isInstanceOf(Unproven.class);
        for (String noClaims : List.of("[]", "null", "7", "\"x\"", "{", "")) {
            assertThat(verdict(noClaims)).as(noClaims).isInstanceOf(Unproven.class);
        }
        assertThat(verdict(good.toUpperCase(java.util.Locale.ROOT))).isInstanceOf(Unproven.class);
        // Hex is hex, in either case.
        String upper = hash.toUpperCase(java.util.Locale.ROOT).replace("PAYLOAD_HASH", "payload_hash");
        assertThat(verdict(good.replace(hash, upper))).isEqualTo(new Proven(KEY));
    }

    @Test
    void noOtherAlgorithmIsBelieved() throws GeneralSecurityException {
        String claims = claims(KEY, NOW, BODY);
        byte[] secret = SECRET.getBytes(StandardCharsets.UTF_8);
        KeyPair rsa = rsa();
        for (String none : List.of("none", "None", "NONE", "")) {
            String header = base64(("{\"alg\":\"" + none + "\"}").getBytes(StandardCharsets.UTF_8));
            String unsigned = header + "." + base64(claims.getBytes(StandardCharsets.UTF_8)) + ".";
            assertThat(verdictOf(unsigned)).as(none).isInstanceOf(Unproven.class);
            assertThat(verdictOf(token("{\"alg\":\"" + none + "\"}", "HmacSHA256", secret, claims)))
                    .as(none)
                    .isInstanceOf(Unproven.class);
        }
        assertThat(verdictOf(token("{\"alg\":\"HS384\"}", "HmacSHA384", secret, claims)))
                .isEqualTo(new Unproven("wrong_algorithm"));
        assertThat(verdictOf(token("{\"alg\":\"HS512\"}", "HmacSHA512", secret, claims)))
                .isEqualTo(new Unproven("wrong_algorithm"));
        assertThat(verdictOf(token("{\"alg\":\"hs256\"}", "HmacSHA256", secret, claims)))
                .isEqualTo(new Unproven("wrong_algorithm"));
        assertThat(verdictOf(token("{\"typ\":\"JWT\"}", "HmacSHA256", secret, claims)))
                .isEqualTo(new Unproven("malformed_token"));
        // Signed by a key pair that the sender brings along, or names.
        String jwk = "{\"alg\":\"RS256\",\"jku\":\"https://evil.example/keys\",\"kid\":\"1\"}";
        String signed =
                base64(jwk.getBytes(StandardCharsets.UTF_8)) + "." + base64(claims.getBytes(StandardCharsets.UTF_8));
        Signature signer = Signature.getInstance("SHA256withRSA");
        signer.initSign(rsa.getPrivate());
        signer.update(signed.getBytes(StandardCharsets.US_ASCII));
        assertThat(verdictOf(signed + "." + base64(signer.sign()))).isEqualTo(new Unproven("wrong_algorithm"));
    }

    @Test
    void aKeyThatTheSenderChoosesIsNoSecret() throws GeneralSecurityException {
        String claims = claims(KEY, NOW, BODY);
        String own = "{\"alg\":\"HS256\",\"jwk\":{\"kty\":\"oct\",\"k\":\"" + base64(new byte[32])
                + "\"},\"kid\":\"../../dev/null\"}";
        for (byte[] key : List.of(
                new byte[32],
                new byte[1],
                KEY.getBytes(StandardCharsets.UTF_8),
                rsa().getPublic().getEncoded(),
                (SECRET + "x").getBytes(StandardCharsets.UTF_8))) {
            assertThat(verdictOf(token(own, "HmacSHA256", key, claims))).isInstanceOf(Unproven.class);
            assertThat(verdictOf(token("{\"alg\":\"HS256\"}", "HmacSHA256", key, claims)))
                    .isEqualTo(new Unproven("wrong_signature"));
        }
        // What a header calls critical and nobody here understands makes the token void.
        byte[] secret = SECRET.getBytes(StandardCharsets.UTF_8);
        String critical = "{\"alg\":\"HS256\",\"crit\":[\"x\"],\"x\":1}";
        assertThat(verdictOf(token(critical, "HmacSHA256", secret, claims))).isInstanceOf(Unproven.class);
        String detached = "{\"alg\":\"HS256\",\"crit\":[\"b64\"],\"b64\":false}";
        assertThat(verdictOf(token(detached, "HmacSHA256", secret, claims))).isInstanceOf(Unproven.class);
    }

    @Test
    void theAccountIsTheOneThatTheTokenNamesAndWhoseSecretSigned() {
        VonageSignature two = signature(account(KEY, SECRET), account("ffff9999", OTHER_SECRET, SECRET + "2"));
        assertThat(two.verify(post(BODY, bearer(SECRET, KEY, NOW, BODY)))).isEqualTo(new Proven(KEY));
        for (String turned : List.of(OTHER_SECRET, SECRET + "2")) {
            assertThat(two.verify(post(BODY, bearer(turned, "ffff9999", NOW, BODY))))
                    .isEqualTo(new Proven("ffff9999"));
        }
        assertThat(two.verify(post(BODY, bearer(SECRET, "ffff9999", NOW, BODY))))
                .isEqualTo(new Unproven("wrong_signature"));
        // An application's id does as well.
        VonageSignature application = signature(account(APPLICATION, SECRET));
        assertThat(application.verify(post(BODY, bearer(SECRET, KEY, NOW, BODY))))
                .isEqualTo(new Proven(APPLICATION));
    }

    private Verdict verdict(String claims) {
        return verdictOf(token(SECRET, claims));
    }

    private Verdict verdictOf(String token) {
        return one.verify(post(BODY, "Bearer " + token));
    }

    private static KeyPair rsa() throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(2048);
        return generator.generateKeyPair();
    }

    private static String flip(String token, int at) {
        char c = token.charAt(at);
        return token.substring(0, at) + (c == 'A' ? 'B' : 'A') + token.substring(at + 1);
    }

    private static String randomSecret(Random random) {
        String text = randomText(random, 100).replaceAll("\\s", "s");
        return "0123456789abcdef" + text;
    }

    private static String randomText(Random random, int longest) {
        StringBuilder text = new StringBuilder();
        int length = random.nextInt(longest);
        for (int i = 0; i < length; i++) {
            int c =
                    switch (random.nextInt(4)) {
                        case 0 -> " {}[]\",:\\\r\n\0\t'".codePointAt(random.nextInt(14));
                        case 1 -> 'A' + random.nextInt(58);
                        case 2 -> 0xE000 + random.nextInt(0x1FFE);
                        default -> 0x10000 + random.nextInt(0x10000);
                    };
            text.appendCodePoint(c);
        }
        return text.toString();
    }

    private static SecretKeySpec key(String secret) {
        return key(secret.getBytes(StandardCharsets.UTF_8));
    }

    private static SecretKeySpec key(byte[] secret) {
        return new SecretKeySpec(secret, VonageSignature.HMAC);
    }

    private static Accounts.Account account(String id, String... secrets) {
        return new Accounts.Account(id, List.of(secrets), List.of());
    }

    private static VonageSignature signature(Accounts.Account... accounts) {
        return new VonageSignature(
                new Accounts("accounts", VonageSignature.HMAC, List.of(accounts)), Clock.fixed(NOW, ZoneOffset.UTC));
    }

    private static HttpHeaders headers(String... authorizations) {
        HttpHeaders headers = new HttpHeaders();
        headers.addAll(HttpHeaders.AUTHORIZATION, List.of(authorizations));
        return headers;
    }

    private static WebhookRequest post(String body, String... authorizations) {
        return request("", body, authorizations);
    }

    static WebhookRequest request(String query, String body, String... authorizations) {
        return new WebhookRequest(
                HttpMethod.POST,
                URL,
                query,
                Parameters.parse("query", query),
                MediaType.APPLICATION_JSON,
                body,
                Parameters.NONE,
                headers(authorizations),
                Optional.empty(),
                null);
    }
}
