package io.smartrouter.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.marcnuri.helm.Helm;
import com.marcnuri.helm.LintResult;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.Probe;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscaler;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRoute;
import io.fabric8.kubernetes.api.model.networking.v1.Ingress;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyPort;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.kubernetes.api.model.rbac.PolicyRule;
import io.fabric8.kubernetes.api.model.rbac.Role;
import io.fabric8.kubernetes.api.model.rbac.RoleBinding;
import io.fabric8.openshift.api.model.monitoring.v1.PrometheusRule;
import io.fabric8.openshift.api.model.monitoring.v1.ServiceMonitor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.core.JacksonException;

/** What the chart renders, for many values: objects that Kubernetes would take, and that fit each other. */
class ChartRenderTest {
    private static final String ROUTER = "smart-router";

    static Stream<String> values() {
        return ChartValues.GOOD.keySet().stream();
    }

    private static Manifests render(String set) {
        return new Manifests(Chart.objects(Chart.LEAST, Objects.requireNonNull(ChartValues.GOOD.get(set))));
    }

    @Test
    void thereAreTwentySetsOfValues() {
        assertThat(ChartValues.GOOD).hasSizeGreaterThanOrEqualTo(20);
    }

    @ParameterizedTest
    @MethodSource("values")
    void everyObjectIsWhatItsTypeKnowsAndFitsTheOthers(String set) {
        Manifests all = render(set);
        assertThat(all.all()).isNotEmpty().allSatisfy(object -> {
            assertThat(object.getMetadata().getName()).matches("[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?");
            assertThat(object.getMetadata().getNamespace()).isNotBlank();
        });
        selectorsMatch(all);
        portsExist(all);
        all.templates().forEach((name, template) -> {
            volumesExist(all, template);
            isLockedDown(name, template);
            holdsNoSecret(template);
        });
        rightsAreEnoughAndNoMore(all);
    }

    private static void selectorsMatch(Manifests all) {
        for (Deployment deployment : all.of(Deployment.class)) {
            assertThat(all.selected(deployment.getSpec().getSelector().getMatchLabels()))
                    .containsExactly(deployment.getSpec().getTemplate());
        }
        for (StatefulSet set : all.of(StatefulSet.class)) {
            assertThat(all.selected(set.getSpec().getSelector().getMatchLabels()))
                    .containsExactly(set.getSpec().getTemplate());
            all.one(Service.class, set.getSpec().getServiceName());
        }
        for (Service service : all.of(Service.class)) {
            assertThat(all.selected(service.getSpec().getSelector())).hasSize(1);
        }
        for (PodDisruptionBudget budget : all.of(PodDisruptionBudget.class)) {
            assertThat(all.selected(budget.getSpec().getSelector().getMatchLabels()))
                    .hasSize(1);
        }
        for (HorizontalPodAutoscaler scaler : all.of(HorizontalPodAutoscaler.class)) {
            Deployment scaled = all.one(
                    Deployment.class, scaler.getSpec().getScaleTargetRef().getName());
            assertThat(scaled.getSpec().getReplicas()).isNull();
        }
        for (PodTemplateSpec template : all.templates().values()) {
            assertThat(template.getSpec().getTopologySpreadConstraints())
                    .allSatisfy(spread -> assertThat(
                                    all.selected(spread.getLabelSelector().getMatchLabels()))
                            .containsExactly(template));
        }
    }

