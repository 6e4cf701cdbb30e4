package io.smartrouter.webhook;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.springframework.stereotype.Component;

/**
 * Chooses the verifier of a request to the plain {@code /allocate} by the request's shape, never none. A signature
 * header binds a request to its provider, whatever its parameters; without one, its parameters do.
 */
@Component
class Claims {
    /** Providers whose requests are known by sight, so that they are not taken for another's before they have an adapter. */
    private static final List<Sight> WITHOUT_ADAPTER = List.of(
            new Sight(
                    "twilio",
                    Set.of("X-Twilio-Signature"),
                    request -> request.parameters().has("CallSid")
                            && request.parameters().has("AccountSid")),
            new Sight(
                    "exotel",
                    Set.of(),
                    request -> request.parameters().has("CallSid")
                            && !request.parameters().has("AccountSid")));

    private final List<Claimant> claimants = new ArrayList<>();

    private record Sight(String provider, Set<String> signatureHeaders, Predicate<WebhookRequest> resembles) {}

    private record Claimant(Claim claim, Set<String> signatureHeaders, Predicate<WebhookRequest> resembles) {
        boolean signs(WebhookRequest request) {
            return signatureHeaders.stream().anyMatch(request::hasHeader);
        }
    }

    Claims(Providers providers) {
        for (ProviderAdapter adapter : providers.all()) {
            claimants.add(new Claimant(new Claim.Of(adapter), adapter.signatureHeaders(), adapter::resembles));
        }
        for (Sight sight : WITHOUT_ADAPTER) {
            if (providers.named(sight.provider()).isEmpty()) {
                Claim claim = new Claim.WithoutAdapter(sight.provider());
                claimants.add(new Claimant(claim, sight.signatureHeaders(), sight.resembles()));
            }
        }
    }

    Claim of(WebhookRequest request) {
        List<Claimant> signed =
                claimants.stream().filter(claimant -> claimant.signs(request)).toList();
        List<Claimant> claiming = signed.isEmpty()
                ? claimants.stream()
                        .filter(claimant -> claimant.resembles().test(request))
                        .toList()
                : signed;
        return switch (claiming.size()) {
            case 0 -> new Claim.Nobodys();
            case 1 -> claiming.getFirst().claim();
            default -> new Claim.Contradictory();
        };
    }
}
