package io.smartrouter.webhook.plivo;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Plivo's side of signature V3, written a second time from the table in the documentation and with other means than the
 * router's: maps of lists, sorted by their UTF-8 bytes. Tests sign with it, so that both must agree.
 */
public final class PlivoSigner {
    /** An auth token of the tests. */
    public static final String TOKEN = "Y2Q2ZDgxZmY5YWRiOTI5YmQ1Njg0MTAxZWIyOTc4";

    private PlivoSigner() {}

    /** The signature of a request; pairs are {name, value}, decoded. */
    public static String sign(
            String token, String nonce, String method, String url, List<String[]> query, List<String[]> form) {
        String base = url;
        List<String[]> posted = method.equals("POST") ? form : List.of();
        if (query.size() + posted.size() > 0) {
            base += "?";
            List<String> pairs = new ArrayList<>();
            sorted(query).forEach((key, values) -> values.forEach(value -> pairs.add(text(key) + "=" + text(value))));
            base += String.join("&", pairs);
        }
        if (!query.isEmpty() && !posted.isEmpty()) {
            base += ".";
        }
        StringBuilder body = new StringBuilder();
        sorted(posted)
                .forEach((key, values) ->
                        values.forEach(value -> body.append(text(key)).append(text(value))));
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(token.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
            byte[] signed = (base + body + "." + nonce).getBytes(StandardCharsets.UTF_8);
            return Base64.getEncoder().encodeToString(mac.doFinal(signed));
        } catch (java.security.GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Pairs out of name, value, name, value, … */
    public static List<String[]> pairs(String... namesAndValues) {
        List<String[]> pairs = new ArrayList<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            pairs.add(new String[] {namesAndValues[i], namesAndValues[i + 1]});
        }
        return pairs;
    }

    /** Pairs as a query or a form. */
    public static String encode(List<String[]> pairs) {
        return String.join(
                "&",
                pairs.stream()
                        .map(pair -> URLEncoder.encode(pair[0], StandardCharsets.UTF_8)
                                + "="
                                + URLEncoder.encode(pair[1], StandardCharsets.UTF_8))
                        .toList());
    }

    private static Map<byte[], List<byte[]>> sorted(List<String[]> pairs) {
        Map<byte[], List<byte[]>> map = new TreeMap<>(Arrays::compareUnsigned);
        for (String[] pair : pairs) {
            map.computeIfAbsent(pair[0].getBytes(StandardCharsets.UTF_8), key -> new ArrayList<>())
                    .add(pair[1].getBytes(StandardCharsets.UTF_8));
        }
        map.values().forEach(values -> Collections.sort(values, Arrays::compareUnsigned));
        return map;
    }

    private static String text(byte[] utf8) {
        return new String(utf8, StandardCharsets.UTF_8);
    }
}
