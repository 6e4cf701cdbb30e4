package io.smartrouter.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.smartrouter.testing.RouterProcess;
import io.smartrouter.testing.TestCluster;
import io.smartrouter.testing.TestRedis;
import io.smartrouter.webhook.plivo.PlivoSigner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.ResourceLock;

/**
 * The router with exactly the environment and the files of the rendered Deployment: what the chart says is what the
 * router understands. The files stand under a directory of the test's, and so do their paths; of a cluster's kubelet
 * comes the API server's address.
 */
@Execution(ExecutionMode.CONCURRENT)
@ResourceLock("ChartRouterIT") // its tests one after another
class ChartRouterIT {
    private static final String ETC = "/etc/smart-router";
    private static final String API_KEY = "operator-operator-operator-1";
    private static final String BASE = Chart.LEAST + "settings: {settle: {quarantine: 0s}, stop: {linger: 0s}}\n";

    @TempDir
    private Path directory;

    private RedisSetups setups;
    private TestCluster pods;

    @BeforeEach
    void start() {
        setups = new RedisSetups();
        pods = TestCluster.start(2);
    }

    @AfterEach
    void stop() {
        pods.close();
        setups.close();
    }

    @Test
    void oneServerWithTlsAndProviders() throws Exception {
        RedisSetups.Secured redis = setups.tlsAndAcl();
        String values = """
            redis:
              host: 127.0.0.1
              port: %d
              username: %s
              passwordSecret: {name: redis}
              tls: {enabled: true, caSecret: {name: redis-ca}}
            providers:
              plivo: {accounts: [{id: MA1, secretName: plivo, secretKeys: [now, next]}]}
              exotel: {accounts: [{id: e1, secretName: exotel, secretKeys: [token]}], allowedAddresses: [127.0.0.1]}
            monitoring: {certificateSecret: public}
            """.formatted(redis.tlsPort(), RedisSetups.USER);
        Map<String, String> secrets = Map.of(
                "redis/password",
                RedisSetups.PASSWORD,
                "redis-ca/ca.crt",
                Files.readString(redis.ca()),
                "public/tls.crt",
                Files.readString(redis.ca()),
                "plivo/now",
                PlivoSigner.TOKEN,
                "plivo/next",
                "another-token-of-plivo",
                "exotel/token",
                "exotel-secret-exotel-secret");
        try (RouterProcess router = router(values, secrets)) {
            allocates(router);
            assertThat(plivo(router)).contains("wss://voice.example.com/agent/");
            assertThat(router.management("/actuator/prometheus").body())
                    .contains("ssl_chain_expiry_seconds{")
                    .contains("bundle=\"public\"");
        }
    }

    @Test
    void aSentinelWithAPassword() throws Exception {
        RedisSetups.Watched redis = setups.sentinel();
        String values = """
            redis:
              mode: sentinel
              host: ""
              nodes: ["127.0.0.1:%d"]
              master: %s
              sentinelPasswordSecret: {name: sentinel}
            """.formatted(redis.port(), RedisSetups.MASTER);
        try (RouterProcess router =
                router(values, Map.of("sentinel/sentinel-password", RedisSetups.SENTINEL_PASSWORD))) {
            allocates(router);
        }
    }

    @Test
    void aCluster() throws Exception {
        RedisSetups.Clustered redis = setups.cluster();
        String nodes = redis.nodes().replace(",", "\", \"");
        try (RouterProcess router = router("redis: {mode: cluster, host: '', nodes: [\"" + nodes + "\"]}", Map.of())) {
            allocates(router);
        }
    }

