package io.smartrouter.webhook.twilio;

import io.smartrouter.pool.InvalidInputException;
import io.smartrouter.webhook.Accounts;
import io.smartrouter.webhook.Parameters;
import io.smartrouter.webhook.Parameters.Parameter;
import io.smartrouter.webhook.Verdict;
import io.smartrouter.webhook.Verdict.Proven;
import io.smartrouter.webhook.Verdict.Unproven;
import io.smartrouter.webhook.WebhookRequest;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Twilio's signature: base64 of HMAC-SHA1(auth token, URL + form). The URL is the public one with the query as it came,
 * escapes and order included. A form's parameters follow, sorted by name, as name and value with nothing between; a
 * GET has none. Twilio is not consistent about the URL's port, so it may be there or not.
 */
final class TwilioSignature {
    static final String HMAC = "HmacSHA1";
    static final String HEADER = "X-Twilio-Signature";
    static final String ACCOUNT = "AccountSid";

    private static final String BODY_HASH = "bodySHA256";
    private static final Pattern URL =
            Pattern.compile("(?<origin>(?<scheme>https?)://(\\[[^\\]]*\\]|[^:/]*))(?<port>:[0-9]+)?(?<path>/.*)?");
    private static final Comparator<Parameter> SORTED =
            Comparator.comparing(Parameter::name).thenComparing(Parameter::value);

    private final Accounts accounts;

    TwilioSignature(Accounts accounts) {
        this.accounts = accounts;
    }

    /** Whose request it is. If it names an account that is configured, only that one's token proves it. */
    Verdict verify(WebhookRequest request) {
        if (accounts.isEmpty()) {
            return new Unproven("no_account_configured");
        }
        List<String> signatures = request.headerValues(HEADER);
        if (signatures.size() != 1) {
            return new Unproven(signatures.isEmpty() ? "no_signature" : "several_signatures");
        }
        if (request.hasOtherBody() && !isHashedInQuery(request)) {
            return new Unproven("body_is_no_form");
        }
        Optional<String> named;
        try {
            named = request.parameters().one(ACCOUNT).filter(accounts::has);
        } catch (InvalidInputException e) {
            return new Unproven("several_accounts");
        }
        byte[] sent = signatures.getFirst().getBytes(StandardCharsets.UTF_8);
        return texts(request).stream()
                .flatMap(text -> signer(text, named, sent).stream())
                .findFirst()
                .<Verdict>map(Proven::new)
                .orElseGet(() -> new Unproven("wrong_signature"));
    }

    private Optional<String> signer(String text, Optional<String> named, byte[] sent) {
        return accounts.signer(
                text,
                account -> named.isEmpty() || named.get().equals(account),
                mac -> MessageDigest.isEqual(sent, Base64.getEncoder().encode(mac)));
    }

    /** What may have been signed: with the URL's port, or that of its scheme, and without one. */
    static List<String> texts(WebhookRequest request) {
        String query = request.rawQuery().isEmpty() ? "" : "?" + request.rawQuery();
        String rest = query + joined(request.form());
        Matcher url = URL.matcher(request.publicUrl());
        if (!url.matches()) {
            return List.of(request.publicUrl() + rest);
        }
        String port = url.group("port");
        String standard = url.group("scheme").equals("https") ? ":443" : ":80";
        String path = url.group("path") == null ? "" : url.group("path");
        return List.of(
                url.group("origin") + path + rest,
                url.group("origin") + (port == null ? standard : port) + path + rest);
    }

    /** A repeated name's different values are sorted as well, as Twilio's own libraries do it. */
    private static String joined(Parameters form) {
        return form.all().stream()
                .distinct()
                .sorted(SORTED)
                .map(parameter -> parameter.name() + parameter.value())
                .collect(Collectors.joining());
    }

    /** Whether a body that is no form is covered all the same: its hash stands in the query, which is signed. */
    private static boolean isHashedInQuery(WebhookRequest request) {
        byte[] hash = HexFormat.of()
                .formatHex(sha256(request.body().getBytes(StandardCharsets.UTF_8)))
                .getBytes(StandardCharsets.UTF_8);
        return request.query().all().stream()
                .filter(parameter -> parameter.name().equals(BODY_HASH))
                .anyMatch(parameter ->
                        MessageDigest.isEqual(hash, parameter.value().getBytes(StandardCharsets.UTF_8)));
    }

    private static byte[] sha256(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
