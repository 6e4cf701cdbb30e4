package io.smartrouter.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import io.smartrouter.testing.RouterProcess;
import io.smartrouter.testing.TestCluster;
import io.smartrouter.testing.TestRedis;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.context.annotation.Profile;
import org.springframework.stereotype.Component;
import org.springframework.web.bind.annotation.RestController;

/** What the router is measured against is the router's own server, with nothing changed, and only where it is asked for. */
class YardstickIT {
    /** No customizer and no configuration: the same server, threads, filters and converters answer both. */
    @Test
    void theProfileAddsHandlersAndNothingElse() {
        for (JavaClass type : new ClassFileImporter()
                .importPackages("io.smartrouter.bench").stream()
                        .filter(one -> !one.getSource()
                                .orElseThrow()
                                .getUri()
                                .toString()
                                .contains("test-classes"))
                        .filter(one ->
                                one.isTopLevelClass() && !one.getSimpleName().equals("package-info"))
                        .toList()) {
            assertThat(type.getAnnotationOfType(Profile.class).value())
                    .as(type.getName())
                    .containsExactly("bench");
            assertThat(type.isAnnotatedWith(RestController.class) || type.isAnnotatedWith(Component.class))
                    .isTrue();
            assertThat(type.getRawInterfaces().stream().map(JavaClass::getPackageName))
                    .allMatch(name -> name.equals("org.springframework.beans.factory"));
        }
        assertThat(Stream.of("yaml", "yml", "properties")
                        .map(type -> getClass().getResource("/application-bench." + type)))
                .as("settings of the profile's own")
                .containsOnlyNulls();
    }

    @Test
    void withoutTheProfileThereAreNone() {
        try (Rig rig = new Rig(Map.of())) {
            assertThat(rig.post("/bench/ceiling/allocate").statusCode()).isEqualTo(404);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"floor", "ceiling"})
    void answersAreAsTheRouters(String yardstick) {
        try (Rig rig = new Rig(Map.of("spring.profiles.active", "bench", "router.settle.quarantine", "0s"))) {
            Awaitility.await()
                    .atMost(Duration.ofSeconds(30))
                    .until(() -> rig.post("/allocate").statusCode() == 200);
            for (String path : new String[] {"/allocate", "/release"}) {
                HttpResponse<String> ours = rig.post(path);
                HttpResponse<String> least = rig.post("/bench/" + yardstick + path);
                assertThat(least.statusCode()).isEqualTo(ours.statusCode()).isEqualTo(200);
                assertThat(least.body().length()).isCloseTo(ours.body().length(), within(12));
                assertThat(headers(least)).as(path).isEqualTo(headers(ours));
            }
        }
    }

    private static org.assertj.core.data.Offset<Integer> within(int bytes) {
        return org.assertj.core.data.Offset.offset(bytes);
    }

    private static Map<String, String> headers(HttpResponse<String> response) {
        Map<String, String> headers = new TreeMap<>();
        response.headers().map().forEach((name, values) -> headers.put(name, String.join(",", values)));
        headers.remove("date");
        headers.remove("content-length");
        return headers;
    }

    private static final class Rig implements AutoCloseable {
        private final TestRedis redis = TestRedis.start();
        private final TestCluster cluster = TestCluster.start(3);
        private final RouterProcess router;
        private final HttpClient http =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

        Rig(Map<String, String> settings) {
            router = RouterProcess.start(redis, cluster, settings).awaitReady();
        }

        HttpResponse<String> post(String path) {
            try {
                return http.send(
                        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + router.port() + path))
                                .header("Content-Type", "application/json")
                                .POST(HttpRequest.BodyPublishers.ofString(
                                        "{\"call_sid\":\"CA1\",\"merchant_id\":\"bench\",\"provider\":\"plivo\"}"))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
            } catch (IOException | InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }

        @Override
        public void close() {
            router.process().destroyForcibly();
            router.close();
            cluster.close();
            redis.close();
        }
    }
}
