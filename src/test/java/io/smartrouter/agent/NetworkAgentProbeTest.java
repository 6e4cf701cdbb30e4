package io.smartrouter.agent;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.smartrouter.pool.PoolProperties;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

/** An agent's word that it is free is believed only when it can mean nothing else. */
@NullUnmarked
class NetworkAgentProbeTest {
    private HttpServer agent;
    private NetworkAgentProbe probe;
    private volatile byte[] body;
    private volatile int status;

    @BeforeEach
    void start() throws IOException {
        agent = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        agent.createContext("/status", exchange -> {
            exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        agent.start();
        PoolProperties properties = new Binder(new MapConfigurationPropertySource(Map.of("router.probe-timeout", "2s")))
                .bindOrCreate("router", PoolProperties.class);
        probe = new NetworkAgentProbe(properties, new AgentProperties("http://{address}/status"));
    }

    @AfterEach
    void stop() {
        probe.destroy();
        agent.stop(0);
    }

    private boolean saysFree(int answer, String json) {
        status = answer;
        body = json.getBytes(StandardCharsets.UTF_8);
        return probe.saysFree("127.0.0.1:" + agent.getAddress().getPort());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"active_calls\":0}",
                "{\"active_calls\":0,\"status\":\"ok\",\"more\":{\"active_calls\":3}}",
                " \n{ \"active_calls\" : 0 }\n"
            })
    void zeroCallsAreFree(String json) {
        assertThat(saysFree(200, json)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"active_calls\":1}",
                "{\"active_calls\":1,\"active_calls\":0}",
                "{\"active_calls\":0,\"active_calls\":1}",
                "{\"active_calls\":0,\"active_calls\":0}",
                "{\"active_calls\":0,\"more\":{\"a\":1,\"a\":2}}",
                "{\"active_calls\":0}{\"active_calls\":1}",
                "{\"active_calls\":0} 1",
                "{\"active_calls\":0}]",
                "{\"active_calls\":0},",
                "{\"active_calls\":0",
                "{\"active_calls\":0.0}",
                "{\"active_calls\":\"0\"}",
                "{\"active_calls\":null}",
                "{\"active_calls\":false}",
                "{\"active_calls\":[0]}",
                "{\"active_calls\":-0.0}",
                "{\"active_calls\":4294967296}",
                "{\"Active_Calls\":0}",
                "{\"calls\":{\"active_calls\":0}}",
                "[{\"active_calls\":0}]",
                "0",
                "null",
                ""
            })
    void anythingElseIsNot(String json) {
        assertThat(saysFree(200, json)).isFalse();
    }

    @Test
    void onlyAPlain200Counts() {
        for (int other : new int[] {201, 202, 206, 301, 404, 500, 503}) {
            assertThat(saysFree(other, "{\"active_calls\":0}")).as("%d", other).isFalse();
        }
        assertThat(saysFree(200, "{\"active_calls\":0}")).isTrue();
    }

    @Test
    void anAnswerLongerThanIsReadIsNone() {
        String longest = "{\"active_calls\":0,\"more\":\"" + "x".repeat(4_000) + "\"}";
        assertThat(saysFree(200, longest)).isTrue();
        assertThat(saysFree(200, longest + " ".repeat(5_000))).isFalse();
    }
}
