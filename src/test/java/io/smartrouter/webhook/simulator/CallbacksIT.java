package io.smartrouter.webhook.simulator;

import static io.smartrouter.webhook.plivo.PlivoSigner.pairs;
import static org.assertj.core.api.Assertions.assertThat;

import io.smartrouter.webhook.simulator.Document.Kind;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The callbacks of one call in every order, with the doubled ones that providers send, over two routers: the call has
 * one pod at a time, each answer is the one that its order calls for, and nothing is held at the end.
 */
class CallbacksIT {
    private static final int PODS = 20;
    private static final int AT_ONCE = 6;

    private static SimulatorRig rig;

    @BeforeAll
    static void start() {
        rig = SimulatorRig.start(
                PODS,
                "{\"tiers\":{\"gold\":{\"type\":\"exclusive\",\"target\":20}},\"default_chain\":[\"gold\"]}",
                Map.of("router.call.connect-timeout", "60s"));
    }

    @AfterAll
    static void stop() {
        rig.close();
    }

    /** What a provider sends about a call; a retry is the same request once more. */
    private enum Callback {
        ANSWER,
        STREAM_STARTS,
        STREAM_STOPS,
        CONTINUE,
        HANGUP
    }

    private static final List<Callback> OF_ONE_CALL = List.of(
            Callback.ANSWER,
            Callback.ANSWER,
            Callback.STREAM_STARTS,
            Callback.STREAM_STOPS,
            Callback.CONTINUE,
            Callback.HANGUP,
            Callback.HANGUP);

    @ParameterizedTest
    @EnumSource(Sender.class)
    void everyOrderOfCallbacks(Sender provider) throws Exception {
        List<List<Callback>> orders = new ArrayList<>();
        permute(new ArrayList<>(OF_ONE_CALL), new ArrayList<>(), orders);
        assertThat(orders).hasSize(1_260).doesNotHaveDuplicates();
        Map<String, LongAdder> outcomes = new ConcurrentHashMap<>();
        try (ExecutorService callers = Executors.newFixedThreadPool(AT_ONCE)) {
            List<Future<?>> calls = new ArrayList<>();
            for (int i = 0; i < orders.size(); i++) {
                List<Callback> order = orders.get(i);
                Caller caller = new Caller(rig, provider, provider.word() + "-order-" + i);
                calls.add(callers.submit(() -> new Expected(caller, outcomes).all(order)));
            }
            for (int i = 0; i < calls.size(); i++) {
                calls.get(i).get();
                if (i % 200 == 0) {
                    rig.invariantsHold(); // of calls that are under way, too
                }
            }
        }
        assertThat(rig.json("/status").path("live_calls").asInt(-1)).isZero();
        rig.invariantsHold();
        System.out.printf(
                "callbacks of %s in all %d orders: %s%n", provider.word(), orders.size(), new TreeMap<>(outcomes));
    }

    private static void permute(List<Callback> left, List<Callback> order, List<List<Callback>> orders) {
        if (left.isEmpty()) {
            orders.add(List.copyOf(order));
        }
        for (Callback next : left.stream().distinct().toList()) {
            left.remove(next);
            order.add(next);
            permute(left, order, orders);
            order.removeLast();
            left.add(next);
            Collections.sort(left);
        }
    }

    /** The life of one call as it should be, told by what its provider has said so far. */
    private static final class Expected {
        private final Caller caller;
        private final Map<String, LongAdder> outcomes;
        private boolean holdsPod;
        private boolean connected;
        private boolean over;
        private String answered = "";

        Expected(Caller caller, Map<String, LongAdder> outcomes) {
            this.caller = caller;
            this.outcomes = outcomes;
        }

        void all(List<Callback> order) {
            try {
                order.forEach(this::next);
                assertThat(rig.call(caller.sid()).path("state").asString()).isEqualTo("ended");
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError(caller.sid() + " in the order " + order, e);
            }
        }

        private void next(Callback callback) {
            switch (callback) {
                case ANSWER -> answer();
                case STREAM_STARTS -> {
                    boolean known = !caller.stream().isEmpty();
                    assertThat(caller.admitted().isPresent()).isEqualTo(holdsPod && known);
                    caller.streamStarted();
                    connected |= holdsPod && known;
                }
                case STREAM_STOPS -> caller.streamStopped();
                case CONTINUE -> goOn();
                case HANGUP -> {
                    caller.hangUp();
                    over = true;
                    holdsPod = false;
                }
            }
        }

