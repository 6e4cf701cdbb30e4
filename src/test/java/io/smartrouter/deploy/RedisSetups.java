package io.smartrouter.deploy;

import io.smartrouter.testing.TestRedis;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Assumptions;

/**
 * The ways in which a Redis may be set up, with the distribution's redis-server, which knows TLS as the embedded one
 * does not. Which server: system property {@code test.redis-tls}, or else the one that is installed, or else what
 * {@code test.redis-server} says.
 */
public final class RedisSetups implements AutoCloseable {
    static final String USER = "router";
    static final String PASSWORD = "a-password-of-redis";
    static final String SENTINEL_PASSWORD = "a-password-of-sentinel";
    static final String MASTER = "voice-primary";

    /** The least that the router needs; docs/redis.md has the same line. */
    static final String ACL = "~voice:* ~{voice}:* &voice:* &{voice}:* -@all +@read +@write +@connection +@scripting"
            + " +@pubsub -@dangerous +info +time";

    private static final Duration PATIENCE = Duration.ofSeconds(40);
    private static final int SLOTS = 16_384;

    private final Deque<Runnable> started = new ArrayDeque<>();
    private final String program = program();

    private static String program() {
        String configured = System.getProperty("test.redis-tls", "");
        if (!configured.isEmpty()) {
            return configured; // and if it is none, the test fails
        }
        List<String> found = Stream.concat(
                        Stream.of("/usr/bin", "/usr/local/bin"),
                        Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator)))
                .map(place -> place + "/redis-server")
                .filter(file -> Files.isExecutable(Path.of(file)))
                .toList();
        String other = System.getProperty("test.redis-server", "");
        if (found.isEmpty() && !other.isEmpty()) {
            return other; // as above
        }
        Assumptions.assumeFalse(found.isEmpty(), "no redis-server is installed");
        return found.getFirst();
    }

    private TestRedis start(String... arguments) {
        TestRedis redis = TestRedis.startProgram(program, TestRedis.freePort(), arguments);
        started.push(redis::close);
        return redis;
    }

    /**
     * One server that speaks TLS to a user of its own; its plain port knows nobody without a password.
     *
     * @param tlsPort where it speaks TLS
     * @param ca what its certificate is checked with
     */
    record Secured(int tlsPort, Path ca) {}

    Secured tlsAndAcl() throws IOException, InterruptedException {
        Path directory = Files.createTempDirectory("redis-tls");
        started.push(() -> delete(directory));
        openssl(directory, "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -days 2 -subj /CN=test-ca");
        openssl(directory, "req -newkey rsa:2048 -nodes -keyout redis.key -out redis.csr -subj /CN=redis");
        Files.writeString(directory.resolve("san"), "subjectAltName=IP:127.0.0.1,DNS:localhost\n");
        openssl(
                directory,
                "x509 -req -in redis.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile san -out redis.crt");
        int tlsPort = TestRedis.freePort();
        List<String> arguments = new ArrayList<>(List.of("--tls-port", Integer.toString(tlsPort)));
        arguments.addAll(
                List.of("--tls-cert-file", directory.resolve("redis.crt").toString()));
        arguments.addAll(
                List.of("--tls-key-file", directory.resolve("redis.key").toString()));
        arguments.addAll(
                List.of("--tls-ca-cert-file", directory.resolve("ca.crt").toString()));
        arguments.addAll(List.of("--tls-auth-clients", "no", "--requirepass", "nobody-knows-this-one"));
        arguments.addAll(user());
        start(arguments.toArray(String[]::new));
        return new Secured(tlsPort, directory.resolve("ca.crt"));
    }

    private static List<String> user() {
        List<String> user = new ArrayList<>(List.of("--user", USER, "on", ">" + PASSWORD));
        user.addAll(List.of(ACL.split(" ", -1)));
        return user;
    }

    private static void openssl(Path directory, String arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("openssl"));
        command.addAll(List.of(arguments.split(" ", -1)));
        Process process = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(said);
        }
    }

    /**
     * A primary with a replica, and who promotes it.
     *
     * @param primary the primary at the start
     * @param replica the one that is promoted
     * @param port the Sentinel's
     */
    public record Watched(TestRedis primary, TestRedis replica, int port) {
        /** A router's settings, of which Spring's alone say where Redis is. */
        public Map<String, String> settings() {
            return Map.of(
                    "spring.data.redis.sentinel.master", MASTER,
                    "spring.data.redis.sentinel.nodes", "127.0.0.1:" + port,
                    "spring.data.redis.sentinel.password", SENTINEL_PASSWORD);
        }
    }

    /** Starts them, and waits until the Sentinel knows both. */
    public Watched sentinel() throws IOException {
        TestRedis primary = start();
        TestRedis replica = start("--replicaof", "127.0.0.1", Integer.toString(primary.port()));
        Awaitility.await()
                .atMost(PATIENCE)
                .until(() -> replica.info("master_link_status").equals("up"));
        Path directory = Files.createTempDirectory("redis-sentinel");
        started.push(() -> delete(directory));
        Path conf = directory.resolve("sentinel.conf");
        Files.writeString(conf, """
            dir %s
            requirepass %s
            sentinel monitor %s 127.0.0.1 %d 1
            sentinel down-after-milliseconds %s 1000
            sentinel failover-timeout %s 5000
            """.formatted(directory, SENTINEL_PASSWORD, MASTER, primary.port(), MASTER, MASTER));
        int port = TestRedis.freePort();
        Process process = new ProcessBuilder(
                        program, conf.toString(), "--sentinel", "--port", "" + port, "--bind", "127.0.0.1")
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("sentinel.log").toFile())
                .start();
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
        started.push(() -> process.destroyForcibly().onExit().join());
        String log = directory.resolve("sentinel.log").toString();
        Awaitility.await()
                .atMost(PATIENCE)
                .failFast("the Sentinel ended", () -> !process.isAlive())
                .until(() -> Files.readString(Path.of(log)).contains("+slave"));
        return new Watched(primary, replica, port);
    }

    /**
     * Three primaries, and a replica of the one that has the router's slot.
     *
     * @param owner the primary that has it at the start
     * @param ports of all four
     */
    record Clustered(TestRedis owner, List<Integer> ports) {
        String nodes() {
            return String.join(
                    ",", ports.stream().map(port -> "127.0.0.1:" + port).toList());
        }
    }

    Clustered cluster() {
        List<TestRedis> nodes = new ArrayList<>();
        List<Integer> buses = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            int bus = TestRedis.freePort();
            buses.add(bus);
            List<String> arguments = new ArrayList<>(
                    List.of("--cluster-enabled", "yes", "--cluster-port", "" + bus, "--cluster-node-timeout", "1500"));
            arguments.addAll(user());
            arguments.add("+cluster");
            nodes.add(start(arguments.toArray(String[]::new)));
        }
        TestRedis first = nodes.getFirst();
        int slot = Integer.parseInt(
                first.command("CLUSTER KEYSLOT {voice}").substring(1).trim());
        for (int i = 0; i < 3; i++) {
            ok(nodes.get(i), "CLUSTER ADDSLOTSRANGE " + (SLOTS * i / 3) + " " + (SLOTS * (i + 1) / 3 - 1));
        }
        for (int i = 1; i < 4; i++) {
            ok(first, "CLUSTER MEET 127.0.0.1 " + nodes.get(i).port() + " " + buses.get(i));
        }
        Awaitility.await()
                .atMost(PATIENCE)
                .until(() -> nodes.stream()
                        .allMatch(node -> node.command("CLUSTER INFO").contains("cluster_known_nodes:4")));
        TestRedis owner = nodes.get(slot * 3 / SLOTS);
        TestRedis replica = nodes.get(3);
        String id = owner.command("CLUSTER MYID").lines().skip(1).findFirst().orElseThrow();
        Awaitility.await()
                .atMost(PATIENCE)
                .until(() -> replica.command("CLUSTER REPLICATE " + id).startsWith("+OK"));
        Awaitility.await()
                .atMost(PATIENCE)
                .until(() -> nodes.stream()
                                .allMatch(node -> node.command("CLUSTER INFO").contains("cluster_state:ok"))
                        && replica.info("master_link_status").equals("up"));
        return new Clustered(owner, nodes.stream().map(TestRedis::port).toList());
    }

    private static void ok(TestRedis node, String command) {
        String answer = node.command(command);
        if (!answer.startsWith("+OK")) {
            throw new IllegalStateException(command + ": " + answer);
        }
    }

    private static void delete(Path directory) {
        try (Stream<Path> files = Files.walk(directory)) {
            files.sorted((a, b) -> b.compareTo(a)).forEach(file -> file.toFile().delete());
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        while (!started.isEmpty()) {
            started.pop().run();
        }
    }
}
