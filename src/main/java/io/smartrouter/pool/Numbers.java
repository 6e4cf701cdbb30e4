package io.smartrouter.pool;

import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Which merchant a dialled number belongs to. Only the digits count: a number has one entry, with or without its +.
 * No message here holds a number, for messages are logged.
 */
public final class Numbers {
    /** No number at all. */
    public static final Numbers NONE = new Numbers(new TreeMap<>());

    private static final int MOST_DIGITS = 15;
    private static final Pattern KEY = Pattern.compile("\\+?[0-9]{1," + MOST_DIGITS + "}");
    private static final String RULE = "1 to " + MOST_DIGITS + " digits, with or without a + before them";
    private static final String PLACE = "number:config";
    private static final String LEFT_OUT = " -().";

    private final Map<String, Entry> byDigits;
    private final List<Entry> sorted;

    /**
     * One entry.
     *
     * @param number as it is written in {@code voice:number:config}
     * @param merchant whose calls are dialled with it, or with what begins with it
     */
    public record Entry(String number, String merchant) {
        /** The number without its +, by which entries are told apart and sorted. */
        public String digits() {
            return digitsOf(number);
        }

        /** The merchant alone: what is printed may end in a log. */
        @Override
        public String toString() {
            return "Entry[" + merchant + "]";
        }
    }

    private Numbers(SortedMap<String, Entry> byDigits) {
        this.byDigits = new HashMap<>(byDigits);
        this.sorted = List.copyOf(byDigits.values());
    }

    /**
     * Reads what operators write.
     *
     * @param source number → merchant, as in {@code voice:number:config}
     * @throws InvalidInputException if a key is no number, a value no merchant's name, or one number has two merchants
     */
    static Numbers parse(Map<String, String> source) {
        Set<String> merchants = new HashSet<>(); // many numbers name few merchants
        SortedMap<String, Entry> read = new TreeMap<>();
        // Sorted: of two faults the same is said each time, and of two spellings the one with the + comes first.
        for (var written : new TreeMap<>(source).entrySet()) {
            String merchant = written.getValue();
            if (!merchants.contains(merchant)) {
                merchants.add(Name.require(PLACE + ": merchant_id", merchant));
            }
            if (!KEY.matcher(written.getKey()).matches()) {
                throw new InvalidInputException(
                        PLACE, "has a key for merchant " + merchant + " that is no number: " + RULE);
            }
            Entry entry = new Entry(written.getKey(), merchant);
            Entry other = read.putIfAbsent(entry.digits(), entry);
            if (other != null && !other.merchant().equals(merchant)) {
                throw new InvalidInputException(
                        PLACE,
                        "has one number twice, with and without a +, for the merchants " + other.merchant() + " and "
                                + merchant);
            }
        }
        return read.isEmpty() ? NONE : new Numbers(read);
    }

    /**
     * Checks a number or a prefix of numbers.
     *
     * @throws InvalidInputException if it is none
     */
    public static String require(String number) {
        if (!KEY.matcher(number).matches()) {
            throw new InvalidInputException("number", "must be " + RULE);
        }
        return number;
    }

    /** The same number, with the + if it has none and without if it has one. */
    static String otherSpelling(String number) {
        return number.startsWith("+") ? number.substring(1) : "+" + number;
    }

    /**
     * Whose number was dialled: that of its own entry, else of the longest entry that it begins with.
     *
     * @param dialled digits with or without a +; spaces, dashes, parentheses and dots are left out. Whatever else it is,
     *     a SIP address or nothing, it belongs to nobody
     */
    Optional<String> merchantOf(@Nullable String dialled) {
        String digits = dialled == null || byDigits.isEmpty() ? "" : dialledDigits(dialled);
        for (int length = digits.length(); length > 0; length--) {
            Entry entry = byDigits.get(digits.substring(0, length));
            if (entry != null) {
                return Optional.of(entry.merchant());
            }
        }
        return Optional.empty();
    }

    /** The entry of exactly this number, or prefix of numbers, in either spelling. */
    public Optional<Entry> entry(String number) {
        return Optional.ofNullable(byDigits.get(digitsOf(number)));
    }

    /** All entries, sorted by their digits as text. */
    public List<Entry> entries() {
        return sorted;
    }

    /** As operators write it: number → merchant. */
    Map<String, String> source() {
        Map<String, String> source = new LinkedHashMap<>();
        sorted.forEach(entry -> source.put(entry.number(), entry.merchant()));
        return Collections.unmodifiableMap(source);
    }

    private static String digitsOf(String number) {
        return number.startsWith("+") ? number.substring(1) : number;
    }

    /** Empty if it is no telephone number. */
    private static String dialledDigits(String dialled) {
        StringBuilder digits = new StringBuilder(MOST_DIGITS);
        boolean plus = false;
        for (int i = 0; i < dialled.length(); i++) {
            char c = dialled.charAt(i);
            if (c >= '0' && c <= '9' && digits.length() < MOST_DIGITS) {
                digits.append(c);
            } else if (c == '+' && !plus && digits.isEmpty()) {
                plus = true;
            } else if (LEFT_OUT.indexOf(c) < 0) {
                return "";
            }
        }
        return digits.toString();
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Numbers numbers && sorted.equals(numbers.sorted);
    }

    @Override
    public int hashCode() {
        return sorted.hashCode();
    }

    /** How many: what is printed may end in a log. */
    @Override
    public String toString() {
        return "Numbers[" + sorted.size() + "]";
    }
}
