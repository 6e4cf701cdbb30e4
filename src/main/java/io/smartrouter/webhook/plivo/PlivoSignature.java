package io.smartrouter.webhook.plivo;

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
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Plivo's signature V3: base64 of HMAC-SHA256(auth token, base + "." + nonce). The account's own token or its main
 * account's signs, and while a token is turned each may sign: any of the values may match. V2 covers neither query nor
 * body, so it proves nothing.
 */
final class PlivoSignature {
    static final String HMAC = "HmacSHA256";
    static final String V3 = "X-Plivo-Signature-V3";
    static final String MAIN_V3 = "X-Plivo-Signature-Ma-V3";
    static final String NONCE = "X-Plivo-Signature-V3-Nonce";
    static final Set<String> HEADERS = Set.of(
            V3,
            MAIN_V3,
            NONCE,
            "X-Plivo-Signature-V2",
            "X-Plivo-Signature-Ma-V2",
            "X-Plivo-Signature-V2-Nonce",
            "X-Plivo-Signature");

    private static final String PARENT = "ParentAuthID";
    private static final int MOST_VALUES = 8;
    private static final Comparator<String> BY_CODE_POINT = PlivoSignature::compareCodePoints;
    private static final Comparator<Parameter> SORTED =
            Comparator.comparing(Parameter::name, BY_CODE_POINT).thenComparing(Parameter::value, BY_CODE_POINT);

    private final Accounts accounts;

    PlivoSignature(Accounts accounts) {
        this.accounts = accounts;
    }

    /** Whose request it is. */
    Verdict verify(WebhookRequest request) {
        if (accounts.isEmpty()) {
            return new Unproven("no_account_configured");
        }
        List<byte[]> signatures = Stream.of(V3, MAIN_V3)
                .flatMap(name -> request.headerValues(name).stream())
                .map(value -> value.getBytes(StandardCharsets.UTF_8))
                .toList();
        if (signatures.isEmpty()) {
            boolean older = HEADERS.stream().anyMatch(request::hasHeader);
            return new Unproven(older ? "no_v3_signature" : "no_signature");
        }
        if (signatures.size() > MOST_VALUES) {
            return new Unproven("too_many_signatures");
        }
        List<String> nonces = request.headers().getOrEmpty(NONCE);
        if (nonces.size() != 1 || nonces.getFirst().isBlank()) {
            return new Unproven("no_nonce");
        }
        if (request.hasOtherBody()) {
            return new Unproven("body_is_no_form");
        }
        Optional<String> parent;
        try {
            parent = request.parameters().one(PARENT);
        } catch (InvalidInputException e) {
            return new Unproven("several_parent_accounts");
        }
        Optional<String> named = parent.filter(accounts::has);
        return accounts.signer(
                        base(request) + "." + nonces.getFirst().strip(),
                        account -> named.isEmpty() || named.get().equals(account),
                        mac -> isOneOf(signatures, mac))
                .<Verdict>map(Proven::new)
                .orElseGet(() -> new Unproven("wrong_signature"));
    }

    /** What is signed, but for the nonce. */
    static String base(WebhookRequest request) {
        String query = joined(request.query(), "=", "&");
        String form = joined(request.form(), "", "");
        StringBuilder base = new StringBuilder(request.publicUrl());
        if (!query.isEmpty() || !form.isEmpty()) {
            base.append('?').append(query);
        }
        if (!query.isEmpty() && !form.isEmpty()) {
            base.append('.');
        }
        return base.append(form).toString();
    }

    /** A repeated key's values are sorted as well, as Plivo's own libraries do it. */
    private static String joined(Parameters parameters, String between, String after) {
        return parameters.all().stream()
                .sorted(SORTED)
                .map(parameter -> parameter.name() + between + parameter.value())
                .collect(Collectors.joining(after));
    }

    private static boolean isOneOf(List<byte[]> signatures, byte[] mac) {
        byte[] expected = Base64.getEncoder().encode(mac);
        boolean found = false;
        for (byte[] signature : signatures) {
            found |= MessageDigest.isEqual(signature, expected);
        }
        return found;
    }

    /** Not {@link String#compareTo}, which puts what lies above U+FFFF before U+E000. */
    private static int compareCodePoints(String a, String b) {
        int[] left = a.codePoints().toArray();
        int[] right = b.codePoints().toArray();
        return java.util.Arrays.compare(left, right);
    }
}