    @Test
    void everySettingAndAnOpenApi() throws Exception {
        try (TestRedis redis = TestRedis.start()) {
            String values = """
                redis: {host: 127.0.0.1, port: %d, keyPrefix: other}
                api: {open: true, keys: []}
                settings:
                  busy-message: All lines are busy.
                  redis: {command-timeout: 400ms}
                  call: {max-length: 2h, connect-timeout: 10s, stream-grace: 20s, max-continues: 2}
                  probe: "off"
                  probe-timeout: 100ms
                  probe-path: /health
                  probe-back-off: 3s
                  probe-back-off-max: 30s
                  lock-life: 2s
                  settle: {quarantine: 0s, patience: 900ms}
                  config:
                    poll: 2s
                    tiers: '{"tiers":{"gold":{"type":"exclusive","target":2}},"default_chain":["gold"]}'
                  pods: {restart-after: 2m}
                  kubernetes: {request-timeout: 5s}
                  agent: {status-url: "http://{address}/status"}
                  reconcile: {interval: 20s, silent-after: 20s}
                  metrics: {refresh: 5s}
                  overload: {max-in-flight: 400}
                  stop: {linger: 1s}
                """.formatted(redis.port());
            try (RouterProcess router = router(values, Map.of())) {
                RouterProcess.Answer answer = router.post("/allocate", "{\"call_sid\":\"call-1\"}");
                assertThat(answer.status()).as(answer.body()).isEqualTo(200);
                assertThat(answer.body()).contains("\"source_pool\":\"gold\"");
                assertThat(redis.command("EXISTS other:call:call-1")).startsWith(":1");
            }
        }
    }

    private static void allocates(RouterProcess router) {
        assertThat(router.post("/allocate", "{\"call_sid\":\"call-1\"}").status())
                .isEqualTo(401);
        RouterProcess.Answer answer =
                router.post("/allocate", "{\"call_sid\":\"call-1\"}", Map.of("Authorization", "Bearer " + API_KEY));
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        assertThat(answer.body()).contains("wss://voice.example.com/agent/voice-agent-");
    }

    private static String plivo(RouterProcess router) throws Exception {
        List<String[]> form = PlivoSigner.pairs(
                "CallUUID", "plivo-1", "From", "14155550123", "To", "14155550100", "Direction", "inbound");
        String signature = PlivoSigner.sign(
                PlivoSigner.TOKEN, "n1", "POST", "https://voice.example.com/plivo/allocate", List.of(), form);
        return new RawHttp(router.port())
                .form(
                        "/plivo/allocate",
                        PlivoSigner.encode(form),
                        Map.of("X-Plivo-Signature-V3", signature, "X-Plivo-Signature-V3-Nonce", "n1"))
                .body();
    }

    private RouterProcess router(String values, Map<String, String> secrets) throws IOException {
        Map<String, String> all = new HashMap<>(secrets);
        all.put("stream/k1", "a-secret-of-more-than-32-characters");
        all.put("api/operators", API_KEY + "\n");
        Manifests manifests = new Manifests(Chart.objects(BASE, values));
        PodSpec pod = manifests
                .one(Deployment.class, "smart-router")
                .getSpec()
                .getTemplate()
                .getSpec();
        Container container = pod.getContainers().getFirst();
        mount(manifests, pod, container, all);
        Map<String, String> environment = new HashMap<>();
        for (EnvVar variable : container.getEnv()) {
            environment.put(variable.getName(), here(value(variable, all)));
        }
        environment.put("KUBERNETES_MASTER", pods.url());
        return RouterProcess.startIn(environment).awaitReady();
    }

    private static String value(EnvVar variable, Map<String, String> secrets) {
        if (variable.getValueFrom() == null) {
            return variable.getValue();
        }
        var from = variable.getValueFrom().getSecretKeyRef();
        return Objects.requireNonNull(secrets.get(from.getName() + "/" + from.getKey()), variable.getName());
    }

    private void mount(Manifests manifests, PodSpec pod, Container container, Map<String, String> secrets)
            throws IOException {
        for (VolumeMount mount : container.getVolumeMounts()) {
            Volume volume = pod.getVolumes().stream()
                    .filter(some -> some.getName().equals(mount.getName()))
                    .findFirst()
                    .orElseThrow();
            Path at = Files.createDirectories(Path.of(here(mount.getMountPath())));
            if (volume.getConfigMap() != null) {
                ConfigMap map =
                        manifests.one(ConfigMap.class, volume.getConfigMap().getName());
                for (var file : map.getData().entrySet()) {
                    Files.writeString(at.resolve(file.getKey()), here(file.getValue()));
                }
            }
            if (volume.getProjected() != null) {
                for (var source : volume.getProjected().getSources()) {
                    for (var item : source.getSecret().getItems()) {
                        String name = source.getSecret().getName() + "/" + item.getKey();
                        Files.writeString(at.resolve(item.getPath()), Objects.requireNonNull(secrets.get(name), name));
                    }
                }
            }
        }
    }

    private String here(String text) {
        return text.replace(ETC, directory.resolve("etc").toString());
    }
}
