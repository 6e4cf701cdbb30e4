package io.smartrouter.bench;

import io.smartrouter.testing.Programs;
import java.nio.file.Path;
import java.util.List;

/** The packaged router taken apart, with an AOT cache of a training run: as docker/Dockerfile makes them. */
final class AotCache {
    private static final String JAR = Path.of("target", "smart-router.jar").toString();

    private AotCache() {}

    /** Where the router lies then. */
    static Path jar(Path directory) {
        return directory.resolve("smart-router.jar");
    }

    /** Both into this directory; which file the cache is. */
    static Path make(Path directory) {
        Programs.ofJdk(
                "java", "-Djarmode=tools", "-jar", JAR, "extract", "--destination", directory.toString(), "--force");
        Path cache = directory.resolve("smart-router.aot");
        Programs.train(cache, List.of("-jar", jar(directory).toString()));
        return cache;
    }
}
