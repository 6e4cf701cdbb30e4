package io.smartrouter.pool.redis;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.utility.DockerImageName;

/**
 * The model check on each server that the router promises to work with: {@code mvn verify -Pdocker}, which needs a
 * Docker engine. Without one it fails rather than being skipped unseen.
 */
class RedisImagesOnDocker {
    private static final int REDIS_PORT = 6379;

    @ParameterizedTest
    @ValueSource(strings = {"redis:6.2", "redis:7.4", "redis:8", "valkey/valkey:8"})
    void scriptsDoAsTheModelSays(String image) {
        try (GenericContainer<?> server = new GenericContainer<>(DockerImageName.parse(image))) {
            server.withExposedPorts(REDIS_PORT).start();
            try (ModelRun run =
                    new ModelRun(server.getHost(), server.getMappedPort(REDIS_PORT), StoreFixture.heldClock())) {
                var random = RandomGeneratorFactory.of("L64X128MixRandom").create(1);
                for (int i = 0; i < 5; i++) {
                    assertThat(run.play(Step.random(random, 500)))
                            .as(run.told())
                            .isEmpty();
                }
            }
        }
    }
}
