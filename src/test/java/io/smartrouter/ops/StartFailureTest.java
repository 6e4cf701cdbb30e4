package io.smartrouter.ops;

import static org.assertj.core.api.Assertions.assertThat;

import io.smartrouter.InvalidSettingException;
import io.smartrouter.pool.InvalidInputException;
import io.smartrouter.pool.PoolProperties;
import io.smartrouter.stream.StreamProperties;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.boot.web.server.PortInUseException;

class StartFailureTest {
    private static Optional<String> line(Throwable failure) {
        return StartFailure.line(
                new IllegalStateException("context", failure),
                name -> name.equals("management.server.port") ? "8081" : null);
    }

    private static Throwable binding(Class<?> type, String prefix, String name, String value) {
        try {
            new Binder(new MapConfigurationPropertySource(Map.of(name, value))).bindOrCreate(prefix, type);
            throw new AssertionError("was bound");
        } catch (BindException e) {
            return e;
        }
    }

    @Test
    void anInvalidSettingIsSaidAsItIs() {
        assertThat(line(new InvalidSettingException("router.x", "is wrong;\n write y")))
                .contains("router.x: is wrong; write y");
    }

    @Test
    void aTakenPortNamesItsSetting() {
        assertThat(line(new PortInUseException(8080)))
                .contains("server.port: 8080 is taken; stop what listens there, or choose another port"
                        + " (--server.port=9080)");
        assertThat(line(new PortInUseException(8081)).orElseThrow())
                .startsWith("management.server.port: 8081 is taken");
    }

    @Test
    void aWrongTypeSaysWhatToWrite() {
        assertThat(line(binding(PoolProperties.class, "router", "router.lock-life", "soon")))
                .contains("router.lock-life: \"soon\" is not a duration; write it as 500ms, 30s or 4h");
        assertThat(line(binding(PoolProperties.class, "router", "router.probe", "udp")))
                .contains("router.probe: \"udp\" is not one of off, tcp, http");
    }

    @Test
    void aSecretIsNeverRepeated() {
        assertThat(line(binding(StreamProperties.class, "router.stream", "router.stream.keys", "hunter2"))
                        .orElseThrow())
                .startsWith("router.stream.keys")
                .doesNotContain("hunter2");
    }

    @Test
    void badTiersNameTheirSetting() {
        assertThat(line(new InvalidInputException("tiers", "must name at least one tier")))
                .contains("router.config.tiers: tiers must name at least one tier");
    }

    @Test
    void whatIsNoSettingIsLeftToOthers() {
        assertThat(line(new IllegalStateException("a fault of ours"))).isEmpty();
    }
}
