package io.smartrouter.webhook;

import io.smartrouter.pool.InvalidInputException;
import jakarta.servlet.http.HttpServletRequest;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.http.CacheControl;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestMethod;
import org.springframework.web.bind.annotation.RestController;

/**
 * The URLs that providers call. Nothing is done for a request that is not proven, and a proven one gets a 200 in its
 * provider's own format.
 *
 * <p>The plain {@code /allocate} is shared with the JSON API, which takes POSTs of {@code application/json} without a
 * signature header. Its mapping has those conditions and this one has none, so Spring gives every request to exactly
 * one of them: the API where its conditions hold, and this controller everywhere else.
 */
@RestController
class ProviderWebhookController {
    private static final Logger log = LoggerFactory.getLogger(ProviderWebhookController.class);

    private final Providers providers;
    private final Claims claims;
    private final RequestReader reader;
    private final WebhookCalls calls;

    ProviderWebhookController(Providers providers, Claims claims, RequestReader reader, WebhookCalls calls) {
        this.providers = providers;
        this.claims = claims;
        this.reader = reader;
        this.calls = calls;
    }

    @RequestMapping(
            path = {"/allocate", "/api/v1/allocate"},
            method = {RequestMethod.GET, RequestMethod.POST})
    ResponseEntity<byte[]> allocate(HttpServletRequest http) {
        WebhookRequest request = reader.read(http, Optional.empty());
        return switch (claims.of(request)) {
            case Claim.Of of -> answer(of.adapter(), Endpoint.ALLOCATE, request);
            case Claim.WithoutAdapter other ->
                WebhookProblem.UNKNOWN_PROVIDER.answer("The request looks like one of " + other.provider()
                        + ", which this router has no adapter for.");
            case Claim.Contradictory contradictory -> {
                log.info("webhook refused reason=several_providers");
                yield WebhookProblem.UNPROVEN.answer("The request carries the marks of several providers.");
            }
            case Claim.Nobodys nobodys ->
                WebhookProblem.NOT_A_PROVIDERS.answer(
                        "The request is no provider's webhook; the JSON API takes POST with"
                                + " Content-Type application/json.");
        };
    }

    @RequestMapping(
            path = {
                "/{provider}/allocate",
                "/api/v1/{provider}/allocate",
                "/{provider}/{secret}/allocate",
                "/api/v1/{provider}/{secret}/allocate"
            },
            method = {RequestMethod.GET, RequestMethod.POST})
    ResponseEntity<byte[]> allocate(
            @PathVariable String provider, @PathVariable Optional<String> secret, HttpServletRequest http) {
        return answer(provider, secret, Endpoint.ALLOCATE, http);
    }

    @RequestMapping(
            path = {
                "/{provider}/hangup",
                "/api/v1/{provider}/hangup",
                "/{provider}/{secret}/hangup",
                "/api/v1/{provider}/{secret}/hangup"
            },
            method = {RequestMethod.GET, RequestMethod.POST})
    ResponseEntity<byte[]> hangup(
            @PathVariable String provider, @PathVariable Optional<String> secret, HttpServletRequest http) {
        return answer(provider, secret, Endpoint.HANGUP, http);
    }

    private ResponseEntity<byte[]> answer(
            String provider, Optional<String> secret, Endpoint endpoint, HttpServletRequest http) {
        Optional<ProviderAdapter> adapter =
                providers.named(provider).filter(known -> secret.isEmpty() || known.takesPathSecret());
        if (adapter.isEmpty()) {
            return WebhookProblem.UNKNOWN_PROVIDER.answer("This router has no adapter at this path.");
        }
        return answer(adapter.get(), endpoint, reader.read(http, secret));
    }

    private ResponseEntity<byte[]> answer(ProviderAdapter adapter, Endpoint endpoint, WebhookRequest request) {
        return switch (providers.verdict(adapter, request)) {
            case Verdict.Unproven unproven -> {
                log.info("webhook refused provider={} reason={}", adapter.provider(), unproven.reason());
                yield WebhookProblem.UNPROVEN.answer(
                        "The request does not prove that it comes from an account configured here.");
            }
            case Verdict.Proven proven -> {
                CallEvent event = adapter.parse(endpoint, request);
                WebhookAnswer answer = calls.take(adapter.provider(), proven.account(), event);
                WebhookDocument document = adapter.render(answer);
                yield ResponseEntity.ok()
                        .contentType(document.type())
                        .cacheControl(CacheControl.noStore()) // it may hold a stream token
                        .body(document.bytes());
            }
        };
    }

    @ExceptionHandler
    ResponseEntity<byte[]> malformed(InvalidInputException e) {
        return WebhookProblem.of(e);
    }

    @ExceptionHandler
    ResponseEntity<byte[]> refused(RefusedException e) {
        return e.problem().answer(String.valueOf(e.getMessage()));
    }
}
