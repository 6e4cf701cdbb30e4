{{- define "sr.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- define "sr.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains (include "sr.name" .) .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "sr.name" .) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{/* Labels that a selector uses: (dict "root" . "part" "router") */}}
{{- define "sr.selector" -}}
app.kubernetes.io/name: {{ include "sr.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .part }}
{{- end -}}
{{- define "sr.labels" -}}
{{ include "sr.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end -}}
{{- define "sr.serviceAccount" -}}
{{- if .Values.serviceAccount.name -}}{{ .Values.serviceAccount.name }}
{{- else if .Values.serviceAccount.create -}}{{ include "sr.fullname" . }}
{{- else -}}default{{- end -}}
{{- end -}}
{{- define "sr.image" -}}
{{- if .digest -}}{{ .repository }}@{{ .digest }}{{- else -}}{{ .repository }}:{{ .tag }}{{- end -}}
{{- end -}}
{{- define "sr.agentsNamespace" -}}
{{- default .Release.Namespace .Values.agents.namespace -}}
{{- end -}}
{{- define "sr.usesBundle" -}}
{{- if and .Values.redis.tls.enabled (or .Values.redis.tls.caSecret.name .Values.redis.tls.clientSecret) -}}yes{{- end -}}
{{- end -}}
{{/* agents.selector as labels. */}}
{{- define "sr.agentLabels" -}}
{{- range splitList "," .Values.agents.selector }}
{{ (split "=" .)._0 }}: {{ (split "=" .)._1 | quote }}
{{- end }}
{{- end -}}
{{- define "sr.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}
{{- define "sr.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ . }}
runAsGroup: {{ . }}
fsGroup: {{ . }}
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{/* The router's application.yaml. What is secret is in none of it: files and environment hold that. */}}
{{- define "sr.application" -}}
{{- $v := .Values -}}
{{- $router := deepCopy $v.settings -}}
{{- $secrets := "/etc/smart-router/secrets" -}}
{{- $_ := set $router "public-url" (printf "https://%s" $v.publicHost) -}}
{{- $_ := set $router "stream" (dict "base-url" (printf "wss://%s" $v.publicHost)) -}}
{{- $trusted := $v.trustedProxies -}}
{{- if and (not $trusted) $v.nginx.enabled -}}{{- $trusted = $v.podNetworks -}}{{- end -}}
{{- if $trusted -}}{{- $_ := set $router "trusted-proxies" $trusted -}}{{- end -}}
{{- $pods := default dict (get $router "pods") -}}
{{- $_ := set $pods "namespace" (include "sr.agentsNamespace" .) -}}
{{- $_ := set $pods "selector" $v.agents.selector -}}
{{- $_ := set $pods "port" (int $v.agents.port) -}}
{{- if $v.agents.container -}}{{- $_ := set $pods "container" $v.agents.container -}}{{- end -}}
{{- $_ := set $router "pods" $pods -}}
{{- $prefix := $v.redis.keyPrefix -}}
{{- if not $prefix -}}{{- $prefix = eq $v.redis.mode "cluster" | ternary "{voice}" "voice" -}}{{- end -}}
{{- $routerRedis := default dict (get $router "redis") -}}
{{- $_ := set $routerRedis "key-prefix" $prefix -}}
{{- $_ := set $router "redis" $routerRedis -}}
{{- if $v.api.open -}}{{- $_ := set $router "api" (dict "open" true) -}}
{{- else -}}
{{- $keys := list -}}
{{- range $i, $key := $v.api.keys -}}
{{- $keys = append $keys (dict "id" $key.id "role" $key.role "file" (printf "%s/api-%d" $secrets $i)) -}}
{{- end -}}
{{- $_ := set $router "api" (dict "keys" $keys) -}}
{{- end -}}
{{- $providers := dict -}}
{{- range $name, $provider := $v.providers -}}
{{- $settings := dict -}}
{{- $accounts := list -}}
{{- range $i, $account := $provider.accounts -}}
{{- $files := list -}}
{{- range $j, $key := $account.secretKeys -}}{{- $files = append $files (printf "%s/%s-%d-%d" $secrets $name $i $j) -}}{{- end -}}
{{- $accounts = append $accounts (dict "id" $account.id "token-files" $files) -}}
{{- end -}}
{{- if $accounts -}}{{- $_ := set $settings "accounts" $accounts -}}{{- end -}}
{{- if $provider.contentType -}}{{- $_ := set $settings "content-type" $provider.contentType -}}{{- end -}}
{{- if $provider.allowedAddresses -}}{{- $_ := set $settings "allowed-addresses" $provider.allowedAddresses -}}{{- end -}}
{{- if $settings -}}{{- $_ := set $providers $name $settings -}}{{- end -}}
{{- end -}}
{{- if $providers -}}{{- $_ := set $router "providers" $providers -}}{{- end -}}

{{- $redis := dict -}}
{{- if eq $v.redis.mode "standalone" -}}
{{- $_ := set $redis "host" $v.redis.host -}}
{{- $_ := set $redis "port" (int $v.redis.port) -}}
{{- else if eq $v.redis.mode "sentinel" -}}
{{- $sentinel := dict "master" $v.redis.master "nodes" $v.redis.nodes -}}
{{- if $v.redis.sentinelUsername -}}{{- $_ := set $sentinel "username" $v.redis.sentinelUsername -}}{{- end -}}
{{- $_ := set $redis "sentinel" $sentinel -}}
{{- else -}}
{{- $_ := set $redis "cluster" (dict "nodes" $v.redis.nodes) -}}
{{- end -}}
{{- if int $v.redis.database -}}{{- $_ := set $redis "database" (int $v.redis.database) -}}{{- end -}}
{{- if $v.redis.username -}}{{- $_ := set $redis "username" $v.redis.username -}}{{- end -}}
{{- $bundles := dict -}}
{{- if $v.redis.tls.enabled -}}
{{- if include "sr.usesBundle" . -}}
{{- $_ := set $redis "ssl" (dict "bundle" "redis") -}}
{{- $bundle := dict -}}
{{- if $v.redis.tls.caSecret.name -}}{{- $_ := set $bundle "truststore" (dict "certificate" (printf "%s/redis-ca.crt" $secrets)) -}}{{- end -}}
{{- if $v.redis.tls.clientSecret -}}{{- $_ := set $bundle "keystore" (dict "certificate" (printf "%s/redis.crt" $secrets) "private-key" (printf "%s/redis.key" $secrets)) -}}{{- end -}}
{{- $_ := set $bundles "redis" $bundle -}}
{{- else -}}{{- $_ := set $redis "ssl" (dict "enabled" true) -}}{{- end -}}
{{- end -}}
{{- if $v.monitoring.certificateSecret -}}
{{- $_ := set $bundles "public" (dict "truststore" (dict "certificate" (printf "%s/public.crt" $secrets)) "reload-on-update" true) -}}
{{- end -}}
{{- $spring := dict "data" (dict "redis" $redis) -}}
{{- if $bundles -}}{{- $_ := set $spring "ssl" (dict "bundle" (dict "pem" $bundles)) -}}{{- end -}}
{{- dict "router" $router "spring" $spring | toYaml -}}
{{- end -}}

{{/* Each secret that the router reads as a file: sources of a projected volume. */}}
{{- define "sr.secretFiles" -}}
{{- $v := .Values -}}
{{- if not $v.api.open }}
{{- range $i, $key := $v.api.keys }}
- secret: {name: {{ $key.secretName | quote }}, items: [{key: {{ $key.secretKey | quote }}, path: api-{{ $i }}}]}
{{- end }}
{{- end }}
{{- range $name, $provider := $v.providers }}
{{- range $i, $account := $provider.accounts }}
{{- range $j, $key := $account.secretKeys }}
- secret: {name: {{ $account.secretName | quote }}, items: [{key: {{ $key | quote }}, path: {{ $name }}-{{ $i }}-{{ $j }}}]}
{{- end }}
{{- end }}
{{- end }}
{{- with $v.redis.tls.caSecret }}
{{- if and $v.redis.tls.enabled .name }}
- secret: {name: {{ .name | quote }}, items: [{key: {{ .key | quote }}, path: redis-ca.crt}]}
{{- end }}
{{- end }}
{{- if and $v.redis.tls.enabled $v.redis.tls.clientSecret }}
- secret: {name: {{ $v.redis.tls.clientSecret | quote }}, items: [{key: tls.crt, path: redis.crt}, {key: tls.key, path: redis.key}]}
{{- end }}
{{- if $v.monitoring.certificateSecret }}
- secret: {name: {{ $v.monitoring.certificateSecret | quote }}, items: [{key: tls.crt, path: public.crt}]}
{{- end }}
{{- end -}}

{{/* What the schema cannot say: combinations that make no sense. Each message names the value. */}}
{{- define "sr.check" -}}
{{- $v := .Values -}}
{{- if not $v.publicHost }}{{ fail "publicHost: is empty; set it to the host that providers call, such as voice.example.com" }}{{ end -}}
{{- if and $v.api.open $v.api.keys }}{{ fail "api.open: is true although api.keys has keys; remove one of the two" }}{{ end -}}
{{- if not (or $v.api.open $v.api.keys) }}{{ fail "api.keys: is empty; name a Secret for at least one key, or set api.open: true aloud" }}{{ end -}}
{{- if not $v.streamKeys }}{{ fail "streamKeys: is empty; name a Secret with at least 32 random characters" }}{{ end -}}
{{- $ids := dict }}
{{- range $v.streamKeys }}{{ if hasKey $ids .id }}{{ fail (printf "streamKeys: has the id %q twice" .id) }}{{ end }}{{ $_ := set $ids .id 1 }}{{ end -}}
{{- $ids = dict }}
{{- range $v.api.keys }}{{ if hasKey $ids .id }}{{ fail (printf "api.keys: has the id %q twice" .id) }}{{ end }}{{ $_ := set $ids .id 1 }}{{ end -}}
{{- $r := $v.redis -}}
{{- if eq $r.mode "standalone" -}}
{{- if not $r.host }}{{ fail "redis.host: is empty; name your Redis, or set redis.mode to sentinel or cluster" }}{{ end -}}
{{- if $r.nodes }}{{ fail "redis.nodes: belongs to redis.mode sentinel or cluster; standalone takes redis.host" }}{{ end -}}
{{- else -}}
{{- if not $r.nodes }}{{ fail (printf "redis.nodes: is empty, and redis.mode %s needs host:port of each" $r.mode) }}{{ end -}}
{{- if $r.host }}{{ fail (printf "redis.host: belongs to redis.mode standalone; %s takes redis.nodes" $r.mode) }}{{ end -}}
{{- end -}}
{{- if and (eq $r.mode "sentinel") (not $r.master) }}{{ fail "redis.master: is empty, and redis.mode sentinel needs the name of the primary" }}{{ end -}}
{{- if and (ne $r.mode "sentinel") $r.master }}{{ fail "redis.master: belongs to redis.mode sentinel" }}{{ end -}}
{{- if and (ne $r.mode "sentinel") (or $r.sentinelUsername $r.sentinelPasswordSecret.name) }}{{ fail "redis.sentinelPasswordSecret: belongs to redis.mode sentinel" }}{{ end -}}
{{- if and (eq $r.mode "cluster") (int $r.database) }}{{ fail "redis.database: a Cluster has no database but 0" }}{{ end -}}
{{- if and (eq $r.mode "cluster") $r.keyPrefix (not (hasPrefix "{" $r.keyPrefix)) }}{{ fail (printf "redis.keyPrefix: must be a hash tag in a Cluster: write \"{%s}\"" $r.keyPrefix) }}{{ end -}}
{{- if and $r.username (not $r.passwordSecret.name) }}{{ fail "redis.passwordSecret.name: is empty although redis.username is set" }}{{ end -}}
{{- if and (not $r.tls.enabled) (or $r.tls.caSecret.name $r.tls.clientSecret) }}{{ fail "redis.tls.enabled: is false although redis.tls names certificates" }}{{ end -}}
{{- if and $v.autoscaling.enabled (gt (int $v.autoscaling.minReplicas) (int $v.autoscaling.maxReplicas)) }}{{ fail "autoscaling.minReplicas: is above autoscaling.maxReplicas" }}{{ end -}}
{{- if and $v.ingress.enabled $v.httpRoute.enabled }}{{ fail "httpRoute.enabled: is true although ingress.enabled is; choose one" }}{{ end -}}
{{- if and (or $v.ingress.enabled $v.httpRoute.enabled) (not $v.nginx.enabled) }}{{ fail "nginx.enabled: is false although ingress or httpRoute is on; they lead to nginx, and never to the router itself" }}{{ end -}}
{{- if and $v.httpRoute.enabled (not $v.httpRoute.parentRefs) }}{{ fail "httpRoute.parentRefs: is empty; name your Gateway" }}{{ end -}}
{{- if and (or $v.ingress.enabled $v.httpRoute.enabled) $v.nginx.tlsSecret }}{{ fail "nginx.tlsSecret: is set although ingress or httpRoute is on; TLS ends at one place" }}{{ end -}}
{{- if and $v.nginx.service.loadBalancerSourceRanges (ne $v.nginx.service.type "LoadBalancer") }}{{ fail "nginx.service.loadBalancerSourceRanges: belongs to nginx.service.type LoadBalancer" }}{{ end -}}
{{- if and $v.nginx.service.externalTrafficPolicy (eq $v.nginx.service.type "ClusterIP") }}{{ fail "nginx.service.externalTrafficPolicy: belongs to nginx.service.type LoadBalancer or NodePort" }}{{ end -}}
{{- if and $v.providers.exotel.allowedAddresses (not $v.providers.exotel.accounts) }}{{ fail "providers.exotel.allowedAddresses: is set although providers.exotel.accounts is empty" }}{{ end -}}
{{- if and (not $v.serviceAccount.create) (not $v.serviceAccount.name) }}{{ fail "serviceAccount.name: is empty although serviceAccount.create is false" }}{{ end -}}
{{- $pairs := regexMatch "^[A-Za-z0-9./_-]+=[A-Za-z0-9._-]+(,[A-Za-z0-9./_-]+=[A-Za-z0-9._-]+)*$" $v.agents.selector -}}
{{- if and $v.networkPolicy.agents (not $v.networkPolicy.enabled) }}{{ fail "networkPolicy.agents: is true although networkPolicy.enabled is false" }}{{ end -}}
{{- if and $v.networkPolicy.agents (not $v.nginx.enabled) }}{{ fail "networkPolicy.agents: is true although nginx.enabled is false; whatever takes streams to the agents would be cut off" }}{{ end -}}
{{- if and (or $v.networkPolicy.agents $v.sampleAgent.enabled) (not $pairs) }}{{ fail "agents.selector: must be key=value pairs for networkPolicy.agents and sampleAgent, which need them as labels" }}{{ end -}}
{{- if $v.sampleAgent.enabled -}}
{{- if not $v.sampleAgent.image.repository }}{{ fail "sampleAgent.image.repository: is empty; the sample agent needs an image of docs/examples/agent" }}{{ end -}}
{{- if ne (include "sr.agentsNamespace" .) .Release.Namespace }}{{ fail "agents.namespace: is another one than the release's, where the sample agent is" }}{{ end -}}
{{- end -}}
{{- end -}}

{{- define "sr.nginxFiles" -}}
nginx.conf: |
  {{- .Files.Get "files/nginx.conf" | nindent 2 }}
listen.conf: |
  {{- if .Values.nginx.tlsSecret }}
  listen 8443 ssl so_keepalive=60s:10s:6;
  ssl_certificate /etc/nginx/tls/tls.crt;
  ssl_certificate_key /etc/nginx/tls/tls.key;
  {{- else }}
  listen 8080 so_keepalive=60s:10s:6;
  {{- end }}
routers.conf: |
  # The Service is one address: named three times, each try may meet another router.
  {{- range until 3 }}
  server {{ include "sr.fullname" $ }}.{{ $.Release.Namespace }}.svc:8080 max_fails=0;
  {{- end }}
agents.conf: |
  {{- range .Values.podNetworks }}
  {{ . }} 1;
  {{- end }}
clients.conf: |
  # What stands before nginx.
  {{- range .Values.nginx.clients }}
  set_real_ip_from {{ . }};
  {{- end }}
{{- end -}}
