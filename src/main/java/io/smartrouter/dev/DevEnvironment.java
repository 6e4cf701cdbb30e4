package io.smartrouter.dev;

import io.smartrouter.InvalidSettingException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.EnvironmentPostProcessor;
import org.springframework.boot.SpringApplication;
import org.springframework.core.Ordered;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.Profiles;
import org.springframework.util.ClassUtils;

/**
 * Settings of the profile {@code dev} that no file can hold: a stream key that is new with each start, and a free port
 * for Redis. Runs after the files were read, and what anybody has set stands. Refuses the profile where it cannot work
 * or where others could reach its open API.
 */
final class DevEnvironment implements EnvironmentPostProcessor, Ordered {
    private static final List<String> NEEDED = List.of(
            "redis.embedded.core.ExecutableProvider",
            "io.fabric8.kubernetes.client.server.mock.KubernetesMockServer",
            "io.vertx.core.Vertx");
    private static final List<String> ADDRESSES = List.of("server.address", "management.server.address");
    private static final int SECRET_BYTES = 32;

    @Override
    public void postProcessEnvironment(ConfigurableEnvironment environment, SpringApplication application) {
        if (!environment.acceptsProfiles(Profiles.of("dev"))) {
            return;
        }
        if (!NEEDED.stream().allMatch(name -> ClassUtils.isPresent(name, DevEnvironment.class.getClassLoader()))) {
            throw new InvalidSettingException(
                    "spring.profiles.active",
                    "the profile dev is not in this jar; run it from the sources with: mvn spring-boot:run");
        }
        ADDRESSES.forEach(name -> requireLoopback(name, environment.getProperty(name)));
        // Vert.x would leave a directory of its own behind when it is killed; nothing here reads files through it.
        System.setProperty("vertx.disableFileCaching", "true");
        System.setProperty("vertx.disableFileCPResolving", "true");
        byte[] secret = new byte[SECRET_BYTES];
        new SecureRandom().nextBytes(secret);
        environment
                .getPropertySources()
                .addLast(new MapPropertySource(
                        "dev",
                        Map.of(
                                "router.stream.keys[0].id",
                                "dev",
                                "router.stream.keys[0].secret",
                                HexFormat.of().formatHex(secret),
                                "spring.data.redis.port",
                                freePort())));
    }

    @Override
    public int getOrder() {
        return Ordered.LOWEST_PRECEDENCE;
    }

    private static void requireLoopback(String name, @Nullable String address) {
        try {
            if (address != null && InetAddress.getByName(address).isLoopbackAddress()) {
                return;
            }
        } catch (UnknownHostException e) {
            // said below
        }
        throw new InvalidSettingException(
                name,
                "must be a loopback address such as 127.0.0.1 in the profile dev, for its API is open to everybody");
    }

    /** A port that is free now; somebody else may take it first, which {@link EmbeddedRedis} then says. */
    private static int freePort() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new InvalidSettingException(
                    "spring.data.redis.port", "no free port was found on loopback; name one for the embedded Redis");
        }
    }
}
