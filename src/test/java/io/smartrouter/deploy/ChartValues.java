package io.smartrouter.deploy;

import io.fabric8.kubernetes.api.model.ConfigMap;
import java.util.LinkedHashMap;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/** Values that must render, each on top of {@link Chart#LEAST}. */
final class ChartValues {
    static final Map<String, String> GOOD = good();

    private ChartValues() {}

    private static Map<String, String> good() {
        Map<String, String> sets = new LinkedHashMap<>();
        sets.put("least", "{}");
        sets.put("one replica", "replicas: 1");
        sets.put("autoscaling", "autoscaling: {enabled: true, minReplicas: 3, maxReplicas: 9}");
        sets.put("no budget", "podDisruptionBudget: {enabled: false}");
        sets.put("budget by per cent", "podDisruptionBudget: {maxUnavailable: 25%}");
        sets.put("where it runs", """
            nodeSelector: {disk: ssd}
            tolerations: [{key: voice, operator: Exists, effect: NoSchedule}]
            affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: a, operator: Exists}]}]}}}
            priorityClassName: voice
            topologySpread: {zones: DoNotSchedule, nodes: ScheduleAnyway}
            """);
        sets.put("labels and annotations", """
            annotations: {reloader.stakater.com/auto: "true"}
            podAnnotations: {a: b}
            podLabels: {team: voice}
            service: {annotations: {c: d}}
            serviceAccount: {annotations: {e: f}}
            """);
        sets.put("a service account that is there", "serviceAccount: {create: false, name: voice}");
        sets.put("no rights from the chart", "rbac: {create: false}");
        sets.put(
                "agents elsewhere",
                "agents: {namespace: agents, selector: 'tier in (a, b)', container: agent, port: 9000}");
        sets.put(
                "an image by its digest",
                "image: {repository: example/router, digest: 'sha256:" + "0a".repeat(32) + "'}");
        sets.put("images of a private registry", "imagePullSecrets: [{name: pull}]");
        sets.put(
                "sentinel",
                "redis: {mode: sentinel, host: '', nodes: ['s1:26379', 's2:26379'], master: voice,"
                        + " sentinelPasswordSecret: {name: s}, passwordSecret: {name: r}}");
        sets.put("cluster", "redis: {mode: cluster, host: '', nodes: ['n1:6379', 'n2:6380']}");
        sets.put("TLS to Redis", "redis: {tls: {enabled: true}}");
        sets.put(
                "TLS to Redis with certificates",
                "redis: {username: router, passwordSecret: {name: r, key: p},"
                        + " tls: {enabled: true, caSecret: {name: ca}, clientSecret: client}}");
        sets.put("all providers", """
            providers:
              plivo: {accounts: [{id: MA1, secretName: plivo, secretKeys: [now, next]}], contentType: audio/x-l16;rate=8000}
              twilio: {accounts: [{id: AC1, secretName: twilio, secretKeys: [token]}]}
              vonage: {accounts: [{id: v1, secretName: vonage, secretKeys: [token]}]}
              exotel: {accounts: [{id: e1, secretName: exotel, secretKeys: [token]}], allowedAddresses: [198.51.100.0/24]}
            """);
        sets.put("an open API", "api: {open: true, keys: []}");
        sets.put(
                "settings",
                "settings: {call: {max-length: 2h, max-continues: 5}, probe: http, overload: {max-in-flight: 10000},"
                        + " config: {tiers:"
                        + " '{\"tiers\":{\"a\":{\"type\":\"exclusive\",\"target\":1}},\"default_chain\":[\"a\"]}'}}");
        sets.put("no nginx", "nginx: {enabled: false}");
        sets.put(
                "TLS at nginx",
                "nginx: {tlsSecret: voice-tls, clients: [10.1.0.0/16], service: {type: LoadBalancer,"
                        + " externalTrafficPolicy: Local, loadBalancerSourceRanges: [203.0.113.0/24], annotations: {a:"
                        + " b}}}");
        sets.put("ingress", "ingress: {enabled: true, className: nginx, tlsSecret: t, annotations: {a: b}}");
        sets.put("route", "httpRoute: {enabled: true, parentRefs: [{name: gw, namespace: infra, sectionName: https}]}");
        sets.put(
                "network policies",
                "networkPolicy: {enabled: true, metricsClients: [{namespaceSelector: {}}], apiClients: [{podSelector:"
                        + " {matchLabels: {a: b}}}], nginxClients: [{namespaceSelector: {}}]}");
        sets.put(
                "policies of sample agents",
                "{networkPolicy: {enabled: true, agents: true}, sampleAgent: {enabled: true, image: {repository: a}}}");
        sets.put(
                "policies beside a sentinel",
                "{networkPolicy: {enabled: true}, redis: {mode: sentinel, host: '',"
                        + " nodes: ['s1:26379'], master: m}}");
        sets.put(
                "monitoring",
                "monitoring: {serviceMonitor: {enabled: true, labels: {release: p}}, rules: {enabled: true, labels:"
                        + " {release: p}, runbooks: 'https://runbooks.example.com/'}, dashboard: {enabled: true},"
                        + " certificateSecret: voice-tls}");
        sets.put(
                "external secrets",
                "externalSecrets: [{name: stream, store: {name: vault, kind: ClusterSecretStore},"
                        + " keys: [{key: k1, remote: voice/stream, property: k1}]}]");
        sets.put("sample agents", "sampleAgent: {enabled: true, image: {repository: example/agent}}");
        return sets;
    }

    /** The router's application.yaml as it is rendered. */
    static JsonNode application(Manifests all) {
        return all.of(ConfigMap.class).stream()
                .filter(map -> map.getData().containsKey("application.yaml"))
                .map(map -> Chart.yaml(map.getData().get("application.yaml")))
                .findFirst()
                .orElseThrow();
    }
}
