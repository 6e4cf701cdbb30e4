package io.smartrouter.webhook.vonage;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.crypto.MACVerifier;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import io.smartrouter.webhook.Accounts;
import io.smartrouter.webhook.Verdict;
import io.smartrouter.webhook.Verdict.Proven;
import io.smartrouter.webhook.Verdict.Unproven;
import io.smartrouter.webhook.WebhookRequest;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.text.ParseException;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.Date;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;

/**
 * Vonage's signed webhooks: a JWT in {@code Authorization}, HS256 with the account's signature secret, whose claims name
 * the account, the time, and the SHA-256 of the body. The token does not cover the URL: nothing in the query is proven,
 * and a GET proves nothing at all.
 */
final class VonageSignature {
    static final String HMAC = "HmacSHA256";
    static final Duration MOST_SKEW = Duration.ofMinutes(5);

    private static final String BEARER = "bearer ";
    private static final String ISSUER = "Vonage";
    private static final int LEAST_KEY_BYTES = 32;

    private final Accounts accounts;
    private final Clock clock;

    VonageSignature(Accounts accounts, Clock clock) {
        this.accounts = accounts;
        this.clock = clock;
    }

    /** Whose request it is. */
    Verdict verify(WebhookRequest request) {
        if (accounts.isEmpty()) {
            return new Unproven("no_account_configured");
        }
        if (!request.isPost()) {
            return new Unproven("use_post");
        }
        List<String> lines = request.headers().getOrEmpty(HttpHeaders.AUTHORIZATION);
        if (lines.size() > 1) {
            return new Unproven("several_tokens");
        }
        if (lines.isEmpty() || !lines.getFirst().toLowerCase(Locale.ROOT).startsWith(BEARER)) {
            return new Unproven("no_token");
        }
        try {
            SignedJWT token =
                    SignedJWT.parse(lines.getFirst().substring(BEARER.length()).strip());
            return verify(token, token.getJWTClaimsSet(), request.body());
        } catch (ParseException | IllegalArgumentException e) {
            return new Unproven("malformed_token");
        }
    }

    private Verdict verify(SignedJWT token, JWTClaimsSet claims, String body) throws ParseException {
        if (!JWSAlgorithm.HS256.equals(token.getHeader().getAlgorithm())) {
            return new Unproven("wrong_algorithm");
        }
        Set<String> named = Stream.of(claims.getStringClaim("api_key"), claims.getStringClaim("application_id"))
                .filter(id -> id != null && accounts.has(id))
                .collect(Collectors.toSet());
        if (named.isEmpty()) {
            return new Unproven("unknown_account");
        }
        Optional<String> signer = accounts.accountWith(named::contains, key -> isSignedWith(token, key));
        if (signer.isEmpty()) {
            return new Unproven("wrong_signature");
        }
        if (!ISSUER.equals(claims.getIssuer())) {
            return new Unproven("wrong_issuer");
        }
        if (!isFresh(claims.getIssueTime())) {
            return new Unproven("stale_token");
        }
        return isHashOf(claims.getStringClaim("payload_hash"), body)
                ? new Proven(signer.get())
                : new Unproven("wrong_payload_hash");
    }

    /**
     * Whether this key signed it. The library refuses keys under 256 bits, and Vonage's secrets may have fewer: HMAC
     * itself fills a short key up with zeros, so filling it up here changes no signature.
     */
    static boolean isSignedWith(SignedJWT token, SecretKeySpec key) {
        byte[] secret = key.getEncoded();
        try {
            return token.verify(new MACVerifier(Arrays.copyOf(secret, Math.max(secret.length, LEAST_KEY_BYTES))));
        } catch (JOSEException e) {
            return false;
        }
    }

    private boolean isFresh(@Nullable Date issued) {
        return issued != null
                && Duration.between(issued.toInstant(), clock.instant()).abs().compareTo(MOST_SKEW) <= 0;
    }

    private static boolean isHashOf(@Nullable String hex, String body) {
        if (hex == null) {
            return false;
        }
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(body.getBytes(StandardCharsets.UTF_8));
            return MessageDigest.isEqual(hash, HexFormat.of().parseHex(hex));
        } catch (IllegalArgumentException e) {
            return false; // no hex
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