        private void answer() {
            String before = caller.stream();
            Document document = caller.answer();
            if (over) {
                assertThat(document.stream()).isNull();
                count("answer: over");
                return;
            }
            assertThat(document.kind()).isEqualTo(Kind.STREAM);
            if (holdsPod && !before.isEmpty()) {
                assertThat(caller.stream()).isEqualTo(before);
            }
            if (holdsPod && !answered.isEmpty()) {
                assertThat(document.body()).isEqualTo(answered);
            }
            count(holdsPod ? "answer: the same" : "answer: a pod");
            answered = document.body();
            holdsPod = true;
        }

        private void goOn() {
            String before = caller.stream();
            Document document = caller.goesOn();
            if (over || connected) {
                // Its agent closed the stream, and its pod is well: the conversation is over.
                assertThat(document.kind()).isEqualTo(Kind.HANGUP);
                count(over ? "continue: over" : "continue: ends the call");
                over = true;
                holdsPod = false;
                return;
            }
            assertThat(document.kind()).isIn(Kind.STREAM, Kind.BACK);
            // A stream that did not reach its pod is tried with another one.
            assertThat(caller.stream())
                    .satisfiesAnyOf(
                            url -> assertThat(url).isEmpty(),
                            url -> assertThat(url).isNotEqualTo(before));
            count(holdsPod ? "continue: another pod" : "continue: a pod");
            answered = caller.provider() == Sender.EXOTEL || caller.provider() == Sender.VONAGE ? "" : document.body();
            holdsPod = true;
        }

        private void count(String outcome) {
            outcomes.computeIfAbsent(outcome, first -> new LongAdder()).increment();
        }
    }

