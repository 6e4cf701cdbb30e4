package io.smartrouter.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RoutingConfigurationTest {
    /** As DESIGN.md has them. */
    private static final String TIERS = """
        {"tiers":{"gold":{"type":"exclusive","target":2},\
        "basic":{"type":"shared","target":5,"max_concurrent":3}},"default_chain":["gold","basic"]}\
        """;

    private static final String MERCHANT = """
        {"tier":"gold","pool":"acme","fallback":["gold","basic"],"max_concurrent_calls":50}\
        """;

    @Test
    void readsWhatTheDesignShows() {
        RoutingConfiguration read = RoutingConfiguration.parse(TIERS, Map.of("m1", MERCHANT));

        assertThat(read.tiers())
                .containsExactly(
                        Map.entry("gold", new TierPolicy("exclusive", 2, null, null)),
                        Map.entry("basic", new TierPolicy("shared", 5, 3, null)));
        assertThat(read.defaultChain()).containsExactly("gold", "basic");
        assertThat(read.merchants())
                .containsExactly(Map.entry("m1", new MerchantPolicy("gold", "acme", List.of("gold", "basic"), 50)));
    }

    @Test
    void writesWhatItReads() {
        RoutingConfiguration read = RoutingConfiguration.parse(TIERS, Map.of("m1", MERCHANT, "m2", "{}"));

        assertThat(read.tiersJson()).isEqualTo(TIERS);
        assertThat(read.merchantsJson()).isEqualTo(Map.of("m1", MERCHANT, "m2", "{}"));
        assertThat(RoutingConfiguration.parse(read.tiersJson(), read.merchantsJson()))
                .isEqualTo(read);
    }

    @Test
    void aMissingDefaultChainIsTheTiersAsWrittenWithoutPoolsOfMerchants() {
        RoutingConfiguration read = RoutingConfiguration.parse("""
            {"tiers":{"b":{"type":"exclusive"},"merchant:acme":{"type":"exclusive"},"a":{"type":"exclusive"}}}\
            """, Map.of());

        assertThat(read.defaultChain()).containsExactly("b", "a");
    }

    @ParameterizedTest(name = "{0} → {1}")
    @CsvSource(
            delimiter = '|',
            value = {
                "{}                                                        | gold basic",
                "{\"tier\":\"basic\"}                                      | basic gold",
                "{\"pool\":\"acme\"}                                       | merchant:acme gold basic",
                "{\"tier\":\"basic\",\"pool\":\"acme\"}                    | merchant:acme basic gold",
                "{\"tier\":\"gold\",\"fallback\":[\"gold\",\"basic\"]}     | gold basic",
                "{\"tier\":\"gold\",\"fallback\":[]}                       | gold",
                "{\"pool\":\"acme\",\"fallback\":[]}                       | merchant:acme",
                "{\"fallback\":[\"basic\",\"basic\"]}                      | basic",
            })
    void theChainIsTheOwnPoolThenTheTierThenTheFallbackOrTheDefault(String merchant, String chain) {
        RoutingConfiguration read = RoutingConfiguration.parse(TIERS, Map.of("m1", merchant));

        assertThat(read.chainOf("m1")).containsExactly(chain.split(" "));
        assertThat(read.compiled()).containsEntry("chain:m1", chain);
    }

    @Test
    void anUnknownMerchantAndNoneGetTheDefaultChain() {
        RoutingConfiguration read = RoutingConfiguration.parse(TIERS, Map.of("m1", MERCHANT));

        assertThat(read.chainOf("m2")).containsExactly("gold", "basic");
        assertThat(read.chainOf(null)).containsExactly("gold", "basic");
    }

    @Test
    void aPoolAppearsOnceInTheDefaultChain() {
        RoutingConfiguration read = RoutingConfiguration.parse("""
            {"tiers":{"a":{"type":"exclusive"},"b":{"type":"exclusive"}},"default_chain":["a","b","a"]}\
            """, Map.of());

        assertThat(read.chainOf(null)).containsExactly("a", "b");
        assertThat(read.compiled()).containsEntry("chain", "a b");
    }

    @Test
    void podsAreSharedOutToPoolsOfMerchantsThenInChainOrderThenToTheOtherTiers() {
        RoutingConfiguration read = RoutingConfiguration.parse("""
            {"tiers":{"x":{"type":"exclusive"},"a":{"type":"exclusive"},"b":{"type":"exclusive"},
            "merchant:acme":{"type":"exclusive","target":1}},"default_chain":["b","a"]}\
            """, Map.of());

        assertThat(read.order()).containsExactly("merchant:acme", "b", "a", "x");
    }

    @Test
    void theScriptsReadCapacityTargetAndPlacement() {
        Map<String, String> compiled =
                RoutingConfiguration.parse("""
                    {"tiers":{"gold":{"type":"exclusive","target":2},"basic":{"type":"shared","target":5,"max_concurrent":3},
                    "packed":{"type":"shared","max_concurrent":4,"placement":"pack"},
                    "spread":{"type":"exclusive","placement":"spread"}}}\
                    """, Map.of("m1", MERCHANT)).compiled();

        assertThat(compiled)
                .containsEntry("policy:gold", "1 2 lru")
                .containsEntry("policy:basic", "3 5 load")
                .containsEntry("policy:packed", "4 0 pack")
                .containsEntry("policy:spread", "1 0 lru")
                .containsEntry("policy:merchant:*", "1 0 lru")
                .containsEntry("limit:m1", "50");
    }

    /** What it holds → the words that the message must have: the place, and what to mend. */
    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "not JSON                            | nothing                                                       "
                        + " | tier:config | line 1",
                "empty text                          | ''                                                            "
                        + " | tier:config | JSON",
                "null                                | null                                                          "
                        + " | tier:config | object",
                "a list                              | []                                                            "
                        + " | tier:config | JSON",
                "an empty object                     | {}                                                            "
                        + " | tiers | at least one tier",
                "no tier                             | {\"tiers\":{}}                                                "
                        + " | tiers | at least one tier",
                "tiers of a wrong type               | {\"tiers\":[]}                                                "
                        + " | tier:config | tiers",
                "an unknown field                    | {\"tiers\":{\"a\":{\"type\":\"exclusive\"}},\"chain\":[\"a\"]}"
                        + " | tier:config | chain",
                "an unknown field of a tier          | {\"tiers\":{\"a\":{\"type\":\"exclusive\",\"size\":1}}}       "
                        + " | tier:config | size",
                "a duplicate key                     |"
                        + " {\"tiers\":{\"a\":{\"type\":\"exclusive\"},\"a\":{\"type\":\"exclusive\"}}} | tier:config |"
                        + " uplicate",
                "trailing text                       | {\"tiers\":{\"a\":{\"type\":\"exclusive\"}}} and more         "
                        + " | tier:config | line 1",
                "two objects                         | {\"tiers\":{\"a\":{\"type\":\"exclusive\"}}} {}               "
                        + " | tier:config | line 1",
                "no policy                           | {\"tiers\":{\"a\":null}}                                      "
                        + " | tiers.a | type",
                "no type                             | {\"tiers\":{\"a\":{}}}                                        "
                        + " | tiers.a | type must be",
                "an unknown type                     | {\"tiers\":{\"a\":{\"type\":\"fast\"}}}                       "
                        + " | tiers.a | type must be",
                "a type in capitals                  | {\"tiers\":{\"a\":{\"type\":\"SHARED\",\"max_concurrent\":2}}}"
                        + " | tiers.a | type must be",
                "a negative target                   | {\"tiers\":{\"a\":{\"type\":\"exclusive\",\"target\":-1}}}    "
                        + " | tiers.a | target must be",
                "a target that is text               | {\"tiers\":{\"a\":{\"type\":\"exclusive\",\"target\":\"2\"}}} "
                        + " | tiers.a.target | wrong type",
                "a target with a fraction            | {\"tiers\":{\"a\":{\"type\":\"exclusive\",\"target\":1.5}}}   "
                        + " | tiers.a.target | wrong type",
                "shared without max_concurrent       | {\"tiers\":{\"a\":{\"type\":\"shared\"}}}                     "
                        + " | tiers.a | max_concurrent is missing",
                "exclusive with max_concurrent       |"
                    + " {\"tiers\":{\"a\":{\"type\":\"exclusive\",\"max_concurrent\":2}}} | tiers.a | max_concurrent"
                    + " belongs to shared",
                "max_concurrent of 0                 | {\"tiers\":{\"a\":{\"type\":\"shared\",\"max_concurrent\":0}}}"
                        + " | tiers.a | max_concurrent must be",
                "too large a max_concurrent          |"
                    + " {\"tiers\":{\"a\":{\"type\":\"shared\",\"max_concurrent\":9999}}} | tiers.a | max_concurrent"
                    + " must be",
                "an unknown placement                |"
                        + " {\"tiers\":{\"a\":{\"type\":\"exclusive\",\"placement\":\"x\"}}} | tiers.a | placement must"
                        + " be",
                "a name with a space                 | {\"tiers\":{\"a b\":{\"type\":\"exclusive\"}}}                "
                        + " | tiers | must be 1 to 63",
                "an empty name                       | {\"tiers\":{\"\":{\"type\":\"exclusive\"}}}                   "
                        + " | tiers | must be 1 to 63",
                "a pool of a merchant without a name | {\"tiers\":{\"merchant:\":{\"type\":\"exclusive\"}}}          "
                        + " | tiers | must be 1 to 63",
                "only pools of merchants             | {\"tiers\":{\"merchant:x\":{\"type\":\"exclusive\"}}}         "
                        + " | default_chain | at least one tier",
                "an empty chain                      |"
                    + " {\"tiers\":{\"a\":{\"type\":\"exclusive\"}},\"default_chain\":[]} | default_chain | at least"
                    + " one tier",
                "a chain of a wrong type             |"
                        + " {\"tiers\":{\"a\":{\"type\":\"exclusive\"}},\"default_chain\":\"a\"} | tier:config |"
                        + " default_chain",
                "an unknown tier in the chain        |"
                    + " {\"tiers\":{\"a\":{\"type\":\"exclusive\"}},\"default_chain\":[\"b\"]} | default_chain | does"
                    + " not exist",
                "a null in the chain                 |"
                    + " {\"tiers\":{\"a\":{\"type\":\"exclusive\"}},\"default_chain\":[null]} | default_chain | does"
                    + " not exist",
            })
    void refusesTiersThatHold(String what, String json, String place, String word) {
        assertThatExceptionOfType(InvalidInputException.class)
                .isThrownBy(() -> RoutingConfiguration.parse(json, Map.of()))
                .withMessageContaining(place)
                .withMessageContaining(word);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "not JSON               | {                                         | JSON",
                "null                   | null                                      | object",
                "a text                 | \"gold\"                                  | JSON",
                "an unknown field       | {\"tiers\":\"gold\"}                      | tiers",
                "a duplicate key        | {\"tier\":\"gold\",\"tier\":\"gold\"}     | uplicate",
                "trailing text          | {} {}                                     | JSON",
                "an unknown tier        | {\"tier\":\"silver\"}                     | tier names a tier that does not"
                        + " exist",
                "a tier that is a pool  | {\"tier\":\"merchant:acme\"}              | tier must be 1 to 63",
                "an unknown fallback    | {\"fallback\":[\"silver\"]}               | fallback names a tier that does"
                        + " not exist",
                "a null in the fallback | {\"fallback\":[null]}                     | fallback",
                "no pool to ask at all  | {\"fallback\":[]}                         | fallback must name",
                "a pool that is a number | {\"pool\":5}                             | pool",
                "a pool with a space    | {\"pool\":\"a b\"}                        | pool must be 1 to 63",
                "an empty pool          | {\"pool\":\"\"}                           | pool must be 1 to 63",
                "a negative limit       | {\"max_concurrent_calls\":-1}             | max_concurrent_calls must be",
                "a limit that is text   | {\"max_concurrent_calls\":\"50\"}         | max_concurrent_calls",
                "a limit beyond numbers | {\"max_concurrent_calls\":99999999999}    | max_concurrent_calls",
            })
    void refusesAMerchantThatHoldsAndNamesIt(String what, String json, String word) {
        assertThatExceptionOfType(InvalidInputException.class)
                .isThrownBy(() -> RoutingConfiguration.parse(TIERS, Map.of("good", "{}", "acme", json)))
                .withMessageContaining("merchant:config of acme")
                .withMessageContaining(word);
    }

    @Test
    void refusesAMerchantWithABadNameWithoutRepeatingIt() {
        assertThatExceptionOfType(InvalidInputException.class)
                .isThrownBy(() -> RoutingConfiguration.parse(TIERS, Map.of("a\nb", "{}")))
                .withMessageContaining("merchant_id must be 1 to 63")
                .withMessageNotContaining("\n");
    }

    /** The message stands in a log line and in an answer. */
    @Test
    void aMessageIsOneShortLineWhateverTheInput() {
        String hostile = "a\\r\\nlevel=ERROR forged\\u001b[31m" + "x".repeat(5_000);
        for (String json : List.of(
                "{\"%s\":1}".formatted(hostile),
                "{\"tiers\":{\"%s\":{\"type\":1}}}".formatted(hostile),
                "{\"tiers\":{\"a\":{\"%s\":1}}}".formatted(hostile),
                "{\"tiers\":{\"a\":{\"type\":\"%s\"}}}".formatted(hostile),
                "{\"tiers\":{\"a\":{\"type\":\"exclusive\",\"target\":\"%s\"}}}".formatted(hostile))) {
            assertThatExceptionOfType(InvalidInputException.class)
                    .isThrownBy(() -> RoutingConfiguration.parse(json, Map.of()))
                    .satisfies(refused -> assertThat(refused.getMessage())
                            .hasSizeLessThan(500)
                            .doesNotContainPattern("\\p{Cntrl}"));
        }
    }
}
