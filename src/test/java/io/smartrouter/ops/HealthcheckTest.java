package io.smartrouter.ops;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import org.junit.jupiter.api.Test;

class HealthcheckTest {
    @Test
    void readyIs200AndNothingElse() throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/ready", exchange -> {
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
        });
        server.createContext("/starting", exchange -> {
            exchange.sendResponseHeaders(503, -1);
            exchange.close();
        });
        server.start();
        URI base = URI.create("http://127.0.0.1:" + server.getAddress().getPort());
        try {
            assertThat(Healthcheck.answersOk(base.resolve("/ready"))).isTrue();
            assertThat(Healthcheck.answersOk(base.resolve("/starting"))).isFalse();
        } finally {
            server.stop(0);
        }
        assertThat(Healthcheck.answersOk(base.resolve("/ready"))).isFalse();
    }
}