    /** A retry runs beside the first try, at another router; and a hangup beside both. */
    @ParameterizedTest
    @EnumSource(Sender.class)
    void retriesBesideTheFirstTry(Sender provider) throws Exception {
        int calls = 100;
        int overtaken = 0;
        try (ExecutorService requests = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < calls; i++) {
                String sid = provider.word() + "-beside-" + i;
                List<Future<Document>> tries = new ArrayList<>();
                for (int retry = 0; retry < 3; retry++) {
                    tries.add(requests.submit(() -> new Caller(rig, provider, sid).answer()));
                }
                Set<String> bodies = new HashSet<>();
                for (Future<Document> one : tries) {
                    assertThat(one.get().kind()).isEqualTo(Kind.STREAM);
                    bodies.add(one.get().body());
                }
                assertThat(bodies).as("one call, one pod, one document").hasSize(1);
                Caller caller = new Caller(rig, provider, sid);
                Future<?> hangup = requests.submit(() -> caller.hangUp());
                Future<Document> late = requests.submit(() -> new Caller(rig, provider, sid).answer());
                Future<?> again = requests.submit(() -> new Caller(rig, provider, sid).hangUp());
                hangup.get();
                again.get();
                if (late.get().stream() == null) {
                    overtaken++;
                } else {
                    assertThat(late.get().body()).isIn(bodies);
                }
                assertThat(rig.call(sid).path("state").asString()).isEqualTo("ended");
            }
        }
        assertThat(rig.json("/status").path("live_calls").asInt(-1)).isZero();
        rig.invariantsHold();
        System.out.printf(
                "callbacks of %s beside each other: %d calls, %d answers overtaken by a hangup%n",
                provider.word(), calls, overtaken);
    }

    /** Calls that we place get the same documents; the number that they come from names the merchant. */
    @ParameterizedTest
    @EnumSource(Sender.class)
    void callsThatWePlace(Sender provider) {
        String ours =
                "+14155550" + (100 + provider.word().length() + provider.word().charAt(0));
        rig.configure("/merchants/placed-" + provider.word(), "{\"tier\":\"gold\"}");
        rig.configure("/numbers/" + ours, "{\"merchant_id\":\"placed-" + provider.word() + "\"}");
        Caller caller = placed(provider, provider.word() + "-placed", ours);
        Document first = caller.answer();
        assertThat(first.kind()).isEqualTo(Kind.STREAM);
        assertThat(caller.answer().body()).isEqualTo(first.body());
        if (provider != Sender.EXOTEL) { // it names one number, the one that was dialled
            assertThat(rig.call(caller.sid()).path("merchant_id").asString()).isEqualTo("placed-" + provider.word());
        }
        assertThat(caller.admitted()).isPresent();
        caller.streamStarted();
        assertThat(rig.call(caller.sid()).path("state").asString()).isEqualTo("connected");
        caller.streamStopped();
        assertThat(caller.goesOn().kind()).isEqualTo(Kind.HANGUP);
        caller.hangUp();
        assertThat(rig.call(caller.sid()).path("state").asString()).isEqualTo("ended");

        // Nobody answered: a pod is neither given nor kept, whether the answer URL was asked before or after.
        for (String status : notReached(provider)) {
            Caller before = placed(provider, provider.word() + "-before-" + status, ours);
            assertThat(before.answer().kind()).isEqualTo(Kind.STREAM);
            before.hangUp(outcome(provider, before.sid(), status));
            assertThat(rig.call(before.sid()).path("state").asString()).isEqualTo("ended");
            Caller after = placed(provider, provider.word() + "-after-" + status, ours);
            after.hangUp(outcome(provider, after.sid(), status));
            assertThat(after.answer().stream()).isNull();
        }
        assertThat(rig.json("/status").path("live_calls").asInt(-1)).isZero();
        rig.invariantsHold();
    }

    /** Plivo answers a request with an id of its own, long before it tells the call's: both end the call. */
    @Test
    void aPlacedCallEndsByTheIdOfItsRequestInEitherOrder() {
        Caller before = placed(Sender.PLIVO, "request-before", "+14155550000");
        assertThat(before.answer().kind()).isEqualTo(Kind.STREAM);
        assertThat(rig.call("id-of-request-before").path("call_sid").asString()).isEqualTo("request-before");
        assertThat(rig.post("/release", "{\"call_sid\":\"id-of-request-before\"}")
                        .status())
                .isEqualTo(200);
        assertThat(rig.call("request-before").path("state").asString()).isEqualTo("ended");

        Caller after = placed(Sender.PLIVO, "request-after", "+14155550000");
        assertThat(rig.post("/release", "{\"call_sid\":\"id-of-request-after\"}")
                        .status())
                .isEqualTo(404); // unknown until now, and remembered
        assertThat(after.answer().stream()).isNull();
        assertThat(rig.call("request-after").path("state").asString()).isEqualTo("ended");

        Caller hungUp = placed(Sender.PLIVO, "request-hung-up", "+14155550000");
        hungUp.hangUp(Sender.PLIVO.hangup("id-of-request-hung-up"));
        assertThat(hungUp.answer().stream()).isNull();
        rig.invariantsHold();
    }

    private static Caller placed(Sender provider, String sid, String ours) {
        List<String[]> call =
                switch (provider) {
                    case PLIVO ->
                        pairs(
                                "CallUUID",
                                sid,
                                "From",
                                ours,
                                "To",
                                "+4915112345678",
                                "CallStatus",
                                "in-progress",
                                "Direction",
                                "outbound",
                                "RequestUUID",
                                "id-of-" + sid);
                    case TWILIO ->
                        pairs(
                                "CallSid",
                                sid,
                                "AccountSid",
                                "AC1",
                                "From",
                                ours,
                                "To",
                                "+4915112345678",
                                "CallStatus",
                                "in-progress",
                                "Direction",
                                "outbound-api");
                    case EXOTEL ->
                        pairs("CallSid", sid, "CallFrom", "+911", "CallTo", ours, "Direction", "outbound-dial");
                    case VONAGE ->
                        pairs(
                                "uuid",
                                sid,
                                "conversation_uuid",
                                "CON-1",
                                "from",
                                ours.substring(1),
                                "to",
                                "4915112345678",
                                "direction",
                                "outbound");
                };
        return new Caller(rig, provider, sid, call, "");
    }

    private static List<String> notReached(Sender provider) {
        return switch (provider) {
            case PLIVO -> List.of("busy", "failed", "timeout", "no-answer");
            case TWILIO -> List.of("busy", "failed", "no-answer", "canceled");
            case EXOTEL -> List.of("busy", "failed", "no-answer");
            case VONAGE -> List.of("busy", "failed", "rejected", "timeout", "unanswered", "cancelled");
        };
    }

    private static List<String[]> outcome(Sender provider, String sid, String status) {
        return switch (provider) {
            case PLIVO -> pairs("CallUUID", sid, "Event", "Hangup", "CallStatus", status, "Direction", "outbound");
            case TWILIO ->
                pairs("CallSid", sid, "AccountSid", "AC1", "CallStatus", status, "Direction", "outbound-api");
            case EXOTEL -> pairs("CallSid", sid, "Status", status, "EventType", "terminal");
            case VONAGE -> pairs("uuid", sid, "conversation_uuid", "CON-1", "status", status, "direction", "outbound");
        };
    }
}
