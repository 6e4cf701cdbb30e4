package io.smartrouter.pool;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class ConfigurationTextTest {
    private static final String TIERS = """
        {"tiers":{"gold":{"type":"exclusive","target":2},\
        "basic":{"type":"shared","target":5,"max_concurrent":3}},"default_chain":["gold","basic"]}\
        """;
    private static final String MERCHANT = """
        {"tier":"gold","pool":"acme","fallback":["gold","basic"],"max_concurrent_calls":50}\
        """;

    private static String digest(String tiers, Map<String, String> merchants, Map<String, String> numbers) {
        return new ConfigurationText(tiers, merchants, numbers).digest();
    }

    /** Computed before there were numbers: routers of both versions must find the same text applied. */
    @Test
    void withoutNumbersTheDigestIsWhatItWas() {
        assertThat(digest(TIERS, Map.of("m1", MERCHANT, "m2", "{}"), Map.of()))
                .isEqualTo("52a1a63ec77c31e244500d2948722572");
    }

    @Test
    void theDigestTellsWhatBelongsToWhom() {
        List<String> all = List.of(
                digest(TIERS, Map.of("a", "{}", "b", "{ }"), Map.of()),
                digest(TIERS, Map.of("a", "{ }", "b", "{}"), Map.of()),
                digest(TIERS, Map.of("a", "{}"), Map.of()),
                digest(TIERS, Map.of("a{}b", "{ }"), Map.of()),
                digest(TIERS + " ", Map.of("a", "{}", "b", "{ }"), Map.of()),
                digest(TIERS, Map.of(), Map.of("1", "a")),
                digest(TIERS, Map.of("1", "a"), Map.of()),
                digest(TIERS, Map.of(), Map.of("+1", "a")),
                digest(TIERS, Map.of(), Map.of("1", "b")),
                digest(TIERS, Map.of(), Map.of("1", "a", "2", "b")),
                digest(TIERS, Map.of(), Map.of("1", "b", "2", "a")),
                digest(TIERS, Map.of("1", "a"), Map.of("2", "b")),
                digest(TIERS, Map.of("2", "b"), Map.of("1", "a")));

        assertThat(new HashSet<>(all)).hasSameSizeAs(all);
        assertThat(digest(TIERS, new TreeMap<>(Map.of("b", "{ }", "a", "{}")), Map.of()))
                .isEqualTo(all.getFirst());
    }

    @Test
    void anEditChangesItsPartAlone() {
        ConfigurationText before = new ConfigurationText("t", Map.of("m", "{}"), Map.of("+1", "m", "2", "m"));

        assertThat(before.after(new ConfigurationEdit.None())).isEqualTo(before);
        assertThat(before.after(new ConfigurationEdit.Tiers("u")))
                .isEqualTo(new ConfigurationText("u", before.merchants(), before.numbers()));
        assertThat(before.after(new ConfigurationEdit.Merchant("n", "{ }")))
                .isEqualTo(new ConfigurationText("t", Map.of("m", "{}", "n", "{ }"), before.numbers()));
        assertThat(before.after(new ConfigurationEdit.MerchantRemoved("m")))
                .isEqualTo(new ConfigurationText("t", Map.of(), before.numbers()));
        assertThat(before.after(new ConfigurationEdit.NumberGiven("3", "n")).numbers())
                .isEqualTo(Map.of("+1", "m", "2", "m", "3", "n"));
        assertThat(before.after(new ConfigurationEdit.NumberGiven("1", "n")).numbers())
                .isEqualTo(Map.of("1", "n", "2", "m"));
        assertThat(before.after(new ConfigurationEdit.NumberGiven("+2", "n")).numbers())
                .isEqualTo(Map.of("+1", "m", "+2", "n"));
        assertThat(before.after(new ConfigurationEdit.NumberRemoved("1")).numbers())
                .isEqualTo(Map.of("2", "m"));
        assertThat(before.after(new ConfigurationEdit.All("u", Map.of(), Map.of("9", "n"))))
                .isEqualTo(new ConfigurationText("u", Map.of(), Map.of("9", "n")));
    }

    @Test
    void whatIsWrittenDownOfAConfigurationIsReadAsTheSame() {
        RoutingConfiguration read = RoutingConfiguration.parse(
                TIERS, Map.of("m1", MERCHANT), Map.of("+14155550100", "m1", "14155550100", "m1", "49", "other"));

        assertThat(ConfigurationText.of(read).parse()).isEqualTo(read);
        assertThat(ConfigurationText.of(read).numbers()).isEqualTo(Map.of("+14155550100", "m1", "49", "other"));
        assertThat(read.merchantOf("+1 415 555 0100")).hasValue("m1");
        assertThat(Set.of(read)).contains(ConfigurationText.of(read).parse());
    }
}
