package io.smartrouter.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

class NumbersTest {
    private static final Numbers NUMBERS = Numbers.parse(Map.of(
            "+14155550100",
            "exact",
            "+1415",
            "prefix",
            "1",
            "country",
            "+4930",
            "berlin",
            "0049",
            "trunk",
            "+91",
            "x"));

    @ParameterizedTest(name = "{0} → {1}")
    @CsvSource(
            delimiter = '|',
            value = {
                "+14155550100        | exact",
                "14155550100         | exact",
                "+1 (415) 555-0100   | exact",
                "1.415.555.0100      | exact",
                "(+1) 415 555 0100   | exact",
                "' 14155550100'      | exact", // what a + becomes that nobody encoded
                "+14155550101        | prefix",
                "+141555501009       | exact",
                "+1415               | prefix",
                "+1414               | country",
                "+141                | country",
                "1                   | country",
                "+4930123456         | berlin",
                "+4940123456         | ",
                "00494012            | trunk",
                "+91                 | x",
                "+9                  | ",
                "123456789012345     | country",
                "1234567890123456    | ", // 16 digits
            })
    void theNumberItselfThenItsLongestPrefix(String dialled, @Nullable String merchant) {
        assertThat(NUMBERS.merchantOf(dialled)).isEqualTo(Optional.ofNullable(merchant));
    }

    @ParameterizedTest
    @NullSource
    @ValueSource(
            strings = {
                "",
                " ",
                "+",
                "-",
                "()",
                "sip:14155550100@example.com",
                "14155550100@example.com",
                "client:alice",
                "1415555O100",
                "++14155550100",
                "1+4155550100",
                "+1/415",
                "1415\n",
                "1415\t",
                "1415\u0000",
                "1415\u00a0",
                "\u0661\u0664\u0661\u0665",
                "１４１５",
                "tel:+1415",
                "1415x2",
                "1415,2",
                "1415#",
                "*67"
            })
    void whatIsNoNumberIsNobodys(@Nullable String dialled) {
        assertThat(NUMBERS.merchantOf(dialled)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "+",
                "++1",
                "1+",
                " 1",
                "1 ",
                "1-2",
                "(1)",
                "1234567890123456",
                "+1234567890123456",
                "a",
                "1\n",
                "\u0661"
            })
    void aKeyThatIsNoNumberIsRefusedWithoutRepeatingIt(String key) {
        assertThatExceptionOfType(InvalidInputException.class)
                .isThrownBy(() -> Numbers.parse(Map.of(key, "acme", "+1415", "bob")))
                .withMessage("number:config has a key for merchant acme that is no number: 1 to 15 digits, with or"
                        + " without a + before them");
        assertThatExceptionOfType(InvalidInputException.class)
                .isThrownBy(() -> Numbers.require(key))
                .withMessage("number must be 1 to 15 digits, with or without a + before them");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a b", "-x", "a\nb", "{\"merchant_id\":\"acme\"}"})
    void aMerchantThatIsNoNameIsRefusedWithoutRepeatingItOrTheNumber(String merchant) {
        assertThatExceptionOfType(InvalidInputException.class)
                .isThrownBy(() -> Numbers.parse(Map.of("+14155550100", merchant)))
                .withMessageStartingWith("number:config: merchant_id must be 1 to 63")
                .withMessageNotContaining("4155550100");
    }

    @Test
    void oneNumberInTwoSpellingsHasOneMerchant() {
        assertThatExceptionOfType(InvalidInputException.class)
                .isThrownBy(() -> Numbers.parse(Map.of("+14155550100", "acme", "14155550100", "bob")))
                .withMessage(
                        "number:config has one number twice, with and without a +, for the merchants acme and bob");

        Numbers same = Numbers.parse(Map.of("+14155550100", "acme", "14155550100", "acme"));
        assertThat(same.entries()).containsExactly(new Numbers.Entry("+14155550100", "acme"));
        assertThat(same.merchantOf("14155550100")).hasValue("acme");
    }

    @Test
    void entriesAreFoundInEitherSpellingAndByNoPrefix() {
        assertThat(NUMBERS.entry("14155550100")).hasValue(new Numbers.Entry("+14155550100", "exact"));
        assertThat(NUMBERS.entry("+1")).hasValue(new Numbers.Entry("1", "country"));
        assertThat(NUMBERS.entry("+14155550101")).isEmpty();
        assertThat(NUMBERS.entries())
                .extracting(Numbers.Entry::number)
                .containsExactly("0049", "1", "+1415", "+14155550100", "+4930", "+91");
    }

