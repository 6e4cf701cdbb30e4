package io.smartrouter.webhook.twilio;

import static io.smartrouter.webhook.twilio.TwilioRequests.get;
import static io.smartrouter.webhook.twilio.TwilioSigner.TOKEN;
import static io.smartrouter.webhook.twilio.TwilioSigner.encode;
import static io.smartrouter.webhook.twilio.TwilioSigner.folded;
import static io.smartrouter.webhook.twilio.TwilioSigner.sign;
import static org.assertj.core.api.Assertions.assertThat;

import com.twilio.security.RequestValidator;
import io.smartrouter.webhook.Verdict.Proven;
import io.smartrouter.webhook.WebhookRequest;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Twilio's own library as the oracle: random requests, genuine and forged, on which both must say the same.
 *
 * <p>They differ in one thing. To try a URL with and without its port the library takes it apart and puts it together
 * again, which changes some escapes ({@code %2B} becomes {@code +}). So where the signed URL and the called one differ
 * in the port <em>and</em> hold such an escape, the library refuses a genuine request and believes one that was signed
 * for another URL. The router changes the port alone and leaves the rest as it came, which is what is documented.
 */
class TwilioLibraryTest {
    private static final int ROUNDS = 10_000; // besides those on which the two differ
    private static final String SPECIAL = " &=+%.?;#/<>\"'\r\n\0:@!~";
    private static final String OTHER_TOKEN = "fedcba9876543210fedcba9876543210";

    private final RequestValidator library = new RequestValidator(TOKEN);
    private final TwilioSignature router = TwilioSignatureTest.signature(TwilioSignatureTest.account("AC1", TOKEN));

    /** What is wrong with a request. */
    private enum Forgery {
        NONE,
        SIGNATURE,
        TOKEN,
        PATH,
        PORT,
        QUERY,
        ESCAPES,
        PARAMETER_MORE,
        PARAMETER_LESS,
        VALUE,
        BODY
    }

    /**
     * A request as it is signed and as it arrives.
     *
     * @param signedUrl what the signer takes for the URL, with the query
     * @param url where it arrives, without the query
     * @param samePort whether both have the same port
     */
    private record Sent(
            String method,
            String signedUrl,
            String url,
            String query,
            boolean samePort,
            List<String[]> signedForm,
            List<String[]> form,
            String body,
            String signature) {
        String called() {
            return query.isEmpty() ? url : url + "?" + query;
        }

        WebhookRequest request() {
            return switch (method) {
                case "GET" -> get(url, query, signature);
                case "FORM" -> TwilioRequests.form(url, query, encode(form), signature);
                default -> TwilioRequests.json(url, query, body, signature);
            };
        }

        @Override
        public String toString() {
            return method + " " + called() + " signed " + signedUrl + " | " + encode(signedForm) + " | " + encode(form);
        }
    }

    @Test
    void tenThousandRandomRequestsGetTheSameVerdictFromTwiliosLibrary() throws URISyntaxException {
        long seed = Long.getLong("test.seed", System.nanoTime());
        Random random = new Random(seed);
        int proven = 0;
        int refused = 0;
        int rewritten = 0;
        for (int equal = 0; equal < ROUNDS; ) {
            Forgery forgery = random.nextBoolean() ? Forgery.NONE : pick(random, Forgery.values());
            Sent sent = sent(random, forgery);
            String what = "seed=" + seed + " round=" + (equal + rewritten) + " " + forgery + " " + sent;
            boolean genuine = isGenuine(sent, forgery);
            assertThat(router.verify(sent.request()) instanceof Proven).as(what).isEqualTo(genuine);
            boolean differs = genuine && !sent.samePort() && isRewritten(sent.called());
            assertThat(library(sent)).as(what).isEqualTo(genuine && !differs);
            if (differs) {
                rewritten++;
                continue;
            }
            equal++;
            proven += genuine ? 1 : 0;
            refused += genuine ? 0 : 1;
        }
        System.out.printf(
                "signature against Twilio's library: seed=%d equal=%d proven=%d refused=%d; besides, it rewrote=%d%n",
                seed, ROUNDS, proven, refused, rewritten);
        assertThat(proven).isBetween(ROUNDS / 3, ROUNDS);
        assertThat(refused).isBetween(ROUNDS / 10, ROUNDS);
    }

    @Test
    void theLibraryChangesEscapesWithThePortAndTheRouterDoesNot() {
        String url = "https://h.example/p";
        String genuine = sign(TOKEN, "https://h.example:443/p?a=%2B", List.of());
        assertThat(library.validate(url + "?a=%2B", Map.of(), genuine)).isFalse();
        assertThat(router.verify(get(url, "a=%2B", genuine))).isEqualTo(new Proven("AC1"));
        String ofAnotherUrl = sign(TOKEN, "https://h.example:443/p?a=+", List.of());
        assertThat(library.validate(url + "?a=%2B", Map.of(), ofAnotherUrl)).isTrue();
        assertThat(router.verify(get(url, "a=%2B", ofAnotherUrl))).isNotInstanceOf(Proven.class);
    }

    private boolean library(Sent sent) throws URISyntaxException {
        return switch (sent.method()) {
            case "GET" -> library.validate(sent.called(), Map.of(), sent.signature());
            case "FORM" -> library.validate(sent.called(), folded(sent.form()), sent.signature());
            default -> library.validate(sent.called(), sent.body(), sent.signature());
        };
    }

    /** A forgery that found nothing to change is none. */
    private static boolean isGenuine(Sent sent, Forgery forgery) {
        return switch (forgery) {
            case NONE -> true;
            case SIGNATURE, TOKEN, PATH, PORT, QUERY, BODY -> false;
            case ESCAPES -> sent.signedUrl().endsWith(sent.query());
            case PARAMETER_MORE, PARAMETER_LESS, VALUE -> folded(sent.form()).equals(folded(sent.signedForm()));
        };
    }

