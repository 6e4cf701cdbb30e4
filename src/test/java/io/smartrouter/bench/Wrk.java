package io.smartrouter.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A run of wrk (Debian's package of this name): clients that each send their next request when they have an answer. */
final class Wrk implements LoadRun {
    private final Process process;
    private final Path script;

    private Wrk(Process process, Path script) {
        this.process = process;
        this.script = script;
    }

    /** Begins one; a scenario is a script of that name among the tests' resources. */
    static Wrk start(int port, String scenario, int clients, double seconds, String... arguments) {
        try {
            Path script = Files.createTempFile("bench", ".lua");
            Files.writeString(script, LoadRun.scenario("report.lua") + LoadRun.scenario(scenario + ".lua"));
            List<String> command = new ArrayList<>(List.of(
                    "wrk",
                    "--threads=1",
                    "--connections=" + clients,
                    "--duration=" + Math.max(1, Math.round(seconds)) + "s",
                    "--timeout=10s",
                    "--latency",
                    "--script=" + script,
                    "http://127.0.0.1:" + port,
                    "--"));
            command.addAll(List.of(arguments));
            return new Wrk(new ProcessBuilder(command).redirectErrorStream(true).start(), script);
        } catch (IOException e) {
            throw new IllegalStateException("wrk does not start (Debian: apt-get install wrk)", e);
        }
    }

    @Override
    public Count count() {
        try {
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            process.waitFor();
            String line = said.lines()
                    .filter(one -> one.startsWith("{"))
                    .findFirst()
                    .orElseThrow(() -> new IllegalStateException("wrk said:\n" + said));
            return Count.of(line);
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
        try {
            Files.deleteIfExists(script);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
