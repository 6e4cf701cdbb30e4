package io.smartrouter.webhook;

import io.smartrouter.pool.Allocation;
import io.smartrouter.pool.AllocationOutcome;
import io.smartrouter.pool.AllocationOutcome.Allocated;
import io.smartrouter.pool.AllocationOutcome.CallEnded;
import io.smartrouter.pool.AllocationOutcome.Exhausted;
import io.smartrouter.pool.AllocationOutcome.MerchantLimit;
import io.smartrouter.pool.AllocationOutcome.NotOwner;
import io.smartrouter.pool.AllocationOutcome.Waiting;
import io.smartrouter.pool.AllocationRequest;
import io.smartrouter.pool.CallId;
import io.smartrouter.pool.ContinueOutcome;
import io.smartrouter.pool.ContinueRequest;
import io.smartrouter.pool.Hold;
import io.smartrouter.pool.Lease;
import io.smartrouter.pool.PoolManager;
import io.smartrouter.pool.ReleaseOutcome;
import io.smartrouter.pool.ReleaseRequest;
import io.smartrouter.pool.StoreUnavailableException;
import io.smartrouter.pool.StreamEvent;
import io.smartrouter.pool.WhenExhausted;
import io.smartrouter.stream.StreamUrl;
import java.time.Duration;
import java.util.Optional;
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
    private static final Duration SPOKEN_CHARACTER = Duration.ofMillis(100); // slow speech

    private final PoolManager pool;
    private final StreamUrl streamUrl;
    private final PublicUrl publicUrl;
    private final Tenants tenants;
    private final WebhookAnswer.Busy busy;

    WebhookCalls(
            PoolManager pool, StreamUrl streamUrl, PublicUrl publicUrl, Tenants tenants, WebhookProperties properties) {
        this.pool = pool;
        this.streamUrl = streamUrl;
        this.publicUrl = publicUrl;
        this.tenants = tenants;
        this.busy = new WebhookAnswer.Busy(properties.busyMessage(), null);
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
            case CallEvent.Answer answer -> allocate(provider, account, answer);
            case CallEvent.Hangup hangup -> release(hangup.call(), provider, account);
            case CallEvent.Continue next -> continueCall(provider, account, next);
            case CallEvent.StreamStarted started ->
                stream(started.call(), provider, account, started.lease(), StreamEvent.Kind.STARTED);
            case CallEvent.StreamEnded ended ->
                stream(ended.call(), provider, account, ended.lease(), StreamEvent.Kind.ENDED);
            case CallEvent.Progress progress -> new WebhookAnswer.Noted();
        };
    }

    /**
     * What a proven event gets when the router works on as many as it may: at once, and without a question to Redis. A
     * caller hears what one hears for whom no pod is free; an end is kept and stored as soon as there is time.
     *
     * @param provider the provider
     * @param account its account, or null where none is proven
     * @param event what it told
     */
    WebhookAnswer overloaded(String provider, @Nullable String account, CallEvent event) {
        return switch (event) {
            case CallEvent.Answer answer -> {
                Optional<String> merchant = tenants.merchant(answer.merchant(), answer.dialled());
                Optional<WhenExhausted> policy = tenants.whenExhausted(merchant, provider);
                WebhookAnswer meanwhile = hold(policy) == null
                        ? without(policy, busy)
                        : held(policy, provider, answer.call(), merchant.orElse(null));
                yield told(meanwhile, provider, answer.call(), "overloaded", NO_POD);
            }
            case CallEvent.Continue next -> told(busy, provider, next.call(), "overloaded", NO_POD);
            case CallEvent.Hangup hangup -> {
                pool.releaseLater(owners(hangup.call(), provider, account));
                log.info("call hung up provider={} sid={} outcome=overloaded pod={}", provider, hangup.call(), NO_POD);
                yield new WebhookAnswer.Noted();
            }
            case CallEvent.StreamStarted started -> new WebhookAnswer.Noted();
            case CallEvent.StreamEnded ended -> new WebhookAnswer.Noted();
            case CallEvent.Progress progress -> new WebhookAnswer.Noted();
        };
    }

    private static ReleaseRequest owners(CallId call, String provider, @Nullable String account) {
        return new ReleaseRequest(call, new ReleaseRequest.Right.Owner(provider, account), "hangup");
    }

    private WebhookAnswer allocate(String provider, @Nullable String account, CallEvent.Answer answer) {
        CallId call = answer.call();
        Optional<String> merchant = tenants.merchant(answer.merchant(), answer.dialled());
        Optional<WhenExhausted> policy = tenants.whenExhausted(merchant, provider);
        var request =
                new AllocationRequest(call, provider, account, merchant.orElse(null), hold(policy), answer.request());
        try {
            AllocationOutcome outcome = pool.allocate(request);
            if (outcome instanceof Exhausted exhausted && merchant.isEmpty() && exhausted.merchant() != null) {
                // The call's record knows what this request does not say.
                policy = tenants.whenExhausted(Optional.of(exhausted.merchant()), provider);
                Hold hold = hold(policy);
                outcome = hold == null ? outcome : pool.allocate(request.waiting(hold));
            }
            return switch (outcome) {
                case Allocated allocated -> {
                    String pod = allocated.allocation().pod();
                    WebhookAnswer connect = connect(provider, allocated.allocation());
                    yield told(connect, provider, call, allocated.existing() ? "existing" : "allocated", pod);
                }
                case CallEnded ended -> told(busy, provider, call, "call_ended", NO_POD);
                case NotOwner other -> told(busy, provider, call, "not_owner", NO_POD);
                case MerchantLimit limit -> told(without(policy, busy), provider, call, "merchant_limit", NO_POD);
                case Waiting waiting ->
                    told(held(policy, provider, call, waiting.merchant()), provider, call, "waiting", NO_POD);
                case Exhausted exhausted -> told(without(policy, busy), provider, call, "exhausted", NO_POD);
            };
        } catch (StoreUnavailableException e) {
            // Who may wait waits: Redis may be back at the next question.
            WebhookAnswer meanwhile = hold(policy) == null ? busy : held(policy, provider, call, merchant.orElse(null));
            return told(meanwhile, provider, call, "store_unavailable", NO_POD);
        } catch (RuntimeException e) {
            log.error("call answer failed provider={} sid={}", provider, call, e);
            return busy;
        }
    }

    /** How a call may wait, or null. A round lasts as long as its text is spoken, and then the poll. */
    private static @Nullable Hold hold(Optional<WhenExhausted> configured) {
        return configured
                .filter(policy -> policy.action() == WhenExhausted.Action.HOLD)
                .map(policy -> new Hold(policy.maxWait(), policy.poll().plus(spoken(policy.text()))))
                .orElse(null);
    }

    private static Duration spoken(@Nullable String text) {
        return text == null ? Duration.ZERO : SPOKEN_CHARACTER.multipliedBy(text.length());
    }

    private WebhookAnswer continueCall(String provider, @Nullable String account, CallEvent.Continue next) {
        CallId call = next.call();
        try {
            return switch (pool.continueCall(new ContinueRequest(call, provider, account, next.lease()))) {
                case ContinueOutcome.Continues continues -> {
                    Allocation allocation = continues.allocation();
                    String word = continues.existing() ? "existing" : "continues";
                    yield told(connect(provider, allocation), provider, call, word, allocation.pod());
                }
                case ContinueOutcome.Over over ->
                    told(new WebhookAnswer.HangUp(), provider, call, "over_" + over.reason(), NO_POD);
                case ContinueOutcome.NotOwner other ->
                    told(new WebhookAnswer.HangUp(), provider, call, "not_owner", NO_POD);
                case ContinueOutcome.Limit limit -> told(busy, provider, call, "continue_limit", NO_POD);
                // The caller is there, and holds no pod: as one who has just called, but first in the queue if known.
                case ContinueOutcome.Exhausted exhausted ->
                    allocate(provider, account, anew(next, exhausted.merchant()));
                case ContinueOutcome.UnknownCall unknown -> allocate(provider, account, anew(next, null));
            };
        } catch (StoreUnavailableException e) {
            return told(busy, provider, call, "store_unavailable", NO_POD);
        } catch (RuntimeException e) {
            log.error("call continue failed provider={} sid={}", provider, call, e);
            return busy;
        }
    }

    private static CallEvent.Answer anew(CallEvent.Continue next, @Nullable String merchant) {
        return new CallEvent.Answer(next.call(), merchant == null ? next.merchant() : merchant, next.dialled());
    }

    /** What the caller gets without a pod, or {@code otherwise} where nothing is configured or it waited in vain. */
    private static WebhookAnswer without(Optional<WhenExhausted> configured, WebhookAnswer otherwise) {
        return configured
                .<WebhookAnswer>map(policy -> switch (policy.action()) {
                    case REJECT -> new WebhookAnswer.Busy(null, null);
                    case MESSAGE -> new WebhookAnswer.Busy(policy.text(), policy.audio());
                    case HOLD -> otherwise;
                    case FORWARD -> new WebhookAnswer.Forward(String.valueOf(policy.to()));
                })
                .orElse(otherwise);
    }

    private WebhookAnswer held(
            Optional<WhenExhausted> configured, String provider, CallId call, @Nullable String merchant) {
        WhenExhausted policy = configured.orElseThrow();
        String again = CallLinks.again(publicUrl, provider, call, merchant);
        return new WebhookAnswer.Hold(policy.text(), policy.audio(), policy.poll(), again);
    }

    private WebhookAnswer stream(
            CallId call, String provider, @Nullable String account, @Nullable Lease lease, StreamEvent.Kind kind) {
        if (lease == null) {
            return new WebhookAnswer.Noted(); // nobody says whose stream it was
        }
        try {
            var outcome = pool.streamEvent(new StreamEvent(call, provider, account, lease, kind));
            log.info("stream provider={} sid={} event={} outcome={}", provider, call, kind, outcome);
        } catch (StoreUnavailableException e) {
            log.warn("stream event not stored provider={} sid={} event={}", provider, call, kind);
        }
        return new WebhookAnswer.Noted();
    }

    private WebhookAnswer connect(String provider, Allocation allocation) {
        return new WebhookAnswer.Connect(
                allocation, streamUrl.of(allocation), CallLinks.of(publicUrl, provider, allocation));
    }

    private WebhookAnswer release(CallId call, String provider, @Nullable String account) {
        ReleaseRequest request = owners(call, provider, account);
        ReleaseOutcome outcome;
        try {
            outcome = pool.release(request);
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
            log.error("call hangup failed provider={} sid={}", provider, call, e);
            throw notStored();
        }
        if (outcome instanceof ReleaseOutcome.Deferred) {
            throw notStored(); // it is kept, but this router may not outlive Redis' absence: the provider tells it
            // again
        }
        return new WebhookAnswer.Noted();
    }

    private static RefusedException notStored() {
        return new RefusedException(WebhookProblem.NOT_STORED, "The end of the call is not stored yet; tell it again.");
    }

    private static WebhookAnswer told(WebhookAnswer answer, String provider, CallId call, String outcome, String pod) {
        log.info("call answered provider={} sid={} outcome={} pod={}", provider, call, outcome, pod);
        return answer;
    }
}
