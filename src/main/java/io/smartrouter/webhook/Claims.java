package io.smartrouter.webhook;

import java.util.List;
import org.springframework.stereotype.Component;

/**
 * Chooses the verifier of a request to the plain {@code /allocate} by the request's shape, never none. A signature
 * header binds a request to its provider, whatever its parameters; without one, its parameters do.
 */
@Component
class Claims {
    private final List<ProviderAdapter> adapters;

    Claims(Providers providers) {
        adapters = providers.all();
    }

    Claim of(WebhookRequest request) {
        List<ProviderAdapter> signed = adapters.stream()
                .filter(adapter -> adapter.signatureHeaders().stream().anyMatch(request::hasHeader))
                .toList();
        List<ProviderAdapter> claiming = signed.isEmpty()
                ? adapters.stream()
                        .filter(adapter -> adapter.resembles(request))
                        .toList()
                : signed;
        return switch (claiming.size()) {
            case 0 -> new Claim.Nobodys();
            case 1 -> new Claim.Of(claiming.getFirst());
            default -> new Claim.Contradictory();
        };
    }
}
