package io.smartrouter.webhook.exotel;

import static io.smartrouter.webhook.exotel.ExotelRequests.basic;
import static io.smartrouter.webhook.exotel.ExotelRequests.withHeaders;
import static io.smartrouter.webhook.exotel.ExotelRequests.withSecret;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.smartrouter.InvalidSettingException;
import io.smartrouter.webhook.Accounts;
import io.smartrouter.webhook.Verdict;
import io.smartrouter.webhook.Verdict.Proven;
import io.smartrouter.webhook.Verdict.Unproven;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.springframework.http.HttpHeaders;

class ExotelProofTest {
    private static final String OLD = "old-secret-old-secret-old-secret";
    private static final String NEW = "new_secret_new_secret_new_secret";
    private static final String OTHERS = "othersecretothersecretothersecret";

    private final ExotelProof proof = proof(List.of());
    private final ExotelProof narrow = proof(List.of("198.51.100.0/24", "2001:db8::/32"));

    @Test
    void aSecretInThePathTellsWhoseTheRequestIs() {
        assertThat(bySecret(OLD)).isEqualTo(new Proven("EX1"));
        assertThat(bySecret(NEW)).isEqualTo(new Proven("EX1"));
        assertThat(bySecret(OTHERS)).isEqualTo(new Proven("EX2"));
    }

