package io.smartrouter.webhook;

import io.smartrouter.pool.AllocationOutcome;
import io.smartrouter.pool.AllocationOutcome.Allocated;
import io.smartrouter.pool.AllocationOutcome.CallEnded;
import io.smartrouter.pool.AllocationOutcome.Exhausted;
import io.smartrouter.pool.AllocationOutcome.MerchantLimit;
import io.smartrouter.pool.AllocationOutcome.NotOwner;
import io.smartrouter.pool.AllocationRequest;
import io.smartrouter.pool.CallId;
import io.smartrouter.pool.PoolManager;
import io.smartrouter.pool.ReleaseOutcome;
import io.smartrouter.pool.ReleaseRequest;
import io.smartrouter.pool.StoreUnavailableException;
import io.smartrouter.stream.StreamUrl;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * Does what a proven event asks for. A caller is on the line, and a provider that gets an error drops the call in
 * silence: so every fault, even one of our own, becomes an answer that the caller can hear.
 */
@Component
class WebhookCalls {
    private static final Logger log = LoggerFactory.getLogger(WebhookCalls.class);
    private static final String NO_POD = "-";

    private final PoolManager pool;
    private final StreamUrl streamUrl;

    WebhookCalls(PoolManager pool, StreamUrl streamUrl) {
        this.pool = pool;
        this.streamUrl = streamUrl;
    }

    /**
     * Does it.
     *
     * @param provider the provider
     * @param account its account, or null where none is proven
     * @param event what it told
     */
    WebhookAnswer take(String provider, @Nullable String account, CallEvent event) {
        return switch (event) {
            case CallEvent.Answer answer ->
                allocate(new AllocationRequest(answer.call(), provider, account, answer.merchant()));
            case CallEvent.Hangup hangup -> release(hangup.call(), provider, account);
        };
    }

    private WebhookAnswer allocate(AllocationRequest request) {
        try {
            AllocationOutcome outcome = pool.allocate(request);
            return switch (outcome) {
                case Allocated allocated -> {
                    WebhookAnswer answer =
                            new WebhookAnswer.Connect(allocated.allocation(), streamUrl.of(allocated.allocation()));
                    String pod = allocated.allocation().pod();
                    yield told(answer, request, allocated.existing() ? "existing" : "allocated", pod);
                }
                case CallEnded ended -> withoutPod(request, "call_ended");
                case NotOwner other -> withoutPod(request, "not_owner");
                case MerchantLimit limit -> withoutPod(request, "merchant_limit");
                case Exhausted exhausted -> withoutPod(request, "exhausted");
            };
        } catch (StoreUnavailableException e) {
            return withoutPod(request, "store_unavailable");
        } catch (RuntimeException e) {
            log.error("call answer failed provider={} sid={}", request.provider(), request.call(), e);
            return new WebhookAnswer.NoPod();
        }
    }

    private WebhookAnswer release(CallId call, String provider, @Nullable String account) {
        var request = new ReleaseRequest(call, new ReleaseRequest.Right.Owner(provider, account), "hangup");
        try {
            ReleaseOutcome outcome = pool.release(request);
            String pod = NO_POD;
            String word =
                    switch (outcome) {
                        case ReleaseOutcome.Released released -> {
                            pod = released.pod();
                            yield "released";
                        }
                        case ReleaseOutcome.AlreadyEnded ended -> {
                            pod = ended.pod() == null ? NO_POD : ended.pod();
                            yield "already_ended";
                        }
                        case ReleaseOutcome.UnknownCall unknown -> "unknown_call";
                        case ReleaseOutcome.StaleLease stale -> "stale_lease";
                        case ReleaseOutcome.NotOwner other -> "not_owner";
                        case ReleaseOutcome.Deferred deferred -> "deferred";
                    };
            log.info("call hung up provider={} sid={} outcome={} pod={}", provider, call, word, pod);
        } catch (RuntimeException e) {
            // Another answer would change nothing: the provider does not ask again.
            log.error("call hangup failed provider={} sid={}", provider, call, e);
        }
        return new WebhookAnswer.Noted();
    }

    private static WebhookAnswer withoutPod(AllocationRequest request, String outcome) {
        return told(new WebhookAnswer.NoPod(), request, outcome, NO_POD);
    }

    private static WebhookAnswer told(WebhookAnswer answer, AllocationRequest request, String outcome, String pod) {
        log.info(
                "call answered provider={} sid={} outcome={} pod={}", request.provider(), request.call(), outcome, pod);
        return answer;
    }
}
