package io.smartrouter.webhook.exotel;

import io.smartrouter.InvalidSettingException;
import io.smartrouter.webhook.Accounts;
import io.smartrouter.webhook.AddressRanges;
import io.smartrouter.webhook.Verdict;
import io.smartrouter.webhook.Verdict.Proven;
import io.smartrouter.webhook.Verdict.Unproven;
import io.smartrouter.webhook.WebhookRequest;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.springframework.http.HttpHeaders;

/**
 * Exotel signs nothing. What it can send is what the URL that it was given holds: a secret in the path, or Basic
 * credentials (the account's id and one of its tokens). Whoever has the URL has the proof, so a list of addresses can
 * be asked for besides. The proof covers the whole URL, a merchant in its query included.
 */
final class ExotelProof {
    static final String ACCOUNTS = "router.providers.exotel.accounts";
    static final String ALLOWED_ADDRESSES = "router.providers.exotel.allowed-addresses";

    private static final String NO_MAC = "RAW"; // the secrets are sent as they are
    private static final String BASIC = "Basic ";
    private static final int MOST_CHARACTERS = 1_024;
    private static final Pattern IN_A_PATH = Pattern.compile("[A-Za-z0-9_-]+");

    private final Accounts accounts;
    private final AddressRanges allowed;

    /**
     * Takes the settings.
     *
     * @throws InvalidSettingException if one is malformed, or a token cannot stand in a URL
     */
    ExotelProof(ExotelProperties properties) {
        accounts = new Accounts(ACCOUNTS, NO_MAC, properties.accounts());
        allowed = new AddressRanges(ALLOWED_ADDRESSES, properties.allowedAddresses());
        accounts.accountWith(account -> true, token -> !isUsable(token.getEncoded()))
                .ifPresent(account -> {
                    throw new InvalidSettingException(
                            ACCOUNTS,
                            "account " + account + " has a token of other characters than A-Z a-z 0-9 _ -, which"
                                    + " cannot stand in a URL as it is");
                });
    }

    boolean hasAccounts() {
        return !accounts.isEmpty();
    }

    /** Whose request it is. A secret in the path decides alone: credentials beside a wrong one mend nothing. */
    Verdict verify(WebhookRequest request) {
        if (accounts.isEmpty()) {
            return new Unproven("no_account_configured");
        }
        Verdict verdict = request.pathSecret().isPresent()
                ? verdict(accounts.holder(request.pathSecret().get()), "wrong_secret")
                : byCredentials(request);
        return verdict instanceof Proven && !comesFromAllowed(request) ? new Unproven("address_not_allowed") : verdict;
    }

    private Verdict byCredentials(WebhookRequest request) {
        List<String> headers = request.headers().getOrEmpty(HttpHeaders.AUTHORIZATION);
        if (headers.isEmpty()) {
            return new Unproven("no_credentials");
        }
        Optional<String> decoded = headers.size() == 1 ? decode(headers.getFirst()) : Optional.empty();
        int colon = decoded.map(text -> text.indexOf(':')).orElse(-1);
        if (colon < 0) {
            return new Unproven("malformed_credentials");
        }
        String user = decoded.orElseThrow().substring(0, colon);
        byte[] password = decoded.orElseThrow().substring(colon + 1).getBytes(StandardCharsets.UTF_8);
        return verdict(
                accounts.accountWith(user::equals, token -> MessageDigest.isEqual(password, token.getEncoded())),
                "wrong_credentials");
    }

    private static Verdict verdict(Optional<String> account, String otherwise) {
        return account.<Verdict>map(Proven::new).orElseGet(() -> new Unproven(otherwise));
    }

    private static Optional<String> decode(String header) {
        if (header.length() > MOST_CHARACTERS || !header.regionMatches(true, 0, BASIC, 0, BASIC.length())) {
            return Optional.empty();
        }
        try {
            byte[] decoded =
                    Base64.getDecoder().decode(header.substring(BASIC.length()).strip());
            return Optional.of(new String(decoded, StandardCharsets.UTF_8));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private boolean comesFromAllowed(WebhookRequest request) {
        return allowed.isEmpty() || (request.clientAddress() != null && allowed.contains(request.clientAddress()));
    }

    private static boolean isUsable(byte[] token) {
        return IN_A_PATH.matcher(new String(token, StandardCharsets.UTF_8)).matches();
    }
}
