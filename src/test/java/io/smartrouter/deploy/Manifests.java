package io.smartrouter.deploy;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscaler;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRoute;
import io.fabric8.kubernetes.api.model.networking.v1.Ingress;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.kubernetes.api.model.rbac.Role;
import io.fabric8.kubernetes.api.model.rbac.RoleBinding;
import io.fabric8.openshift.api.model.monitoring.v1.PrometheusRule;
import io.fabric8.openshift.api.model.monitoring.v1.ServiceMonitor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.cfg.MapperConfig;
import tools.jackson.databind.introspect.Annotated;
import tools.jackson.databind.introspect.JacksonAnnotationIntrospector;
import tools.jackson.databind.json.JsonMapper;

/** Rendered objects as fabric8's types; a field that a type does not know fails, which fabric8 itself would keep. */
final class Manifests {
    private static final Map<String, Class<?>> TYPES = types();
    private static final JsonMapper STRICT = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .annotationIntrospector(new JacksonAnnotationIntrospector() {
                private static final long serialVersionUID = 1;

                @Override
                public Boolean hasAnySetter(MapperConfig<?> config, Annotated any) {
                    return false;
                }

                // Those types are of an older fabric8: what they say against a guess by kind is not heard here.
                @Override
                public Object findDeserializer(MapperConfig<?> config, Annotated any) {
                    return any.getRawType().getName().startsWith("io.fabric8.openshift.")
                            ? null
                            : super.findDeserializer(config, any);
                }
            })
            .build();

    private final Map<String, Object> objects = new LinkedHashMap<>();

    Manifests(List<JsonNode> nodes) {
        for (JsonNode node : nodes) {
            String kind =
                    node.path("apiVersion").asString() + "/" + node.path("kind").asString();
            Class<?> type = Optional.<Class<?>>ofNullable(TYPES.get(kind))
                    .orElseThrow(() -> new AssertionError("no type is known for " + kind));
            String key = node.path("kind").asString() + " "
                    + node.path("metadata").path("name").asString();
            if (objects.put(key, STRICT.treeToValue(node, type)) != null) {
                throw new AssertionError(key + " is there twice");
            }
        }
    }

    private static Map<String, Class<?>> types() {
        Map<String, Class<?>> types = new LinkedHashMap<>();
        types.put("v1/ConfigMap", ConfigMap.class);
        types.put("v1/Service", Service.class);
        types.put("v1/ServiceAccount", ServiceAccount.class);
        types.put("apps/v1/Deployment", Deployment.class);
        types.put("apps/v1/StatefulSet", StatefulSet.class);
        types.put("policy/v1/PodDisruptionBudget", PodDisruptionBudget.class);
        types.put("autoscaling/v2/HorizontalPodAutoscaler", HorizontalPodAutoscaler.class);
        types.put("rbac.authorization.k8s.io/v1/Role", Role.class);
        types.put("rbac.authorization.k8s.io/v1/RoleBinding", RoleBinding.class);
        types.put("networking.k8s.io/v1/NetworkPolicy", NetworkPolicy.class);
        types.put("networking.k8s.io/v1/Ingress", Ingress.class);
        types.put("gateway.networking.k8s.io/v1/HTTPRoute", HTTPRoute.class);
        types.put("monitoring.coreos.com/v1/ServiceMonitor", ServiceMonitor.class);
        types.put("monitoring.coreos.com/v1/PrometheusRule", PrometheusRule.class);
        types.put("external-secrets.io/v1/ExternalSecret", ExternalSecret.class);
        return types;
    }

    /** Of the External Secrets Operator, what the chart writes; fabric8 has no types of it. */
    record ExternalSecret(String apiVersion, String kind, ObjectMeta metadata, Spec spec) {
        record Spec(String refreshInterval, Store secretStoreRef, Target target, List<Data> data) {}

        record Store(String name, String kind) {}

        record Target(String name, String creationPolicy) {}

        record Data(String secretKey, Remote remoteRef) {}

        record Remote(String key, String property) {}
    }

    List<HasMetadata> all() {
        return of(HasMetadata.class);
    }

    <T> List<T> of(Class<T> type) {
        return objects.values().stream()
                .filter(type::isInstance)
                .map(type::cast)
                .toList();
    }

    <T> T one(Class<T> type, String name) {
        return of(type).stream()
                .filter(object -> ((HasMetadata) object).getMetadata().getName().equals(name))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no " + type.getSimpleName() + " " + name));
    }

    /** The pods' templates, by name of what makes them. */
    Map<String, PodTemplateSpec> templates() {
        Map<String, PodTemplateSpec> templates = new LinkedHashMap<>();
        of(Deployment.class)
                .forEach(it ->
                        templates.put(it.getMetadata().getName(), it.getSpec().getTemplate()));
        of(StatefulSet.class)
                .forEach(it ->
                        templates.put(it.getMetadata().getName(), it.getSpec().getTemplate()));
        return templates;
    }

    /** The templates that labels select. */
    List<PodTemplateSpec> selected(Map<String, String> labels) {
        return templates().values().stream()
                .filter(template ->
                        template.getMetadata().getLabels().entrySet().containsAll(labels.entrySet()))
                .toList();
    }

    static List<Container> containers(PodTemplateSpec template) {
        List<Container> all = new ArrayList<>(template.getSpec().getContainers());
        all.addAll(template.getSpec().getInitContainers());
        return all;
    }

    static boolean hasPort(PodTemplateSpec template, String name) {
        return containers(template).stream()
                .flatMap(container -> container.getPorts().stream())
                .anyMatch(port -> name.equals(port.getName()));
    }
}