    private static void portsExist(Manifests all) {
        for (Service service : all.of(Service.class)) {
            PodTemplateSpec pods = all.selected(service.getSpec().getSelector()).getFirst();
            assertThat(service.getSpec().getPorts())
                    .isNotEmpty()
                    .allSatisfy(port -> assertThat(
                                    Manifests.hasPort(pods, port.getTargetPort().getStrVal()))
                            .isTrue());
        }
        for (PodTemplateSpec template : all.templates().values()) {
            for (Container container : Manifests.containers(template)) {
                for (Probe probe : Stream.of(
                                container.getStartupProbe(),
                                container.getLivenessProbe(),
                                container.getReadinessProbe())
                        .filter(Objects::nonNull)
                        .toList()) {
                    assertThat(Manifests.hasPort(
                                    template, probe.getHttpGet().getPort().getStrVal()))
                            .isTrue();
                }
                assertThat(container.getReadinessProbe())
                        .as(container.getName())
                        .isNotNull();
            }
        }
        for (NetworkPolicy policy : all.of(NetworkPolicy.class)) {
            List<PodTemplateSpec> pods =
                    all.selected(policy.getSpec().getPodSelector().getMatchLabels());
            assertThat(pods).hasSize(1);
            policy.getSpec()
                    .getIngress()
                    .forEach(rule -> named(rule.getPorts())
                            .forEach(port -> assertThat(Manifests.hasPort(pods.getFirst(), port))
                                    .isTrue()));
            policy.getSpec()
                    .getEgress()
                    .forEach(rule -> rule.getTo().stream()
                            .filter(peer -> peer.getPodSelector() != null)
                            .forEach(peer -> named(rule.getPorts())
                                    .forEach(port -> assertThat(all.selected(
                                                    peer.getPodSelector().getMatchLabels()))
                                            .hasSize(1)
                                            .allMatch(target -> Manifests.hasPort(target, port)))));
        }
        for (Ingress ingress : all.of(Ingress.class)) {
            var backend = ingress.getSpec()
                    .getRules()
                    .getFirst()
                    .getHttp()
                    .getPaths()
                    .getFirst()
                    .getBackend()
                    .getService();
            assertThat(ports(all, backend.getName()))
                    .extracting(ServicePort::getName)
                    .contains(backend.getPort().getName());
        }
        for (HTTPRoute route : all.of(HTTPRoute.class)) {
            var backend = route.getSpec().getRules().getFirst().getBackendRefs().getFirst();
            assertThat(ports(all, backend.getName()))
                    .extracting(ServicePort::getPort)
                    .contains(backend.getPort());
        }
        for (ServiceMonitor monitor : all.of(ServiceMonitor.class)) {
            Map<String, String> labels = monitor.getSpec().getSelector().getMatchLabels();
            List<Service> services = all.of(Service.class).stream()
                    .filter(service ->
                            service.getMetadata().getLabels().entrySet().containsAll(labels.entrySet()))
                    .toList();
            assertThat(services)
                    .extracting(service -> service.getMetadata().getName())
                    .containsExactly(ROUTER);
            assertThat(services.getFirst().getSpec().getPorts())
                    .extracting(ServicePort::getName)
                    .contains(monitor.getSpec().getEndpoints().getFirst().getPort());
        }
    }

    private static List<ServicePort> ports(Manifests all, String service) {
        return all.one(Service.class, service).getSpec().getPorts();
    }

    private static List<String> named(List<NetworkPolicyPort> ports) {
        return ports.stream()
                .map(NetworkPolicyPort::getPort)
                .map(IntOrString::getStrVal)
                .filter(Objects::nonNull)
                .toList();
    }

    private static void volumesExist(Manifests all, PodTemplateSpec template) {
        Map<String, Volume> volumes =
                template.getSpec().getVolumes().stream().collect(Collectors.toMap(Volume::getName, volume -> volume));
        List<String> mounted = Manifests.containers(template).stream()
                .flatMap(container -> container.getVolumeMounts().stream())
                .map(VolumeMount::getName)
                .toList();
        assertThat(volumes.keySet()).containsExactlyInAnyOrderElementsOf(mounted);
        for (Volume volume : volumes.values()) {
            if (volume.getConfigMap() != null) {
                all.one(ConfigMap.class, volume.getConfigMap().getName());
            }
            if (volume.getProjected() != null) {
                volume.getProjected().getSources().stream()
                        .filter(source -> source.getConfigMap() != null)
                        .forEach(source -> assertThat(all.one(
                                                ConfigMap.class,
                                                source.getConfigMap().getName())
                                        .getData())
                                .containsKeys(source.getConfigMap().getItems().stream()
                                        .map(item -> item.getKey())
                                        .toArray(String[]::new)));
            }
        }
    }

