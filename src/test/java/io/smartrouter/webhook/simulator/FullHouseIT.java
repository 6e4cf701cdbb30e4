package io.smartrouter.webhook.simulator;

import static io.smartrouter.webhook.plivo.PlivoSigner.pairs;
import static org.assertj.core.api.Assertions.assertThat;

import io.smartrouter.webhook.simulator.Document.Kind;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every pod talks: what the next caller gets, in each provider's words, and who is served first. */
@Execution(ExecutionMode.CONCURRENT)
@ResourceLock("FullHouseIT") // its tests one after another
class FullHouseIT {
    private static final int PODS = 20;
    private static final int WAITERS = 500;
    private static final int NOT_YET = 60;
    private static final String TEXT = "All agents talk; please hold.";
    private static final Map<String, String> ACTIONS = Map.of(
            "reject",
            "{\"action\":\"reject\"}",
            "message",
            "{\"action\":\"message\",\"text\":\"" + TEXT + "\"}",
            "hold",
            "{\"action\":\"hold\",\"text\":\"" + TEXT + "\",\"max_wait_s\":3600,\"poll_s\":60}",
            "forward",
            "{\"action\":\"forward\",\"to\":\"+14155550123\"}");
    /** What cannot be told there. */
    private static final Map<Sender, Set<String>> IMPOSSIBLE = new EnumMap<>(Map.of(
            Sender.PLIVO, Set.of(),
            Sender.TWILIO, Set.of(),
            Sender.EXOTEL, Set.of("message", "forward"),
            Sender.VONAGE, Set.of("reject")));

    private static final Set<String> NUMBERS = new HashSet<>();

    private static SimulatorRig rig;
    private final Deque<Caller> talking = new ArrayDeque<>();

    @BeforeAll
    static void start() {
        rig = SimulatorRig.start(
                PODS,
                "{\"tiers\":{\"gold\":{\"type\":\"exclusive\",\"target\":20}},\"default_chain\":[\"gold\"]}",
                Map.of());
    }

    @AfterAll
    static void stop() {
        rig.close();
    }

    @BeforeEach
    void everyPodTalks() {
        for (int i = 0; i < PODS; i++) {
            Caller caller = new Caller(rig, Sender.TWILIO, "talking-" + System.nanoTime());
            assertThat(caller.answer().kind()).isEqualTo(Kind.STREAM);
            talking.add(caller);
        }
    }

    @AfterEach
    void nothingIsHeld() {
        talking.forEach(Caller::hangUp);
        assertThat(rig.json("/status").path("live_calls").asInt(-1)).isZero();
        rig.invariantsHold();
    }

    @ParameterizedTest
    @EnumSource(Sender.class)
    void eachAnswerInTheProvidersWords(Sender provider) {
        Map<String, Kind> kinds = Map.of(
                "reject",
                provider == Sender.EXOTEL ? Kind.NO_STREAM : Kind.BUSY,
                "message",
                Kind.MESSAGE,
                "hold",
                provider == Sender.EXOTEL ? Kind.NO_STREAM : Kind.HOLD,
                "forward",
                Kind.FORWARD);
        List<String> shown = new ArrayList<>();
        for (String action : ACTIONS.keySet()) {
            String merchant = provider.word() + "-" + action;
            String configuration = "{\"tier\":\"gold\",\"when_exhausted_at\":{\"" + provider.word() + "\":"
                    + ACTIONS.get(action) + "}}";
            if (IMPOSSIBLE.getOrDefault(provider, Set.of()).contains(action)) {
                SimulatorRig.Answer refused = rig.put("/merchants/" + merchant, configuration);
                assertThat(refused.status()).as(refused.body()).isEqualTo(400);
                assertThat(refused.body()).contains(provider.word()).contains(action);
                shown.add(action + ": refused when configured");
                continue;
            }
            rig.configure("/merchants/" + merchant, configuration);
            Caller caller = caller(provider, merchant + "-1", merchant);
            Document document = caller.answer();
            assertThat(document.kind()).as(document.body()).isEqualTo(kinds.get(action));
            assertThat(caller.answer().body()).isEqualTo(document.body());
            switch (action) {
                case "message" -> assertThat(document.says()).isEqualTo(TEXT);
                case "forward" -> assertThat(document.number()).isIn("+14155550123", "14155550123");
                case "hold" -> {
                    if (provider != Sender.EXOTEL) {
                        assertThat(document.says()).isEqualTo(TEXT);
                    }
                    assertThat(caller.asksAgain(document).stream()).isNull();
                    talking.removeFirst().hangUp();
                    // Somebody who calls only now does not overtake the one who waits.
                    Caller late = caller(provider, merchant + "-2", merchant);
                    Document held = late.answer();
                    assertThat(held.stream()).isNull();
                    assertThat(caller.asksAgain(document).kind()).isEqualTo(Kind.STREAM);
                    talking.add(caller);
                    late.hangUp();
                }
                default -> {}
            }
            if (!talking.contains(caller)) {
                assertThat(rig.call(caller.sid()).path("state").asString("none"))
                        .isEqualTo("none");
                caller.hangUp();
            }
            shown.add(action + ": " + document.kind());
        }
        System.out.printf("full house at %s: %s%n", provider.word(), shown);
    }

