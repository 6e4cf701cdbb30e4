package io.smartrouter.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Programs that run to their end: those of this JDK, and the router's training for an AOT cache. */
public final class Programs {
    /** What the router must be told to start its context. The training run connects to nothing. */
    static final Map<String, String> TRAINING = Map.of(
            "spring.data.redis.host", "127.0.0.1",
            "router.kubernetes.master-url", "http://127.0.0.1:9",
            "router.pods.namespace", "default",
            "router.api.open", "true",
            "router.public-url", "http://127.0.0.1:8080",
            "router.stream.base-url", "ws://127.0.0.1:8080",
            "router.stream.keys[0].id", "training",
            "router.stream.keys[0].secret", "signs-nothing-but-the-training-run");

    private Programs() {}

    /** Makes an AOT cache as docker/Dockerfile does; `router` is what comes after `java` to start it. */
    public static void train(Path cache, List<String> router) {
        List<String> arguments =
                new ArrayList<>(List.of("-XX:AOTCacheOutput=" + cache, "-Dspring.context.exit=onRefresh"));
        arguments.addAll(router);
        TRAINING.forEach((name, value) -> arguments.add("--" + name + "=" + value));
        ofJdk("java", arguments.toArray(String[]::new));
    }

    /** Runs one of this JDK's own; fails with all that it said if it does. */
    public static void ofJdk(String program, String... arguments) {
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", program).toString()));
        command.addAll(List.of(arguments));
        try {
            Path log = Files.createTempFile(program, ".log");
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
            boolean ended = process.waitFor(3, TimeUnit.MINUTES);
            if (!ended) {
                process.destroyForcibly();
            }
            if (!ended || process.exitValue() != 0) {
                throw new IllegalStateException(String.join(" ", command) + " failed:\n" + Files.readString(log));
            }
            Files.delete(log);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
