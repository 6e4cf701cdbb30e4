package io.smartrouter.webhook;

import io.smartrouter.pool.InvalidInputException;
import io.smartrouter.web.InFlight;
import io.smartrouter.web.OwnBound;
import jakarta.servlet.http.HttpServletRequest;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
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
 * The URLs that providers call. Nothing is done for a request that is not proven, and a proven one gets an
 * answer in its provider's own format.
 *
 * <p>The plain {@code /allocate} is shared with the JSON API, which takes POSTs of {@code application/json} without a
 * signature header. Its mapping has those conditions and this one has none, so Spring gives every request to exactly
 * one of them: the API where its conditions hold, and this controller everywhere else.
 */
@RestController
@OwnBound // what is not proven must not learn how busy the router is
class ProviderWebhookController {
    private static final Logger log = LoggerFactory.getLogger(ProviderWebhookController.class);
    private static final String ENDPOINTS = "allocate|hangup|stream|continue";

    private final Providers providers;
    private final Claims claims;
    private final RequestReader reader;
    private final WebhookCalls calls;
    private final InFlight inFlight;

    ProviderWebhookController(
            Providers providers, Claims claims, RequestReader reader, WebhookCalls calls, InFlight inFlight) {
        this.inFlight = inFlight;
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
                "/{provider}/{endpoint:" + ENDPOINTS + "}",
                "/api/v1/{provider}/{endpoint:" + ENDPOINTS + "}",
                "/{provider}/{secret}/{endpoint:" + ENDPOINTS + "}",
                "/api/v1/{provider}/{secret}/{endpoint:" + ENDPOINTS + "}"
            },
            method = {RequestMethod.GET, RequestMethod.POST})
    ResponseEntity<byte[]> event(
            @PathVariable String provider,
            @PathVariable Optional<String> secret,
            @PathVariable String endpoint,
            HttpServletRequest http) {
        return answer(provider, secret, Endpoint.of(endpoint), http);
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
                WebhookAnswer answer = bounded(adapter.provider(), proven.account(), event);
                WebhookDocument document = adapter.render(endpoint, answer);
                yield ResponseEntity.status(document.status())
                        .contentType(document.type())
                        .cacheControl(CacheControl.noStore()) // it may hold a stream token
                        .body(document.bytes());
            }
        };
    }

    /** Proof costs no more than reading; what comes after it waits for Redis, and only so many at once. */
    private WebhookAnswer bounded(String provider, @Nullable String account, CallEvent event) {
        if (!inFlight.enter(InFlight.Kind.WEBHOOK)) {
            return calls.overloaded(provider, account, event);
        }
        try {
            return calls.take(provider, account, event);
        } finally {
            inFlight.leave(InFlight.Kind.WEBHOOK);
        }
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
