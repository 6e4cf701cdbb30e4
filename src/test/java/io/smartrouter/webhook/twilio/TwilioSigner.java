package io.smartrouter.webhook.twilio;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Twilio's side of its signature, written a second time and with other means than the router's. Tests sign with it. */
public final class TwilioSigner {
    /** An auth token of the tests. */
    public static final String TOKEN = "0123456789abcdef0123456789abcdef";

    private TwilioSigner() {}

    /**
     * The signature of a request.
     *
     * @param token the account's auth token
     * @param url the whole URL, with its query as it is sent
     * @param form {name, value}, decoded; none for a GET
     */
    public static String sign(String token, String url, List<String[]> form) {
        StringBuilder text = new StringBuilder(url);
        folded(form).forEach((name, values) -> text.append(name).append(values));
        try {
            Mac mac = Mac.getInstance("HmacSHA1");
            mac.init(new SecretKeySpec(token.getBytes(StandardCharsets.UTF_8), "HmacSHA1"));
            return Base64.getEncoder()
                    .encodeToString(mac.doFinal(text.toString().getBytes(StandardCharsets.UTF_8)));
        } catch (java.security.GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * A form as the map that Twilio's Java library takes, which cannot hold a name twice. Its other libraries sign the
     * different values of a name in order, each behind the name; written as one value, that is the same text.
     */
    static Map<String, String> folded(List<String[]> form) {
        Map<String, TreeSet<String>> values = new TreeMap<>();
        for (String[] pair : form) {
            values.computeIfAbsent(pair[0], name -> new TreeSet<>()).add(pair[1]);
        }
        Map<String, String> folded = new TreeMap<>();
        values.forEach((name, all) -> folded.put(name, String.join(name, all)));
        return folded;
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
}
