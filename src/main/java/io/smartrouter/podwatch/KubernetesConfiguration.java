package io.smartrouter.podwatch;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.smartrouter.InvalidSettingException;
import java.net.URI;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * The client of the cluster as fabric8 configures it: the pod's service account, else a kubeconfig, else environment
 * and system properties; {@code router.kubernetes.*} goes over all of them. Making it asks nobody anything.
 */
@Configuration(proxyBeanMethods = false)
class KubernetesConfiguration {
    // Doubled with each failure, to 32 times this at most (fabric8's own bound): 16 s between two tries.
    private static final int FIRST_RETRY_MS = 500;
    // A list that fails is tried again by the watch itself; so a request repeats itself once, for a lost connection.
    private static final int REPEATS = 1;

    @Bean(destroyMethod = "close")
    @ConditionalOnMissingBean
    KubernetesClient kubernetesClient(KubernetesProperties properties, WatchThreads threads) {
        Config found = Config.autoConfigure(null);
        int timeoutMs = Math.toIntExact(properties.requestTimeout().toMillis());
        ConfigBuilder builder = new ConfigBuilder(found)
                .withRequestTimeout(timeoutMs)
                .withConnectionTimeout(timeoutMs)
                .withRequestRetryBackoffLimit(REPEATS)
                .withWatchReconnectInterval(FIRST_RETRY_MS)
                .withWatchReconnectLimit(-1);
        String masterUrl = properties.masterUrl();
        if (masterUrl != null && !masterUrl.isBlank()) {
            builder.withMasterUrl(requireUrl(masterUrl));
        }
        return DeadConnections.client(builder, properties.longestSilence(), threads);
    }

    private static String requireUrl(String text) {
        try {
            URI url = URI.create(text);
            if (("https".equals(url.getScheme()) || "http".equals(url.getScheme())) && url.getHost() != null) {
                return text;
            }
        } catch (IllegalArgumentException e) {
            // said below
        }
        throw new InvalidSettingException(
                "router.kubernetes.master-url", "must be the API server's URL, such as https://10.0.0.1:6443");
    }
}
