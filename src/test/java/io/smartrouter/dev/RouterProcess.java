package io.smartrouter.dev;

import static org.awaitility.Awaitility.await;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A router in a JVM of its own, from the classes under test, with a directory of its own for temporary files. */
final class RouterProcess implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    private final Process process;
    private final Path temp;
    private final Path log;

    private RouterProcess(Process process, Path temp, Path log) {
        this.process = process;
        this.temp = temp;
        this.log = log;
    }

    /**
     * Starts one.
     *
     * @param directory an empty directory
     * @param classPath its class path
     * @param arguments its command line
     */
    static RouterProcess start(Path directory, String classPath, String... arguments) throws IOException {
        Path temp = Files.createDirectory(directory.resolve("tmp"));
        Path log = directory.resolve("router.log");
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1", // these starts are short
                "-Djava.io.tmpdir=" + temp,
                "-cp",
                classPath,
                "io.smartrouter.SmartRouterApplication"));
        command.addAll(List.of(arguments));
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
        builder.environment().keySet().removeIf(name -> name.startsWith("SPRING_") || name.startsWith("ROUTER_"));
        return new RouterProcess(builder.start(), temp, log);
    }

    /** The class path of this test without its own classes, whose beans are none of the router's. */
    static String classPath() {
        return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> !entry.endsWith("test-classes") && !entry.endsWith("test-classes" + File.separator))
                .collect(Collectors.joining(File.pathSeparator));
    }

    Process process() {
        return process;
    }

    String log() {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            return e.toString();
        }
    }

    List<String> lines() {
        return log().lines().toList();
    }

    void awaitLog(String text) {
        await().alias(text).atMost(PATIENCE).until(() -> {
            if (!process.isAlive()) {
                throw new IllegalStateException("the router ended: " + log());
            }
            return log().contains(text);
        });
    }

    int awaitExit() throws InterruptedException {
        if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
            throw new IllegalStateException("the router does not end: " + log());
        }
        return process.exitValue();
    }

    /** All processes of this machine whose command line names this router's directory. */
    List<String> processes() {
        return ProcessHandle.allProcesses()
                .map(handle -> commandLine(handle.pid()))
                .filter(line -> line.contains(temp.toString()))
                .toList();
    }

    private static String commandLine(long pid) {
        try {
            return Files.readString(Path.of("/proc/" + pid + "/cmdline")).replace('\0', ' ');
        } catch (IOException e) {
            return ""; // it ended meanwhile
        }
    }

    /** What it left in its directory for temporary files. */
    List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(temp)) {
            return files.toList();
        }
    }

    @Override
    public void close() {
        process.destroyForcibly().onExit().join();
        await().atMost(PATIENCE).until(() -> processes().isEmpty());
    }
}
