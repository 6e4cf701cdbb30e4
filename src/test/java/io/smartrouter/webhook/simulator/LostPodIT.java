package io.smartrouter.webhook.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import io.smartrouter.webhook.simulator.Document.Kind;
import java.net.URI;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A pod dies in mid-call: fifty callers talk to another one, and those who had hung up do not. */
@Execution(ExecutionMode.CONCURRENT)
@ResourceLock("LostPodIT") // its tests one after another
class LostPodIT {
    private static final int CALLERS = 50;
    private static final int LEFT = 10;
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private static SimulatorRig rig;

    @BeforeAll
    static void start() {
        // Packed, all calls are on the lowest ordinal: one pod's death is everybody's.
        rig = SimulatorRig.start(
                2,
                "{\"tiers\":{\"basic\":{\"type\":\"shared\",\"target\":2,\"max_concurrent\":100,\"placement\":\"pack\"}},"
                    + "\"default_chain\":[\"basic\"]}",
                Map.of("router.call.connect-timeout", "60s"));
    }

    @AfterAll
    static void stop() {
        rig.close();
    }

    @ParameterizedTest
    @EnumSource(Sender.class)
    void podGoesUnderFiftyCalls(Sender provider) throws Exception {
        lose(provider, "goes", true);
    }

    /** Then only its port tells that it is dead: it refuses, while Kubernetes still says Ready. */
    @ParameterizedTest
    @EnumSource(Sender.class)
    void agentDiesUnderFiftyCallsBeforeKubernetesKnowsIt(Sender provider) throws Exception {
        lose(provider, "dies", false);
    }

    private static void lose(Sender provider, String how, boolean kubernetesKnows) throws Exception {
        String first = "voice-agent-0";
        String other = "voice-agent-1";
        try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Talk> talks = IntStream.range(0, CALLERS + LEFT)
                    .mapToObj(i -> new Talk(new Caller(rig, provider, provider.word() + "-" + how + "-" + i)))
                    .toList();
            for (Talk talk : talks) {
                assertThat(talk.caller.answer().kind()).isEqualTo(Kind.STREAM);
                talk.connect();
                talk.caller.streamStarted();
            }
            awaitStreams(first, CALLERS + LEFT);
            List<Talk> staying = talks.subList(0, CALLERS);
            List<Talk> leaving = talks.subList(CALLERS, talks.size());

            // Some hang up in that moment: the provider tells so, and asks nothing.
            List<CompletableFuture<Void>> hangups = leaving.stream()
                    .map(talk -> CompletableFuture.runAsync(talk.caller::hangUp, callers))
                    .toList();
            long died = System.nanoTime();
            if (kubernetesKnows) {
                rig.pods().goes(first);
            }
            rig.pods().dies(first);
            List<CompletableFuture<Long>> moves = staying.stream()
                    .map(talk -> CompletableFuture.supplyAsync(() -> talk.movesFrom(died), callers))
                    .toList();
            List<Long> tookMs = new ArrayList<>();
            for (CompletableFuture<Long> move : moves) {
                tookMs.add(move.get(PATIENCE.toSeconds(), TimeUnit.SECONDS));
            }
            for (CompletableFuture<Void> hangup : hangups) {
                hangup.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            }
            tookMs.sort(null);
            System.out.printf(
                    "%s, pod %s: %d callers on another pod, %d had hung up; from loss to new stream p50 %d ms, p99 %d"
                            + " ms%n",
                    provider.word(), how, moves.size(), LEFT, tookMs.get(CALLERS / 2), tookMs.get(CALLERS - 1));

            awaitStreams(other, CALLERS);
            for (Talk talk : staying) {
                var call = rig.call(talk.caller.sid());
                assertThat(call.path("pod_name").asString()).isEqualTo(other);
                assertThat(call.path("state").asString()).isEqualTo("connected");
                assertThat(call.path("takes_over").asBoolean()).isTrue();
                assertThat(talk.says("hello again")).isEqualTo("hello again");
            }
            for (Talk talk : leaving) {
                assertThat(rig.call(talk.caller.sid()).path("state").asString()).isEqualTo("ended");
                assertThat(talk.caller.answer().stream()).isNull();
            }
            assertThat(rig.json("/status").path("live_calls").asInt(-1)).isEqualTo(CALLERS);
            rig.invariantsHold();

            staying.forEach(talk -> talk.caller.hangUp());
            staying.forEach(Talk::close);
            if (!kubernetesKnows) {
                rig.pods().goes(first);
            }
            rig.pods().start(first);
            Awaitility.await()
                    .atMost(PATIENCE)
                    .until(() -> rig.json("/status").path("live_calls").asInt(-1) == 0
                            && rig.json("/pods/" + first)
                                    .path("state")
                                    .asString()
                                    .equals("ready")
                            && rig.json("/pods/" + other)
                                    .path("state")
                                    .asString()
                                    .equals("ready")
                            && rig.pods().streams(other) == 0);
        }
    }

    /** The agent's side of a handshake may end a little after the caller's. */
    private static void awaitStreams(String pod, int streams) {
        Awaitility.await().atMost(PATIENCE).until(() -> rig.pods().streams(pod) == streams);
    }

    /** A call with its audio: the provider's side of the WebSocket. */
    private static final class Talk implements WebSocket.Listener {
        private final Caller caller;
        private volatile @Nullable WebSocket stream;
        private volatile CompletableFuture<Void> broken = new CompletableFuture<>();
        private volatile CompletableFuture<String> heard = new CompletableFuture<>();

        Talk(Caller caller) {
            this.caller = caller;
        }

        void connect() {
            String address = caller.admitted().orElseThrow();
            broken = new CompletableFuture<>();
            stream = rig.http()
                    .newWebSocketBuilder()
                    .buildAsync(URI.create("ws://" + address + caller.streamPath()), this)
                    .join();
        }

        /** The stream breaks; the provider tells it, and does what stands behind it in the document. */
        long movesFrom(long died) {
            broken.join();
            for (int retry = 0; retry < caller.retriesOfStream(); retry++) {
                connectsInVain();
            }
            caller.streamStopped();
            Document next = caller.goesOn();
            assertThat(next.kind()).as(next.body()).isEqualTo(Kind.STREAM);
            connect();
            long tookMs = (System.nanoTime() - died) / 1_000_000;
            caller.streamStarted();
            return tookMs;
        }

        /** The pod is dead, whether our proxy still lets the stream through or not. */
        private void connectsInVain() {
            assertThat(caller.admitted().filter(address -> {
                        URI agent = URI.create("ws://" + address + caller.streamPath());
                        return rig.http()
                                .newWebSocketBuilder()
                                .buildAsync(agent, this)
                                .handle((opened, fault) -> fault == null)
                                .join();
                    }))
                    .isEmpty();
        }

        String says(String text) {
            heard = new CompletableFuture<>();
            WebSocket to = stream;
            assertThat(to).isNotNull();
            to.sendText(text, true).join();
            return heard.orTimeout(10, TimeUnit.SECONDS).join();
        }

        void close() {
            WebSocket open = stream;
            if (open != null) {
                open.abort();
            }
        }

        @Override
        public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
            heard.complete(data.toString());
            from.request(1);
            return null;
        }

        @Override
        public @Nullable CompletionStage<?> onClose(WebSocket closed, int status, String reason) {
            broken.complete(null);
            return null;
        }

        @Override
        public void onError(WebSocket failed, Throwable fault) {
            broken.complete(null);
        }
    }
}