    private static void isLockedDown(String name, PodTemplateSpec template) {
        var spec = template.getSpec();
        assertThat(spec.getSecurityContext().getRunAsNonRoot()).isTrue();
        assertThat(spec.getSecurityContext().getRunAsUser()).isPositive();
        assertThat(spec.getSecurityContext().getSeccompProfile().getType()).isEqualTo("RuntimeDefault");
        assertThat(spec.getAutomountServiceAccountToken()).isEqualTo(name.equals(ROUTER));
        assertThat(spec.getEnableServiceLinks()).isFalse();
        assertThat(Manifests.containers(template)).allSatisfy(container -> {
            var context = container.getSecurityContext();
            assertThat(context.getReadOnlyRootFilesystem()).isTrue();
            assertThat(context.getAllowPrivilegeEscalation()).isFalse();
            assertThat(context.getCapabilities().getDrop()).containsExactly("ALL");
        });
    }

    private static void holdsNoSecret(PodTemplateSpec template) {
        assertThat(Manifests.containers(template))
                .flatExtracting(Container::getEnv)
                .allSatisfy(variable -> {
                    boolean secret = variable.getName().matches(".*(SECRET|PASSWORD|TOKEN).*");
                    assertThat(variable.getValue() == null)
                            .as(variable.getName())
                            .isEqualTo(secret);
                });
    }

