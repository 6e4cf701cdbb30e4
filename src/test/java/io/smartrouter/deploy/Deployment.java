package io.smartrouter.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.smartrouter.pool.redis.DataSet;
import io.smartrouter.testing.RouterProcess;
import io.smartrouter.testing.TestCluster;
import io.smartrouter.testing.TestRedis;
import io.smartrouter.webhook.plivo.PlivoSigner;
import io.vertx.core.Vertx;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArraySet;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Two routers with a production start's settings, on one Redis and one API server, four agents that echo, and whatever
 * nginx a test starts before them. It knows every secret that was used, and looks for them in the logs.
 */
final class Deployment implements AutoCloseable {
    static final String PUBLIC = "https://voice.example.com";
    static final String EXOTEL_SECRET = "exotel-secret-exotel-secret-3f9a";
    static final String ALLOWED_CLIENT = "198.51.100.7";
    static final String CALLER = "14155550123";
    static final int AGENTS = 4;
    private static final String STREAMS = "wss://voice.example.com";
    private static final String LOOPBACK = "127.0.0.1";
    private static final JsonMapper JSON = new JsonMapper();

    private final Vertx vertx = Vertx.vertx();
    private final TestRedis redis = TestRedis.start();
    private final TestCluster cluster = TestCluster.start(0);
    private final List<EchoAgent> agents = new ArrayList<>();
    private final List<RouterProcess> routers = new ArrayList<>();
    private final Set<String> secrets = new CopyOnWriteArraySet<>(Set.of(EXOTEL_SECRET, CALLER));
    private final List<Nginx> proxies = new ArrayList<>();
    private final DataSet data = new DataSet(redis.port());
    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private Deployment() {}

    static Deployment start() {
        Nginx.program(); // a test that is to be skipped starts nothing
        Deployment all = new Deployment();
        try {
            for (int i = 0; i < AGENTS; i++) {
                all.addAgent("voice-agent-" + i, LOOPBACK, Map.of());
            }
            all.routers.add(all.router());
            all.routers.add(all.router());
            all.routers.forEach(RouterProcess::awaitReady);
            Awaitility.await().until(() -> all.data.available().size() == AGENTS);
            return all;
        } catch (RuntimeException | Error e) {
            all.close();
            throw e;
        }
    }

    /** One more router; the caller waits for it and closes it. */
    RouterProcess router() {
        return RouterProcess.start(
                redis,
                cluster,
                Map.of(
                        "router.settle.quarantine",
                        "0s",
                        "router.call.connect-timeout",
                        "10m",
                        "router.public-url",
                        PUBLIC,
                        "router.trusted-proxies",
                        LOOPBACK,
                        "router.providers.plivo.accounts[0].id",
                        "MA1",
                        "router.providers.plivo.accounts[0].tokens",
                        PlivoSigner.TOKEN,
                        "router.providers.exotel.accounts[0].id",
                        "exotel-account",
                        "router.providers.exotel.accounts[0].tokens",
                        EXOTEL_SECRET,
                        "router.providers.exotel.allowed-addresses",
                        ALLOWED_CLIENT));
    }

    /** Something that listens and is no pod. */
    EchoAgent listener(String address) {
        EchoAgent listener = new EchoAgent(vertx, "nobody", address);
        agents.add(listener);
        return listener;
    }

    /** An agent that listens, and its pod in the cluster. */
    EchoAgent addAgent(String pod, String address, Map<String, String> labels) {
        EchoAgent agent = new EchoAgent(vertx, pod, address);
        agents.add(agent);
        Map<String, String> all = new HashMap<>(labels);
        all.put("app", "voice-agent");
        try (KubernetesClient client = new KubernetesClientBuilder()
                .withConfig(new ConfigBuilder()
                        .withMasterUrl(cluster.url())
                        .withNamespace("default")
                        .build())
                .build()) {
            client.pods()
                    .resource(new PodBuilder()
                            .withNewMetadata()
                            .withName(pod)
                            .withLabels(all)
                            .endMetadata()
                            .withNewSpec()
                            .addNewContainer()
                            .withName("agent")
                            .withImage("agent")
                            .addNewPort()
                            .withName("ws")
                            .withContainerPort(agent.port())
                            .endPort()
                            .endContainer()
                            .endSpec()
                            .withNewStatus()
                            .withPhase("Running")
                            .withPodIP(address)
                            .addNewCondition()
                            .withType("Ready")
                            .withStatus("True")
                            .endCondition()
                            .addNewContainerStatus()
                            .withName("agent")
                            .withContainerID("containerd://" + UUID.randomUUID())
                            .withReady(true)
                            .withNewState()
                            .withNewRunning()
                            .endRunning()
                            .endState()
                            .endContainerStatus()
                            .endStatus()
                            .build())
                    .create();
        }
        return agent;
    }

