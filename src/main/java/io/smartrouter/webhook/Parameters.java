package io.smartrouter.webhook;

import io.smartrouter.pool.CallId;
import io.smartrouter.pool.InvalidInputException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The parameters of a query or of a form, in the order in which they came, repeated ones included. A query's and a
 * form's stay apart, because signatures treat them apart.
 *
 * @param all every pair
 */
public record Parameters(List<Parameter> all) {
    /** No parameters. */
    public static final Parameters NONE = new Parameters(List.of());

    private static final int HEX = 16;

    /** Copies the list. */
    public Parameters {
        all = List.copyOf(all);
    }

    /**
     * One pair, decoded.
     *
     * @param name the name
     * @param value the value, empty where there was none
     */
    public record Parameter(String name, String value) {}

    /**
     * Reads {@code application/x-www-form-urlencoded} as strict UTF-8: what two readers could understand differently is
     * refused, for one of them may be the signer.
     *
     * @param where {@code query} or {@code body}, for the error
     * @param raw the text as it came
     * @throws InvalidInputException if an escape or the UTF-8 in it is broken
     */
    public static Parameters parse(String where, String raw) {
        List<Parameter> all = new ArrayList<>();
        for (String pair : raw.split("&", -1)) {
            if (!pair.isEmpty()) {
                int equals = pair.indexOf('=');
                String name = equals < 0 ? pair : pair.substring(0, equals);
                String value = equals < 0 ? "" : pair.substring(equals + 1);
                all.add(new Parameter(decode(where, name), decode(where, value)));
            }
        }
        return new Parameters(all);
    }

    /** Whether there are none. */
    public boolean isEmpty() {
        return all.isEmpty();
    }

    /** Whether one has this name. */
    public boolean has(String name) {
        return values(name).findAny().isPresent();
    }

    /**
     * The one value of a parameter, or empty if it is absent or blank. The same value several times is one.
     *
     * @throws InvalidInputException if it has several different values: which one counts would be a guess
     */
    public Optional<String> one(String name) {
        List<String> distinct = values(name).distinct().toList();
        if (distinct.size() > 1) {
            throw new InvalidInputException(name, "is given several times with different values");
        }
        return distinct.stream().filter(value -> !value.isEmpty()).findFirst();
    }

    /**
     * The call that a parameter names.
     *
     * @param name the parameter's name at the provider
     * @throws InvalidInputException if it is missing or no call id
     */
    public CallId call(String name) {
        String sid = one(name).orElseThrow(() -> new InvalidInputException(name, "is missing"));
        try {
            return new CallId(sid);
        } catch (InvalidInputException e) {
            throw new InvalidInputException(name, "must be 1 to 128 characters of A-Z a-z 0-9 . _ : -");
        }
    }

    /** These and then those. */
    public Parameters and(Parameters others) {
        return new Parameters(Stream.concat(all.stream(), others.all.stream()).toList());
    }

    private Stream<String> values(String name) {
        return all.stream().filter(pair -> pair.name().equals(name)).map(Parameter::value);
    }

    private static String decode(String where, String text) {
        byte[] raw = text.getBytes(StandardCharsets.UTF_8);
        ByteBuffer decoded = ByteBuffer.allocate(raw.length);
        for (int i = 0; i < raw.length; i++) {
            if (raw[i] == '+') {
                decoded.put((byte) ' ');
            } else if (raw[i] != '%') {
                decoded.put(raw[i]);
            } else {
                int high = digit(raw, i + 1);
                int low = digit(raw, i + 2);
                if (high < 0 || low < 0) {
                    throw new InvalidInputException(where, "has a broken %-escape");
                }
                decoded.put((byte) (high * HEX + low));
                i += 2;
            }
        }
        return utf8(where, decoded.flip());
    }

    /** Strictly: a byte sequence that is no UTF-8 is refused, not replaced. */
    static String utf8(String where, ByteBuffer bytes) {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
        } catch (CharacterCodingException e) {
            throw new InvalidInputException(where, "is not UTF-8");
        }
    }

    private static int digit(byte[] raw, int at) {
        return at < raw.length ? Character.digit(raw[at], HEX) : -1; // a byte above 0x7F is negative, and no digit
    }
}