    @Test
    void whatIsPrintedHoldsNoNumber() {
        assertThat(NUMBERS + " " + NUMBERS.entries() + " "
                        + new ConfigurationText("{}", Map.of(), Map.of("+14155550100", "acme")))
                .doesNotContainPattern("[0-9]{2,}");
    }

    /** The rule once more, as slow and plain as it can be said. */
    private static Optional<String> oracle(Map<String, String> source, String dialled) {
        String plain = dialled.replaceAll("[ ().-]", "");
        if (!plain.matches("\\+?[0-9]{1,15}")) {
            return Optional.empty();
        }
        String digits = plain.replace("+", "");
        String longest = null;
        String merchant = null;
        for (var entry : source.entrySet()) {
            String key = entry.getKey().replace("+", "");
            if (digits.startsWith(key) && (longest == null || key.length() > longest.length())) {
                longest = key;
                merchant = entry.getValue();
            }
        }
        return Optional.ofNullable(merchant);
    }

    @Test
    void anyTableAnswersAsThePlainRule() {
        long seed = Long.getLong("test.seed", System.nanoTime());
        Random random = new Random(seed);
        int found = 0;
        int asked = 0;
        for (int round = 0; round < 300; round++) {
            Map<String, String> source = new HashMap<>();
            int size = random.nextInt(40);
            for (int i = 0; i < size; i++) {
                String digits = digits(random, 1 + random.nextInt(random.nextBoolean() ? 4 : 15));
                if (!source.containsKey(digits) && !source.containsKey("+" + digits)) {
                    source.put(random.nextBoolean() ? "+" + digits : digits, "m" + random.nextInt(9));
                }
            }
            Numbers numbers = Numbers.parse(source);
            assertThat(numbers.source()).as("seed %d", seed).isEqualTo(source);
            for (int i = 0; i < 100; i++) {
                String dialled = dialled(random, List.copyOf(source.keySet()));
                Optional<String> merchant = numbers.merchantOf(dialled);
                assertThat(merchant)
                        .as("seed %d: %s in %s", seed, dialled, source)
                        .isEqualTo(oracle(source, dialled));
                asked++;
                found += merchant.isPresent() ? 1 : 0;
            }
        }
        System.out.println("NumbersTest seed=" + seed + " asked=" + asked + " found=" + found);
        assertThat(found).isBetween(asked / 10, asked * 9 / 10);
    }

    /** Few digits, so that prefixes meet. */
    private static String digits(Random random, int length) {
        StringBuilder digits = new StringBuilder();
        for (int i = 0; i < length; i++) {
            digits.append((char) ('0' + random.nextInt(3)));
        }
        return digits.toString();
    }

    private static String dialled(Random random, List<String> keys) {
        String base = !keys.isEmpty() && random.nextBoolean() ? keys.get(random.nextInt(keys.size())) : "";
        StringBuilder dialled = new StringBuilder(base + digits(random, random.nextInt(12)));
        for (int noise = random.nextInt(4); noise > 0; noise--) {
            String any = random.nextInt(4) == 0 ? "+ax@\t" : " -().";
            dialled.insert(random.nextInt(dialled.length() + 1), any.charAt(random.nextInt(any.length())));
        }
        return dialled.toString();
    }

    @Test
    void aHundredThousandNumbersAreLookedUpWithoutBeingGoneThrough() {
        Map<String, String> source = new TreeMap<>();
        for (int i = 0; i < 100_000; i++) {
            source.put("+1415%07d".formatted(i), "m" + i % 500);
        }
        long parsing = System.nanoTime();
        Numbers numbers = Numbers.parse(source);
        long begun = System.nanoTime();
        for (int i = 0; i < 100_000; i++) {
            assertThat(numbers.merchantOf("+1415%07d".formatted(i)).orElseThrow())
                    .isEqualTo("m" + i % 500);
            assertThat(numbers.merchantOf("999999999999999")).isEmpty();
        }
        long end = System.nanoTime();
        System.out.println("NumbersTest numbers=100000 parse_ms=" + (begun - parsing) / 1_000_000 + " lookup_ns="
                + (end - begun) / 200_000);
        // Gone through one by one, these 200,000 look-ups would be 20,000,000,000 comparisons.
        assertThat(end - begun).isLessThan(60_000_000_000L);
    }
}