    /** Starts nginx before the two routers; files of {@code local/} may be named. */
    Nginx nginx(Map<String, String> local) {
        Map<String, String> files =
                new HashMap<>(Map.of("routers.conf", upstream(routers), "agents.conf", LOOPBACK + " 1;"));
        files.putAll(local);
        return keep(Nginx.start(files));
    }

    /** Has its logs looked at, too. */
    Nginx keep(Nginx nginx) {
        proxies.add(nginx);
        return nginx;
    }

    /** Routers as they stand in {@code local/routers.conf}, with what the shipped file says of each. */
    static String upstream(List<RouterProcess> routers) {
        return routers.stream()
                .map(router -> "server 127.0.0.1:" + router.port() + " max_fails=1 fail_timeout=2s;")
                .collect(Collectors.joining("\n"));
    }

    List<RouterProcess> routers() {
        return routers;
    }

    TestRedis redis() {
        return redis;
    }

    HttpClient http() {
        return http;
    }

    DataSet data() {
        return data;
    }

    EchoAgent agent(String pod) {
        return agents.stream()
                .filter(agent -> agent.pod().equals(pod))
                .findFirst()
                .orElseThrow();
    }

    /** How many connections reached each agent. */
    List<Integer> connections() {
        return agents.stream().map(EchoAgent::connections).toList();
    }

    /**
     * A call with its pod.
     *
     * @param path of its stream's URL
     */
    record Allocated(String sid, String pod, String path) {
        String token() {
            return path.substring(path.lastIndexOf('/') + 1);
        }

        String through(Nginx nginx) {
            return "ws://127.0.0.1:" + nginx.port() + path;
        }
    }

    /** Allocates at a router itself, as a client inside the cluster. */
    Allocated allocate(String sid, String merchant) {
        RouterProcess.Answer answer = routers.getFirst()
                .post("/allocate", "{\"call_sid\":\"" + sid + "\",\"merchant_id\":\"" + merchant + "\"}");
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        JsonNode json = JSON.readTree(answer.body());
        String url = json.get("ws_url").asString();
        assertThat(url).startsWith(STREAMS);
        Allocated call = new Allocated(sid, json.get("pod_name").asString(), url.substring(STREAMS.length()));
        secret(call.token());
        return call;
    }

    Allocated allocate(String sid) {
        return allocate(sid, "acme");
    }

    void release(String sid) {
        assertThat(routers.getFirst()
                        .post("/release", "{\"call_sid\":\"" + sid + "\"}")
                        .status())
                .isEqualTo(200);
    }

    /** Plivo's request for an answer or of a hangup, signed, from the world. */
    RawHttp.Answer plivo(Nginx nginx, String path, String sid, String... more) {
        List<String[]> form = new ArrayList<>(
                PlivoSigner.pairs("CallUUID", sid, "From", CALLER, "To", "14155550100", "Direction", "inbound"));
        form.addAll(PlivoSigner.pairs(more));
        String nonce = sid + path;
        RawHttp.Answer answer = new RawHttp(nginx.port())
                .form(
                        path,
                        PlivoSigner.encode(form),
                        Map.of(
                                "X-Plivo-Signature-V3",
                                PlivoSigner.sign(PlivoSigner.TOKEN, nonce, "POST", PUBLIC + path, List.of(), form),
                                "X-Plivo-Signature-V3-Nonce",
                                nonce));
        int stream = answer.body().indexOf(STREAMS);
        if (stream >= 0) {
            String url = answer.body().substring(stream, answer.body().indexOf('<', stream));
            secret(url.substring(url.lastIndexOf('/') + 1));
        }
        return answer;
    }

    /** Something that may stand in no log: nor may a part of it. */
    void secret(String value) {
        secrets.add(value);
        if (value.length() > 100) {
            String payload = value.split("\\.", -1)[1];
            secrets.add(payload.substring(20, 60));
            secrets.add(value.substring(value.length() - 30));
            secrets.add(Base64.getUrlEncoder().encodeToString(value.getBytes(StandardCharsets.UTF_8)));
        }
    }

    /** Looks for everything that is secret in each log of each proxy and router. */
    void assertNoSecretInAnyLog() {
        List<String> lines = new ArrayList<>();
        proxies.forEach(
                nginx -> lines.addAll((nginx.access() + nginx.errors()).lines().toList()));
        routers.forEach(router -> lines.addAll(router.log().lines().toList()));
        List<String> leaks = lines.stream()
                .filter(line -> secrets.stream().anyMatch(line::contains))
                .toList();
        assertThat(leaks).isEmpty();
    }

    int secretCount() {
        return secrets.size();
    }

    @Override
    public void close() {
        routers.forEach(RouterProcess::close);
        proxies.forEach(Nginx::close);
        agents.forEach(EchoAgent::close);
        vertx.close().toCompletionStage().toCompletableFuture().join();
        data.close();
        cluster.close();
        redis.close();
    }
}
