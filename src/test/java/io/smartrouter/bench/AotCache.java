package io.smartrouter.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The packaged router taken apart, with an AOT cache of a training run: as docker/Dockerfile makes them. */
final class AotCache {
    private static final Path JAR = Path.of("target", "smart-router.jar");
    private static final Map<String, String> TRAINING = Map.of(
            "SPRING_DATA_REDIS_HOST", "127.0.0.1",
            "ROUTER_KUBERNETES_MASTER_URL", "http://127.0.0.1:9",
            "ROUTER_PODS_NAMESPACE", "default",
            "ROUTER_API_OPEN", "true",
            "ROUTER_PUBLIC_URL", "http://127.0.0.1:8080",
            "ROUTER_STREAM_BASE_URL", "ws://127.0.0.1:8080",
            "ROUTER_STREAM_KEYS_0_ID", "training",
            "ROUTER_STREAM_KEYS_0_SECRET", "signs-nothing-but-the-training-run-of-the-build");

    private AotCache() {}

    /** Where the router lies then. */
    static Path jar(Path directory) {
        return directory.resolve("smart-router.jar");
    }

    /** Both into this directory; which file the cache is. */
    static Path make(Path directory) throws IOException, InterruptedException {
        java("-Djarmode=tools", "-jar", JAR.toString(), "extract", "--destination", directory.toString(), "--force");
        Path cache = directory.resolve("smart-router.aot");
        java(
                "-XX:AOTCacheOutput=" + cache,
                "-Dspring.context.exit=onRefresh",
                "-jar",
                jar(directory).toString());
        return cache;
    }

    private static void java(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().putAll(TRAINING);
        Process process = builder.start();
        String said = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IllegalStateException(String.join(" ", command) + " failed:\n" + said);
        }
    }
}
