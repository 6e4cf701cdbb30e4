package io.smartrouter.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.smartrouter.deploy.Deployment.Allocated;
import io.smartrouter.deploy.RawHttp.Answer;
import io.smartrouter.testing.RouterProcess;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What the world meets at nginx when something behind it dies or hangs. */
class NginxFaultsIT {
    private static final Map<String, String> UPGRADE = Map.of(
            "Upgrade", "websocket", "Sec-WebSocket-Version", "13", "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");

    private static Deployment all;
    private static Nginx nginx;

    @BeforeAll
    static void start() {
        all = Deployment.start();
        nginx = all.nginx(Map.of());
    }

    @AfterAll
    static void stop() {
        if (all != null) {
            all.close();
        }
    }

    @AfterEach
    void noSecretIsInAnyLogAndInvariantsHold() {
        all.assertNoSecretInAnyLog();
        assertThat(all.data().violations()).isEmpty();
    }

    @Test
    void webhooksGoOnWhenARouterIsKilled() {
        RouterProcess third = all.router().awaitReady();
        try (third) {
            Nginx both = all.nginx(Map.of(
                    "routers.conf",
                    Deployment.upstream(List.of(third, all.routers().getFirst()))));
            assertThat(webhooks(both, "before", 6)).allMatch(answer -> answer.status() == 200);
            third.process().destroyForcibly().onExit().join();
            long begun = System.nanoTime();
            List<Answer> answers = webhooks(both, "killed", 12);
            long tookMs = Duration.ofNanos(System.nanoTime() - begun).toMillis();
            assertThat(answers).allMatch(answer -> answer.status() == 200);
            await().untilAsserted(() -> assertThat(both.access())
                    .as("a router that was asked in vain first")
                    .contains("\"upstream_status\":\"502, 200\""));
            System.out.printf("nginx: 12 webhooks with one of two routers killed: all answered, %d ms%n", tookMs);
        }
    }

    @Test
    void webhooksGoOnWhenARouterHangs() throws Exception {
        RouterProcess hanging = all.routers().getLast();
        signal("STOP", hanging.process());
        try {
            List<Long> tookMs = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                long begun = System.nanoTime();
                assertThat(webhooks(nginx, "hung-" + i, 1)).allMatch(answer -> answer.status() == 200);
                tookMs.add(Duration.ofNanos(System.nanoTime() - begun).toMillis());
            }
            await().untilAsserted(() -> assertThat(nginx.access()).contains("\"upstream_status\":\"504, 200\""));
            System.out.printf("nginx: webhooks with one of two routers hanging: ms %s%n", tookMs);
        } finally {
            signal("CONT", hanging.process());
        }
    }

    /** The bound that nginx keeps for itself, by its own clock: a loaded test sees more. */
    @Test
    void allRoutersHangAndTheAnswerIsBounded() throws Exception {
        for (RouterProcess router : all.routers()) {
            signal("STOP", router.process());
        }
        try {
            Nginx own = all.nginx(Map.of());
            Answer answer = all.plivo(own, "/plivo/allocate", "all-hang");
            assertThat(answer.status()).isIn(502, 504);
            await().until(() -> !own.access().isEmpty());
            String line = own.access().lines().toList().getLast();
            System.out.println("nginx: all routers hang: " + line.replaceAll(".*(\"upstream_status\")", "$1"));
            assertThat(line).containsPattern("\"duration_s\":[0-9]\\.");
        } finally {
            for (RouterProcess router : all.routers()) {
                signal("CONT", router.process());
            }
        }
        // The call that was asked for may or may not have got a pod meanwhile: its end is harmless either way.
        assertThat(all.plivo(nginx, "/plivo/hangup", "all-hang", "Event", "Hangup", "CallStatus", "completed")
                        .status())
                .isEqualTo(200);
    }

    @Test
    void redisAwayRefusesStreamsAndAnswersWebhooks() throws Exception {
        Allocated call = all.allocate("redis-away-1");
        List<Integer> before = all.connections();
        signal("STOP", all.redis().process());
        try {
            Answer stream = new RawHttp(nginx.port()).get(call.path(), with("Connection", "Upgrade"));
            assertThat(stream.status()).isEqualTo(503);
            assertThat(stream.head()).contains("Retry-After: 1");
            Answer webhook = all.plivo(nginx, "/plivo/allocate", "redis-away-2");
            assertThat(webhook.status()).isEqualTo(200);
            assertThat(webhook.body()).contains("<Response>").doesNotContain("<Stream");
        } finally {
            signal("CONT", all.redis().process());
        }
        assertThat(all.connections()).isEqualTo(before);
        try (Caller caller = Caller.connect(all.http(), call.through(nginx))) {
            assertThat(caller.say("later")).isEqualTo(call.pod() + ": later");
        }
        all.release("redis-away-1");
    }

    @Test
    void anAgentThatDoesNotListenIsNoOtherAgentsCall() {
        Allocated call = all.allocate("agent-down-1");
        EchoAgent down = all.agent(call.pod());
        List<Integer> before = all.connections();
        down.pause();
        try {
            assertThat(Caller.refusal(all.http(), call.through(nginx))).isEqualTo(502);
            assertThat(all.connections()).isEqualTo(before);
        } finally {
            down.resume();
        }
        all.release("agent-down-1");
    }

    /** Answers of allocate and hangup for calls of their own, one after another. */
    private static List<Answer> webhooks(Nginx at, String name, int calls) {
        List<Answer> answers = new ArrayList<>();
        for (int i = 0; i < calls; i++) {
            String sid = name + "-" + i;
            Answer allocated = all.plivo(at, "/plivo/allocate", sid);
            assertThat(allocated.body()).contains("<Stream");
            answers.add(allocated);
            answers.add(all.plivo(at, "/plivo/hangup", sid, "Event", "Hangup", "CallStatus", "completed"));
        }
        return answers;
    }

    private static Map<String, String> with(String name, String value) {
        Map<String, String> headers = new LinkedHashMap<>(UPGRADE);
        headers.put(name, value);
        return headers;
    }

    private static void signal(String signal, Process process) throws IOException, InterruptedException {
        assertThat(new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid()))
                        .start()
                        .waitFor())
                .isZero();
    }
}
