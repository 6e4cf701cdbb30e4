package io.smartrouter.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Hyperfoil in a JVM of its own (see {@code src/hyperfoil}), which stays for all runs so that it is warm: calls come at a
 * constant rate, whatever the router answers, and a time counts from when it had the request ready.
 */
final class Hyperfoil implements AutoCloseable {
    /** Beyond as many calls as come in all, for those of a rate at random moments. */
    private static final int MORE_SESSIONS = 1_000;

    private final Process process;
    private final BufferedReader said;
    private final PrintStream ask;

    Hyperfoil() {
        try {
            String classPath = Files.readString(Path.of("target", "hyperfoil.class-path"));
            process = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-Xmx1g",
                            "-XX:+UseSerialGC",
                            "-cp",
                            classPath,
                            "src/hyperfoil/java/OpenLoad.java")
                    .redirectErrorStream(true)
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        said = process.inputReader(StandardCharsets.UTF_8);
        ask = new PrintStream(process.getOutputStream(), true, StandardCharsets.UTF_8);
    }

    /** Begins to allocate and release so many calls a second, by JSON at these paths. */
    LoadRun pairs(int port, String base, double rate) {
        try {
            Path file = Files.createTempFile("bench", ".yaml");
            long seconds = Math.max(1, Math.round(Rounds.SECONDS));
            Files.writeString(
                    file,
                    LoadRun.scenario("open.yaml")
                            .replace("%{port}", Integer.toString(port))
                            .replace("%{base}", base)
                            .replace("%{rate}", Long.toString(Math.round(rate)))
                            .replace("%{seconds}", Long.toString(seconds))
                            .replace("%{sessions}", Long.toString(Math.round(rate * seconds * 1.1) + MORE_SESSIONS)));
            ask.println(file);
            return new Run(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private final class Run implements LoadRun {
        private final Path file;

        Run(Path file) {
            this.file = file;
        }

        @Override
        public Count count() {
            StringBuilder log = new StringBuilder();
            try {
                for (String line = said.readLine(); line != null; line = said.readLine()) {
                    if (line.startsWith("{")) {
                        return Count.of(line);
                    }
                    log.append(line).append('\n');
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            throw new IllegalStateException("Hyperfoil said:\n" + log);
        }

        @Override
        public void close() {
            try {
                Files.deleteIfExists(file);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