    @Test
    void anyOtherSecretProvesNothing() {
        Unproven wrong = new Unproven("wrong_secret");
        for (String secret :
                List.of("", " ", "x", OLD + "x", OLD.substring(1), OLD.toUpperCase(java.util.Locale.ROOT))) {
            assertThat(bySecret(secret)).as(secret).isEqualTo(wrong);
        }
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int i = 0; i < 2_000; i++) {
            char[] characters = OLD.toCharArray();
            int at = random.nextInt(characters.length);
            characters[at] = (char) (characters[at] ^ (1 + random.nextInt(30)));
            assertThat(bySecret(new String(characters))).as("seed=" + seed).isEqualTo(wrong);
        }
    }

    @Test
    void basicCredentialsAreTheAccountAndOneOfItsOwnTokens() {
        assertThat(byHeader(basic("EX1", OLD))).isEqualTo(new Proven("EX1"));
        assertThat(byHeader(basic("EX1", NEW))).isEqualTo(new Proven("EX1"));
        assertThat(byHeader(basic("EX2", OTHERS))).isEqualTo(new Proven("EX2"));
        assertThat(byHeader(basic("EX1", OLD).replace("Basic", "bAsIc"))).isEqualTo(new Proven("EX1"));
        Unproven wrong = new Unproven("wrong_credentials");
        assertThat(byHeader(basic("EX2", OLD))).isEqualTo(wrong);
        assertThat(byHeader(basic("EX1", OTHERS))).isEqualTo(wrong);
        assertThat(byHeader(basic("EX3", OLD))).isEqualTo(wrong);
        assertThat(byHeader(basic("", OLD))).isEqualTo(wrong);
        assertThat(byHeader(basic("EX1", ""))).isEqualTo(wrong);
        assertThat(byHeader(basic("EX1", OLD + ":"))).isEqualTo(wrong);
        assertThat(byHeader(basic("EX1:" + OLD, ""))).isEqualTo(wrong);
    }

    @Test
    void whatIsNoProofIsToldApart() {
        assertThat(proof.verify(withHeaders(new HttpHeaders(), null))).isEqualTo(new Unproven("no_credentials"));
        Unproven malformed = new Unproven("malformed_credentials");
        String withoutColon = Base64.getEncoder().encodeToString(OLD.getBytes(java.nio.charset.StandardCharsets.UTF_8));
        for (String header : List.of(
                "",
                "Basic",
                "Basic ",
                "Basic =",
                "Basic é",
                "Bearer " + OLD,
                OLD,
                "Basic " + withoutColon,
                "Basic " + "QUJD".repeat(300))) {
            assertThat(byHeader(header)).as(header).isEqualTo(malformed);
        }
        HttpHeaders twice = headers(basic("EX1", OLD));
        twice.add(HttpHeaders.AUTHORIZATION, basic("EX1", OLD));
        assertThat(proof.verify(withHeaders(twice, null))).isEqualTo(malformed);
        ExotelProof nobodys = new ExotelProof(new ExotelProperties(List.of(), List.of()));
        assertThat(nobodys.hasAccounts()).isFalse();
        assertThat(nobodys.verify(withSecret(OLD, headers(basic("EX1", OLD)), null)))
                .isEqualTo(new Unproven("no_account_configured"));
    }

    @Test
    void aWrongSecretInThePathIsNotMendedByCredentials() {
        assertThat(proof.verify(withSecret("wrong", headers(basic("EX1", OLD)), null)))
                .isEqualTo(new Unproven("wrong_secret"));
        assertThat(proof.verify(withSecret(OLD, headers("Basic nonsense"), null)))
                .isEqualTo(new Proven("EX1"));
    }

    @Test
    void whereAddressesAreListedTheProofMustComeFromOne() {
        for (String in : List.of("198.51.100.9", "2001:db8::9", "::ffff:198.51.100.9")) {
            assertThat(narrow.verify(withSecret(OLD, new HttpHeaders(), in)))
                    .as(in)
                    .isEqualTo(new Proven("EX1"));
            assertThat(narrow.verify(withHeaders(headers(basic("EX1", OLD)), in)))
                    .as(in)
                    .isEqualTo(new Proven("EX1"));
            // An address alone proves nothing.
            assertThat(narrow.verify(withHeaders(new HttpHeaders(), in))).isEqualTo(new Unproven("no_credentials"));
        }
        Unproven elsewhere = new Unproven("address_not_allowed");
        assertThat(narrow.verify(withSecret(OLD, new HttpHeaders(), "198.51.101.9")))
                .isEqualTo(elsewhere);
        assertThat(narrow.verify(withHeaders(headers(basic("EX1", OLD)), "127.0.0.1")))
                .isEqualTo(elsewhere);
        assertThat(narrow.verify(withSecret(OLD, new HttpHeaders(), null))).isEqualTo(elsewhere);
        assertThat(proof.verify(withSecret(OLD, new HttpHeaders(), null))).isEqualTo(new Proven("EX1"));
    }

    @Test
    void aTokenThatCannotStandInAUrlAndAnAddressThatIsNoneRefuseTheStart() {
        for (String token : List.of(
                "with space with space", "with/slash/with/slash", "umläut-umläut-umläut", "p%61ssword-password")) {
            assertThatThrownBy(() -> new ExotelProof(
                            new ExotelProperties(List.of(account("EX1", OLD), account("EX2", token)), List.of())))
                    .isInstanceOf(InvalidSettingException.class)
                    .hasMessageStartingWith("router.providers.exotel.accounts: account EX2")
                    .hasMessageNotContaining(token);
        }
        assertThatThrownBy(() -> proof(List.of("exotel.example")))
                .isInstanceOf(InvalidSettingException.class)
                .hasMessageStartingWith("router.providers.exotel.allowed-addresses[0]: ");
    }

    private Verdict bySecret(String secret) {
        return proof.verify(withSecret(secret, new HttpHeaders(), null));
    }

    private Verdict byHeader(@Nullable String authorization) {
        return proof.verify(withHeaders(headers(authorization), null));
    }

    private static HttpHeaders headers(@Nullable String authorization) {
        HttpHeaders headers = new HttpHeaders();
        headers.add(HttpHeaders.AUTHORIZATION, authorization);
        return headers;
    }

    private static ExotelProof proof(List<String> allowed) {
        return new ExotelProof(
                new ExotelProperties(List.of(account("EX1", OLD, NEW), account("EX2", OTHERS)), allowed));
    }

    private static Accounts.Account account(String id, String... tokens) {
        return new Accounts.Account(id, List.of(tokens), List.of());
    }
}