    private static void rightsAreEnoughAndNoMore(Manifests all) {
        Deployment router = all.of(Deployment.class).stream()
                .filter(it -> !it.getMetadata().getName().endsWith("-nginx"))
                .findFirst()
                .orElseThrow();
        String account = router.getSpec().getTemplate().getSpec().getServiceAccountName();
        String watched =
                ChartValues.application(all).at("/router/pods/namespace").asString();
        for (Role role : all.of(Role.class)) {
            assertThat(role.getMetadata().getNamespace()).isEqualTo(watched);
            assertThat(role.getRules()).hasSize(1);
            PolicyRule rule = role.getRules().getFirst();
            assertThat(rule.getApiGroups()).containsExactly("");
            assertThat(rule.getResources()).containsExactly("pods");
            assertThat(rule.getVerbs()).containsExactlyInAnyOrder("get", "list", "watch");
        }
        for (RoleBinding binding : all.of(RoleBinding.class)) {
            assertThat(binding.getMetadata().getNamespace()).isEqualTo(watched);
            assertThat(binding.getRoleRef().getName())
                    .isEqualTo(all.of(Role.class).getFirst().getMetadata().getName());
            assertThat(binding.getSubjects()).hasSize(1);
            assertThat(binding.getSubjects().getFirst().getName()).isEqualTo(account);
            assertThat(binding.getSubjects().getFirst().getNamespace())
                    .isEqualTo(router.getMetadata().getNamespace());
        }
        for (ServiceAccount made : all.of(ServiceAccount.class)) {
            assertThat(made.getMetadata().getName()).isEqualTo(account);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {replica: 2}}",
                "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {replicas: two}}",
                "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: a}, spec: {egres: []}}",
                "{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: a}, spec: {hosts: []}}",
                "{apiVersion: monitoring.coreos.com/v1, kind: ServiceMonitor, metadata: {name: a}, spec: {endpoints:"
                        + " [{prt: a}]}}",
                "{apiVersion: monitoring.coreos.com/v1, kind: PrometheusRule, metadata: {name: a}, spec: {groups:"
                        + " [{rule: []}]}}",
                "{apiVersion: external-secrets.io/v1, kind: ExternalSecret, metadata: {name: a}, spec: {store: a}}",
                "{apiVersion: example.com/v1, kind: Other, metadata: {name: a}}"
            })
    void whatNoTypeKnowsFails(String object) {
        assertThatThrownBy(() -> new Manifests(Chart.documents(object)))
                .isInstanceOfAny(JacksonException.class, AssertionError.class);
    }

    @Test
    void helmsOwnCheckFindsNothing() {
        LintResult lint = new Helm(Chart.DIRECTORY).lint().call();
        assertThat(lint.isFailed()).as(lint.getMessages().toString()).isFalse();
    }

    @Test
    void thePackageHasNginxConfigurationAsAFile(@TempDir Path directory) throws IOException, InterruptedException {
        new Helm(Chart.DIRECTORY).packageIt().withDestination(directory).call();
        Path made;
        try (Stream<Path> files = Files.list(directory)) {
            made = files.findFirst().orElseThrow();
        }
        Process tar = new ProcessBuilder("tar", "-xzOf", made.toString(), "smart-router/files/nginx.conf").start();
        String packed = new String(tar.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(tar.waitFor()).isZero();
        assertThat(packed).isEqualTo(Files.readString(Nginx.SHIPPED.resolve("nginx.conf")));
    }

    @Test
    void nginxHasTheRepositorysConfigurationAsItIs() throws IOException {
        ConfigMap files = render("least").one(ConfigMap.class, "smart-router-nginx");
        assertThat(files.getData().get("nginx.conf").strip())
                .isEqualTo(Files.readString(Nginx.SHIPPED.resolve("nginx.conf")).strip());
    }

    @ParameterizedTest
    @MethodSource("values")
    void nginxTakesWhatItIsGiven(String set) {
        for (ConfigMap files : render(set).of(ConfigMap.class)) {
            if (files.getData().containsKey("nginx.conf")) {
                Map<String, String> local = new TreeMap<>(files.getData());
                local.remove("nginx.conf");
                // No name of a cluster is known here, and no certificate is there.
                local.replaceAll((name, text) -> text.replace("smart-router.default.svc", "127.0.0.1")
                        .replaceAll("(?m)^ssl_.*$", "")
                        .replace(" ssl ", " "));
                assertThat(Nginx.check(local)).contains("test is successful");
            }
        }
    }

    @Test
    void rulesAndDashboardAreTheFilesThatAreTested() throws IOException {
        Manifests all = render("monitoring");
        PrometheusRule rules = all.of(PrometheusRule.class).getFirst();
        assertThat(rules.getSpec().getGroups())
                .flatExtracting(group -> group.getRules())
                .allSatisfy(rule -> assertThat(rule.getAnnotations().get("runbook_url"))
                        .startsWith("https://runbooks.example.com/operations.md#"));
        String file = Files.readString(Chart.DIRECTORY.resolve("files/rules.yaml"));
        assertThat(rules.getSpec().getGroups().stream()
                        .mapToInt(group -> group.getRules().size())
                        .sum())
                .isEqualTo((int) file.lines()
                        .filter(line -> line.strip().startsWith("- alert:"))
                        .count());
        assertThat(all.one(ConfigMap.class, "smart-router-dashboard").getData().get("smart-router.json"))
                .isEqualToIgnoringWhitespace(Files.readString(Chart.DIRECTORY.resolve("files/dashboard.json")));
    }

    @Test
    void everyAlertHasItsSectionInTheDocs() throws IOException {
        String docs = Files.readString(Path.of("docs/operations.md"));
        List<String> sections = docs.lines()
                .filter(line -> line.startsWith("### "))
                .map(line -> line.substring(4).strip())
                .toList();
        var rules = Chart.yaml(Files.readString(Chart.DIRECTORY.resolve("files/rules.yaml")));
        List<String> alerts = rules.get("groups")
                .valueStream()
                .flatMap(group -> group.get("rules").valueStream())
                .map(rule -> {
                    String alert = rule.get("alert").asString();
                    assertThat(rule.at("/annotations/runbook_url").asString())
                            .isEqualTo("docs/operations.md#" + alert.toLowerCase(java.util.Locale.ROOT));
                    return alert;
                })
                .toList();
        assertThat(alerts).doesNotHaveDuplicates().containsExactlyInAnyOrderElementsOf(sections);
        String tests = Files.readString(Path.of("src/test/prometheus/rules_test.yaml"));
        assertThat(alerts)
                .allSatisfy(alert -> assertThat(tests.split("alertname: " + alert + "\n", -1))
                        .as("tests of " + alert + ": fires and does not")
                        .hasSizeGreaterThanOrEqualTo(3));
    }
}