    /** Whether a URL does not survive being taken apart and put together again. */
    private static boolean isRewritten(String url) throws URISyntaxException {
        URI uri = new URI(url);
        URI again = new URI(uri.getScheme(), null, uri.getHost(), uri.getPort(), uri.getPath(), uri.getQuery(), null);
        return !again.toString().equals(url);
    }

    private static Sent sent(Random random, Forgery forgery) {
        String scheme = pick(random, "https", "https", "http");
        String standard = scheme.equals("https") ? ":443" : ":80";
        String port = pick(random, "", "", standard, ":8443", ":1");
        String host = scheme + "://" + pick(random, "voice.example.com", "10.0.0.1", "xn--bcher-kva.example");
        String path = pick(random, "/twilio/allocate", "/a/twilio/hangup", "/v%20x/%E4%BD%A0/%2B%3f;a=1", "/~a_b-c.d");
        String method = forgery == Forgery.BODY ? "JSON" : pick(random, "FORM", "FORM", "FORM", "GET", "JSON");
        String body = method.equals("JSON") ? "{\"a\":\"" + text(random, 1) + "\"}" : "";
        String query = random.nextInt(3) == 0 ? "" : rawQuery(random);
        if (method.equals("JSON")) {
            query += (query.isEmpty() ? "" : "&") + "bodySHA256=" + TwilioSignatureTest.sha256(body);
        }
        boolean hasForm = method.equals("FORM");
        List<String[]> form = hasForm ? randomPairs(random) : List.of();

        String signedPort = random.nextInt(3) == 0 ? (port.isEmpty() ? standard : "") : port;
        boolean samePort = signedPort.equals(port);
        if (forgery == Forgery.PORT) {
            signedPort = ":8081";
        }
        String signedUrl = host + signedPort + path + (query.isEmpty() ? "" : "?" + query);
        String signature = sign(forgery == Forgery.TOKEN ? OTHER_TOKEN : TOKEN, signedUrl, form);

        List<String[]> arrived = new ArrayList<>(form);
        switch (forgery) {
            case NONE, TOKEN, PORT -> {}
            case SIGNATURE -> signature = flipped(random, signature);
            case PATH -> path += "x";
            case QUERY -> query += (query.isEmpty() ? "" : "&") + "z=1";
            case ESCAPES -> query = query.replace("+", "%20");
            case PARAMETER_MORE -> {
                if (hasForm) {
                    arrived.add(new String[] {text(random, 1), text(random, 0)});
                }
            }
            case PARAMETER_LESS -> arrived = arrived.isEmpty() ? arrived : arrived.subList(1, arrived.size());
            case VALUE -> arrived.replaceAll(pair -> new String[] {pair[0], pair[1] + "\u0001"});
            case BODY -> body += " ";
        }
        return new Sent(
                method, signedUrl, host + port + path, query, samePort, form, List.copyOf(arrived), body, signature);
    }

    /** A query in every way of writing one that a server lets through. */
    private static String rawQuery(Random random) {
        StringBuilder query = new StringBuilder();
        for (String[] pair : randomPairs(random)) {
            query.append(query.isEmpty() ? "" : pick(random, "&", "&", "&", "&&"));
            query.append(escaped(random, pair[0]));
            query.append(pick(random, "=", "=", "=", "==")).append(escaped(random, pair[1]));
        }
        return query.toString();
    }

    private static String escaped(Random random, String text) {
        StringBuilder escaped = new StringBuilder();
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            boolean plain = b > 0 && (Character.isLetterOrDigit(b) || "-._~!$'()*,;:@/?".indexOf(b) >= 0);
            if (b == ' ' && random.nextBoolean()) {
                escaped.append('+');
            } else if (plain && random.nextInt(4) > 0) {
                escaped.append((char) b);
            } else {
                String hex = String.format(Locale.ROOT, "%%%02X", b & 0xFF);
                escaped.append(random.nextBoolean() ? hex : hex.toLowerCase(Locale.ROOT));
            }
        }
        return escaped.toString();
    }

    private static List<String[]> randomPairs(Random random) {
        List<String[]> pairs = new ArrayList<>();
        int count = random.nextInt(7);
        for (int i = 0; i < count; i++) {
            // Few names and values, so that both repeat.
            String name = random.nextBoolean() ? "k" + random.nextInt(3) : text(random, 1);
            pairs.add(new String[] {name, random.nextInt(4) == 0 ? "v" + random.nextInt(2) : text(random, 0)});
        }
        return pairs;
    }

    private static String text(Random random, int least) {
        StringBuilder text = new StringBuilder();
        int length = least + random.nextInt(6);
        for (int i = 0; i < length; i++) {
            text.appendCodePoint(
                    switch (random.nextInt(5)) {
                        case 0 -> SPECIAL.charAt(random.nextInt(SPECIAL.length()));
                        case 1 -> 'A' + random.nextInt(58);
                        case 2 -> 1 + random.nextInt(0xD7FF);
                        case 3 -> 0xE000 + random.nextInt(0x1FFE);
                        default -> 0x10000 + random.nextInt(0x10000);
                    });
        }
        return text.toString();
    }

    private static String flipped(Random random, String signature) {
        int at = random.nextInt(signature.length() - 2); // the last character but the padding has unused bits
        char other = signature.charAt(at) == 'A' ? 'B' : 'A';
        return signature.substring(0, at) + other + signature.substring(at + 1);
    }

    @SafeVarargs
    private static <T> T pick(Random random, T... choices) {
        return choices[random.nextInt(choices.length)];
    }
}
