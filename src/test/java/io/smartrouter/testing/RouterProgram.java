package io.smartrouter.testing;

import java.io.File;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.spi.ToolProvider;

/**
 * The router of this class path as arguments to {@code java}, with an AOT cache of what its start loads and links, as the
 * image has one: a start takes about half the time. A cache fits these classes and this JVM alone, so it lies in
 * {@code target} under a name made from both, and is made by the first test that starts a router of them. Its training
 * run connects to nothing.
 */
final class RouterProgram {
    private static final Path ROOT = Path.of("target", "router-program");
    private static final String MAIN = "io.smartrouter.SmartRouterApplication";

    private RouterProgram() {}

    private static final class Made {
        private static final List<String> ARGUMENTS = make();
    }

    /** What comes after {@code java}, and before the router's own settings. */
    static List<String> arguments() {
        return Made.ARGUMENTS;
    }

    private static List<String> make() {
        try {
            Files.createDirectories(ROOT);
            try (FileChannel file = FileChannel.open(
                            ROOT.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                    var _ = file.lock()) { // another JVM of tests may be at it
                return makeAlone();
            }
        } catch (IOException | NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static List<String> makeAlone() throws IOException, NoSuchAlgorithmException {
        List<String> classPath = classPath();
        Path directory = ROOT.resolve(fingerprint(classPath)).toAbsolutePath();
        List<String> entries = new ArrayList<>();
        for (String entry : classPath) {
            entries.add(Files.isDirectory(Path.of(entry)) ? inAJar(Path.of(entry), directory, entries.size()) : entry);
        }
        List<String> program = List.of("-cp", String.join(File.pathSeparator, entries), MAIN);
        Path cache = directory.resolve("router.aot");
        if (!Files.exists(cache)) {
            Path made = cache.resolveSibling("made.aot");
            Programs.train(made, program);
            Files.move(made, cache, StandardCopyOption.ATOMIC_MOVE);
        }
        List<String> arguments = new ArrayList<>(List.of("-XX:AOTCache=" + cache));
        arguments.addAll(program);
        return arguments;
    }

    /** The classes of production alone: tests' own configurations must not be scanned. */
    private static List<String> classPath() {
        return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator, -1))
                .filter(entry -> !entry.isEmpty() && !entry.endsWith("test-classes"))
                .toList();
    }

    private static String fingerprint(List<String> classPath) throws IOException, NoSuchAlgorithmException {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        digest.update((System.getProperty("java.vm.version") + classPath + Programs.TRAINING)
                .getBytes(StandardCharsets.UTF_8));
        for (String entry : classPath) {
            if (Files.isDirectory(Path.of(entry))) {
                try (var files = Files.walk(Path.of(entry))) {
                    for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
                        digest.update(file.toString().getBytes(StandardCharsets.UTF_8));
                        digest.update(Files.readAllBytes(file));
                    }
                }
            }
        }
        return HexFormat.of().formatHex(digest.digest(), 0, 8);
    }

    /** A cache can be made of jars alone. */
    private static String inAJar(Path classes, Path directory, int number) throws IOException {
        Path jar = directory.resolve("classes-" + number + ".jar");
        if (!Files.exists(jar)) {
            Files.createDirectories(directory);
            Path made = Files.createTempFile(directory, "classes", ".tmp");
            int failed = ToolProvider.findFirst("jar")
                    .orElseThrow()
                    .run(System.out, System.err, "-c", "-f", made.toString(), "-C", classes.toString(), ".");
            if (failed != 0) {
                throw new IllegalStateException("no jar of " + classes);
            }
            Files.move(made, jar, StandardCopyOption.ATOMIC_MOVE);
        }
        return jar.toString();
    }
}