    @Test
    void fiveHundredOfAllProvidersAreServedInOrderOfArrivalOverTwoRouters() {
        long seed = Long.getLong("test.seed", System.nanoTime());
        Random random = new Random(seed);
        Map<Sender, String> merchants = new EnumMap<>(Sender.class);
        for (Sender provider : Sender.values()) {
            String merchant = "queue-" + provider.word();
            rig.configure(
                    "/merchants/" + merchant,
                    "{\"tier\":\"gold\",\"when_exhausted_at\":{\"" + provider.word() + "\":" + ACTIONS.get("hold")
                            + "}}");
            merchants.put(provider, merchant);
        }
        record Waiter(int number, Caller caller, Document told) {}
        List<Waiter> waiting = new ArrayList<>();
        List<Sender> providers = List.of(Sender.values());
        for (int i = 0; i < WAITERS; i++) {
            Sender provider = providers.get(i % providers.size());
            Caller caller = caller(provider, "waiter-" + i, String.valueOf(merchants.get(provider)));
            Document told = caller.answer();
            assertThat(told.kind()).as(told.body()).isIn(Kind.HOLD, Kind.NO_STREAM);
            waiting.add(new Waiter(i, caller, told));
        }
        int questions = WAITERS;
        int rounds = 0;
        while (!waiting.isEmpty()) {
            int free = 1 + random.nextInt(PODS);
            for (int i = 0; i < free; i++) {
                talking.removeFirst().hangUp();
            }
            int served = Math.min(free, waiting.size());
            // Who is not yet served asks too; not all of them, and one round is not missed by that.
            List<Waiter> rest = new ArrayList<>(waiting.subList(served, waiting.size()));
            Collections.shuffle(rest, random);
            List<Waiter> asking = new ArrayList<>(waiting.subList(0, served));
            asking.addAll(rest.subList(0, Math.min(NOT_YET, rest.size())));
            Collections.shuffle(asking, random);
            for (Waiter waiter : asking) {
                Document document = waiter.caller().asksAgain(waiter.told());
                questions++;
                boolean first = waiting.indexOf(waiter) < served;
                assertThat(document.kind() == Kind.STREAM)
                        .as(
                                "waiter %d, %d before it, %d pods, seed %d",
                                waiter.number(), waiting.indexOf(waiter), free, seed)
                        .isEqualTo(first);
                if (first) {
                    talking.add(waiter.caller());
                }
            }
            waiting.subList(0, served).clear();
            for (int i = served; i < free; i++) { // the last round leaves pods over
                Caller caller = new Caller(rig, Sender.TWILIO, "refill-" + System.nanoTime());
                assertThat(caller.answer().kind()).isEqualTo(Kind.STREAM);
                talking.add(caller);
            }
            rounds++;
        }
        System.out.printf(
                "hold: %d waiters of %d providers served in order of arrival, %d rounds, %d questions, seed %d%n",
                WAITERS, merchants.size(), rounds, questions, seed);
    }

    /** One whose tenant stands in the URL, or, where the proof does not cover that, in the number that it dialled. */
    private static Caller caller(Sender provider, String sid, String merchant) {
        if (provider != Sender.VONAGE) {
            return new Caller(rig, provider, sid, provider.call(sid), merchant);
        }
        String number = "44207946" + Math.floorMod(merchant.hashCode(), 10_000);
        if (NUMBERS.add(number)) {
            rig.configure("/numbers/+" + number, "{\"merchant_id\":\"" + merchant + "\"}");
        }
        return new Caller(
                rig,
                provider,
                sid,
                pairs("uuid", sid, "conversation_uuid", "CON-1", "from", "447700900001", "to", number),
                "");
    }
}
