package io.smartrouter.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.smartrouter.pool.WhenExhausted.Action;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WhenExhaustedTest {
    private static final String TIERS =
            "{\"tiers\":{\"gold\":{\"type\":\"exclusive\"}},\"default_chain\":[\"gold\"]%s}";

    /** Read as operators write it: of a merchant, by default, and for one provider. */
    private static RoutingConfiguration read(String exhausted) {
        return RoutingConfiguration.parse(
                TIERS.formatted(
                        ",\"when_exhausted\":%s,\"when_exhausted_at\":{\"exotel\":%s}".formatted(exhausted, exhausted)),
                Map.of("acme", "{\"when_exhausted\":%s}".formatted(exhausted)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"action\":\"reject\"}",
                "{\"action\":\"message\",\"text\":\"All lines are busy.\"}",
                "{\"action\":\"message\",\"text\":\"x\"}",
                "{\"action\":\"message\",\"text\":\"Grüße, \\\"Bob\\\" <b> & 中文 😀\"}",
                "{\"action\":\"message\",\"audio\":\"https://cdn.example.com/busy.mp3\"}",
                "{\"action\":\"message\",\"audio\":\"https://cdn.example.com:8443/a%20b.mp3?x=1&y=2\"}",
                "{\"action\":\"message\",\"audio\":\"https://[2001:db8::1]/busy.mp3\"}",
                "{\"action\":\"hold\"}",
                "{\"action\":\"hold\",\"text\":\"Please hold.\"}",
                "{\"action\":\"hold\",\"audio\":\"https://cdn.example.com/music.mp3\",\"max_wait_s\":10,\"poll_s\":2}",
                "{\"action\":\"hold\",\"max_wait_s\":3600,\"poll_s\":60}",
                "{\"action\":\"forward\",\"to\":\"+14155550100\"}",
                "{\"action\":\"forward\",\"to\":\"+1234567\"}",
                "{\"action\":\"forward\",\"to\":\"+123456789012345\"}",
            })
    void isWrittenAsItIsRead(String json) {
        RoutingConfiguration read = read(json);

        assertThat(read.tiersJson())
                .isEqualTo(TIERS.formatted(
                        ",\"when_exhausted\":%s,\"when_exhausted_at\":{\"exotel\":%s}".formatted(json, json)));
        assertThat(read.merchantsJson()).isEqualTo(Map.of("acme", "{\"when_exhausted\":%s}".formatted(json)));
        assertThat(RoutingConfiguration.parse(read.tiersJson(), read.merchantsJson()))
                .isEqualTo(read);
        assertThat(read.compiled())
                .isEqualTo(RoutingConfiguration.parse(TIERS.formatted(""), Map.of("acme", "{}"))
                        .compiled());
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "{}                                                  | action is missing",
                "{\"action\":null}                                   | action",
                "{\"text\":\"x\"}                                    | action is missing",
                "{\"action\":\"\"}                                   | action must be one of",
                "{\"action\":\"busy\"}                               | action must be one of",
                "{\"action\":\"REJECT\"}                             | action must be one of",
                "{\"action\":\"Hold\"}                               | action must be one of",
                "{\"action\":0}                                      | action",
                "{\"action\":true}                                   | action",
                "{\"action\":[\"reject\"]}                           | action",
                "{\"action\":{\"reject\":1}}                         | action",
                "\"reject\"                                          | when_exhausted",
                "[]                                                  | when_exhausted",
                "7                                                   | when_exhausted",
                "{\"action\":\"reject\",\"action\":\"reject\"}       | uplicate",
                "{\"action\":\"reject\",\"say\":\"x\"}               | say: there is no such field",
                "{\"action\":\"reject\",\"text\":\"x\"}              | text belongs to \"message\" and \"hold\", not"
                        + " to \"reject\"",
                "{\"action\":\"reject\",\"audio\":\"https://a.b/c\"} | audio belongs to",
                "{\"action\":\"reject\",\"max_wait_s\":60}           | max_wait_s belongs to \"hold\", not to"
                        + " \"reject\"",
                "{\"action\":\"reject\",\"poll_s\":10}               | poll_s belongs to \"hold\"",
                "{\"action\":\"reject\",\"to\":\"+14155550100\"}     | to belongs to \"forward\", not to \"reject\"",
                "{\"action\":\"message\"}                            | text is missing",
                "{\"action\":\"message\",\"text\":null}              | text is missing",
                "{\"action\":\"message\",\"text\":\"x\",\"audio\":\"https://a.b/c\"} | audio cannot stand beside text",
                "{\"action\":\"message\",\"text\":\"x\",\"max_wait_s\":60} | max_wait_s belongs to \"hold\"",
                "{\"action\":\"message\",\"text\":\"x\",\"poll_s\":10} | poll_s belongs to \"hold\"",
                "{\"action\":\"message\",\"text\":\"x\",\"to\":\"+14155550100\"} | to belongs to \"forward\"",
                "{\"action\":\"message\",\"text\":7}                 | text",
                "{\"action\":\"hold\",\"text\":\"x\",\"audio\":\"https://a.b/c\"} | audio cannot stand beside text",
                "{\"action\":\"hold\",\"to\":\"+14155550100\"}       | to belongs to \"forward\"",
                "{\"action\":\"hold\",\"max_wait_s\":9}              | max_wait_s must be 10 to 3600",
                "{\"action\":\"hold\",\"max_wait_s\":3601}           | max_wait_s must be 10 to 3600",
                "{\"action\":\"hold\",\"max_wait_s\":-1}             | max_wait_s must be 10 to 3600",
                "{\"action\":\"hold\",\"max_wait_s\":\"60\"}         | max_wait_s",
                "{\"action\":\"hold\",\"max_wait_s\":60.5}           | max_wait_s",
                "{\"action\":\"hold\",\"max_wait_s\":99999999999}    | max_wait_s",
                "{\"action\":\"hold\",\"maxWaitS\":60}               | maxWaitS: there is no such field",
                "{\"action\":\"hold\",\"poll_s\":1}                  | poll_s must be 2 to 60",
                "{\"action\":\"hold\",\"poll_s\":61}                 | poll_s must be 2 to 60",
                "{\"action\":\"forward\"}                            | to is missing",
                "{\"action\":\"forward\",\"to\":\"+14155550100\",\"text\":\"x\"} | text belongs to",
                "{\"action\":\"forward\",\"to\":\"+14155550100\",\"audio\":\"https://a.b/c\"} | audio belongs to",
                "{\"action\":\"forward\",\"to\":\"+14155550100\",\"max_wait_s\":60} | max_wait_s belongs to",
                "{\"action\":\"forward\",\"to\":\"+14155550100\",\"poll_s\":10} | poll_s belongs to",
                "{\"action\":\"forward\",\"to\":14155550100}         | to",
            })
    void aBrokenRuleIsSaidWithItsPlace(String json, String words) {
        for (boolean ofMerchant : new boolean[] {true, false}) {
            assertThatExceptionOfType(InvalidInputException.class)
                    .as(json)
                    .isThrownBy(() -> RoutingConfiguration.parse(
                            TIERS.formatted(ofMerchant ? "" : ",\"when_exhausted\":" + json),
                            ofMerchant ? Map.of("acme", "{\"when_exhausted\":%s}".formatted(json)) : Map.of()))
                    .withMessageContaining(words)
                    .withMessageContaining(ofMerchant ? "merchant:config of acme" : "tier:config");
        }
        assertThatExceptionOfType(InvalidInputException.class)
                .isThrownBy(() -> RoutingConfiguration.parse(
                        TIERS.formatted(",\"when_exhausted_at\":{\"exotel\":%s}".formatted(json)), Map.of()))
                .withMessageContaining("when_exhausted_at");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"exotel\":null} | when_exhausted_at.exotel is null",
                "{\"\":{\"action\":\"reject\"}} | when_exhausted_at must be 1 to 63",
                "{\"a b\":{\"action\":\"reject\"}} | when_exhausted_at must be 1 to 63",
                "{\"a\\nb\":{\"action\":\"reject\"}} | when_exhausted_at must be 1 to 63",
                "[] | when_exhausted_at",
                "\"reject\" | when_exhausted_at",
                "{\"exotel\":{\"action\":\"reject\"},\"exotel\":{\"action\":\"reject\"}} | uplicate",
            })
    void refusesProvidersThatAreNone(String json, String words) {
        assertThatExceptionOfType(InvalidInputException.class)
                .isThrownBy(
                        () -> RoutingConfiguration.parse(TIERS.formatted(",\"when_exhausted_at\":" + json), Map.of()))
                .withMessageContaining(words)
                .withMessageNotContaining("\n");
        assertThatExceptionOfType(InvalidInputException.class)
                .isThrownBy(() -> RoutingConfiguration.parse(
                        TIERS.formatted(""), Map.of("acme", "{\"when_exhausted_at\":%s}".formatted(json))))
                .withMessageContaining(words)
                .withMessageContaining("merchant:config of acme");
    }

    @Test
    void nothingAtAProviderIsAsIfItWereLeftOut() {
        RoutingConfiguration read = RoutingConfiguration.parse(
                TIERS.formatted(",\"when_exhausted\":null,\"when_exhausted_at\":{}"),
                Map.of("acme", "{\"when_exhausted_at\":{}}"));

        assertThat(read).isEqualTo(RoutingConfiguration.parse(TIERS.formatted(""), Map.of("acme", "{}")));
        assertThat(read.tiersJson()).isEqualTo(TIERS.formatted(""));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "   ",
                "a\u0000b",
                "a\nb",
                "a\tb",
                "a\u001bb",
                "a\u007fb",
                "a\u0085b",
                "a\ud800b",
                "a\udc00b",
                "a\ufffeb",
                "a\uffffb"
            })
    void refusesATextThatNobodyCouldSayOrXmlCouldNotHold(String text) {
        assertThatExceptionOfType(InvalidInputException.class)
                .isThrownBy(() -> message(text))
                .withMessageStartingWith("text must be 1 to 1000 characters");
    }

    @Test
    void aTextIsMeasuredInCharactersWhateverTheirSize() {
        assertThat(message("😀".repeat(1_000)).text()).hasSize(2_000);
        assertThatExceptionOfType(InvalidInputException.class).isThrownBy(() -> message("x".repeat(1_001)));
        assertThatExceptionOfType(InvalidInputException.class).isThrownBy(() -> message("😀".repeat(1_001)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "http://a.example/x.mp3",
                "ftp://a.example/x.mp3",
                "a.example/x.mp3",
                "/x.mp3",
                "//a.example/x.mp3",
                "https:",
                "https:a.example",
                "https://",
                "https:///x.mp3",
                "https://:443/x.mp3",
                "https://user@a.example/x.mp3",
                "https://user:secret@a.example/x.mp3",
                "https://@a.example/x.mp3",
                "https://a.example/x.mp3#t=1",
                "https://a.example/x.mp3#",
                "https://a.example/x y.mp3",
                "https://a.example/x.mp3 ",
                " https://a.example/x.mp3",
                "https://a.example/é.mp3",
                "https://bücher.example/x.mp3",
                "https://a.example/x\n.mp3",
                "https://a.example/x\u0000.mp3",
                "https://a.example/%zz",
                "https://a.example/<x>",
                "https://a.example/\"x",
                "https://a.example\\@b.example/",
                "https://a.example:99999/x.mp3",
                "https://a.example:x/x.mp3",
                "https://a_b.example/x.mp3",
                "javascript:alert(1)",
            })
    void refusesAnAudioThatIsNoPlainHttpsUrl(String url) {
        assertThatExceptionOfType(InvalidInputException.class)
                .isThrownBy(() -> new WhenExhausted(Action.MESSAGE, null, url, null, null, null))
                .withMessageStartingWith("audio must be an https URL");
    }

    @Test
    void anAudioIsAtMostAThousandCharacters() {
        String url = "https://a.example/";
        assertThat(new WhenExhausted(Action.HOLD, null, url + "x".repeat(1_000 - url.length()), null, null, null)
                        .audio())
                .hasSize(1_000);
        assertThatExceptionOfType(InvalidInputException.class)
                .isThrownBy(() ->
                        new WhenExhausted(Action.HOLD, null, url + "x".repeat(1_001 - url.length()), null, null, null));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "+",
                "14155550100",
                "+04155550100",
                "+123456",
                "+1234567890123456",
                "+1 415 555 0100",
                "+1415555010a",
                "+14155550100\n",
                "tel:+14155550100",
                "sip:a@b.example",
                "+\u0661234567"
            })
    void refusesAForwardToWhatIsNoNumberWithoutRepeatingIt(String to) {
        assertThatExceptionOfType(InvalidInputException.class)
                .isThrownBy(() -> new WhenExhausted(Action.FORWARD, null, null, null, null, to))
                .withMessage("to must be a number in E.164: + and 7 to 15 digits, the first not 0");
    }

    @Test
    void aHoldHasItsDefaults() {
        WhenExhausted plain = new WhenExhausted(Action.HOLD, null, null, null, null, null);
        assertThat(plain.maxWait()).isEqualTo(Duration.ofMinutes(5));
        assertThat(plain.poll()).isEqualTo(Duration.ofSeconds(10));
        WhenExhausted own = new WhenExhausted(Action.HOLD, null, null, 20, 5, null);
        assertThat(own.maxWait()).isEqualTo(Duration.ofSeconds(20));
        assertThat(own.poll()).isEqualTo(Duration.ofSeconds(5));
    }

    @Test
    void whatIsPrintedHoldsNoNumberAndNoText() {
        assertThat(read("{\"action\":\"forward\",\"to\":\"+14155550100\"}").toString())
                .contains("WhenExhausted[forward]")
                .doesNotContain("4155550100");
    }

    @ParameterizedTest(name = "merchant {0}, provider {1} → {2}")
    @CsvSource({
        "both,    exotel, merchant-at",
        "both,    plivo,  merchant",
        "both,    ,       merchant",
        "only,    exotel, merchant",
        "only,    plivo,  merchant",
        "at,      exotel, merchant-at",
        "at,      plivo,  default",
        "at,      twilio, default-at",
        "at,      ,       default",
        "neither, exotel, default",
        "neither, twilio, default-at",
        "nobody,  twilio, default-at",
        "nobody,  plivo,  default",
        ",        twilio, default-at",
        ",        ,       default",
    })
    void theMerchantsAtTheProviderThenTheMerchantsThenTheDefaultAtTheProviderThenTheDefault(
            @Nullable String merchant, @Nullable String provider, String text) {
        RoutingConfiguration read = RoutingConfiguration.parse(
                TIERS.formatted("," + fields("default", "twilio", "default-at")),
                Map.of(
                        "both", "{" + fields("merchant", "exotel", "merchant-at") + "}",
                        "only", "{\"when_exhausted\":" + say("merchant") + "}",
                        "at", "{\"when_exhausted_at\":{\"exotel\":" + say("merchant-at") + "}}",
                        "neither", "{}"));

        assertThat(read.whenExhausted(merchant, provider)).hasValue(message(text));
    }

    @Test
    void whereNothingIsSaidNothingIsFound() {
        RoutingConfiguration read = RoutingConfiguration.parse(TIERS.formatted(""), Map.of("acme", "{}"));

        assertThat(read.whenExhausted("acme", "plivo")).isEmpty();
        assertThat(read.whenExhausted(null, null)).isEmpty();
    }

    @Test
    void whatAProviderInUseCannotDoIsFoundWhereItStands() {
        String forward = "{\"action\":\"forward\",\"to\":\"+14155550100\"}";
        String hold = "{\"action\":\"hold\"}";
        var abilities = Map.of("exotel", Set.of(Action.REJECT, Action.MESSAGE), "plivo", Set.of(Action.values()));
        RoutingConfiguration read = RoutingConfiguration.parse(
                TIERS.formatted(",\"when_exhausted\":" + forward),
                Map.of(
                        "a", "{\"when_exhausted_at\":{\"exotel\":" + hold + "}}",
                        "b", "{\"when_exhausted\":" + hold + ",\"when_exhausted_at\":{\"exotel\":" + say("x") + "}}",
                        "c", "{\"when_exhausted\":" + hold + ",\"when_exhausted_at\":{\"twilio\":" + forward + "}}",
                        "d", "{}"));

        assertThat(read.undoable(abilities))
                .extracting(undoable -> undoable.refusal().getMessage())
                .containsExactly(
                        "when_exhausted \"forward\" cannot be done at exotel; give that provider its own in"
                                + " when_exhausted_at",
                        "merchant:config of a: when_exhausted_at \"hold\" cannot be done at exotel; give it another"
                                + " action",
                        "merchant:config of c: when_exhausted \"hold\" cannot be done at exotel; give that provider"
                                + " its own in when_exhausted_at");
        assertThat(read.undoable(Map.of("plivo", Set.of(Action.values())))).isEmpty();
        assertThat(read.undoable(Map.of())).isEqualTo(List.of());
    }

    private static WhenExhausted message(String text) {
        return new WhenExhausted(Action.MESSAGE, text, null, null, null, null);
    }

    private static String say(String text) {
        return "{\"action\":\"message\",\"text\":\"" + text + "\"}";
    }

    private static String fields(String everywhere, String provider, String at) {
        return "\"when_exhausted\":%s,\"when_exhausted_at\":{\"%s\":%s}".formatted(say(everywhere), provider, say(at));
    }
}
