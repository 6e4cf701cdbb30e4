package io.smartrouter.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.smartrouter.deploy.Deployment.Allocated;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** nginx with the files that the chart renders, before real routers and agents; and how its pod stops. */
class ChartNginxIT {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Manifests CHART =
            new Manifests(Chart.objects(Chart.LEAST, "podNetworks: [127.0.0.0/8]\nnginx: {clients: [127.0.0.0/8]}"));

    @Test
    void theRenderedFilesServeAndAPodThatStopsKeepsItsStreams() throws Exception {
        try (Deployment all = Deployment.start()) {
            Nginx nginx = all.nginx(files(all));
            assertThat(all.plivo(nginx, "/plivo/allocate", "plivo-1").status()).isEqualTo(200);
            assertThat(new RawHttp(nginx.port()).get("/status", Map.of()).status())
                    .isEqualTo(404);

            Allocated call = all.allocate("stop-1");
            Process hook;
            try (Caller caller = Caller.connect(all.http(), call.through(nginx))) {
                caller.say("before");
                hook = preStop(nginx);
                await().atMost(PATIENCE).until(() -> !nginx.listens());
                caller.say("while it stops");
                assertThat(hook.isAlive()).isTrue();
                assertThat(nginx.process().isAlive()).isTrue();
            }
            assertThat(hook.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
            assertThat(nginx.process().isAlive()).isFalse();
            all.assertNoSecretInAnyLog();
        }
    }

    /** The rendered ones; what a cluster's name stands for is a router here. */
    private static Map<String, String> files(Deployment all) {
        Map<String, String> files =
                new TreeMap<>(CHART.one(ConfigMap.class, "smart-router-nginx").getData());
        files.remove("nginx.conf");
        String router = "127.0.0.1:" + all.routers().getFirst().port();
        files.replaceAll((name, text) -> text.replace("smart-router.default.svc:8080", router)
                .replace("listen 8080", "listen 127.0.0.1:{port}"));
        assertThat(files.get("routers.conf")).contains(router);
        assertThat(files.get("listen.conf")).contains("{port}");
        return files;
    }

    /** The hook of the rendered pod, where nginx is process 1. */
    private static Process preStop(Nginx nginx) throws IOException {
        List<String> command = new ArrayList<>(CHART.templates()
                .get("smart-router-nginx")
                .getSpec()
                .getContainers()
                .getFirst()
                .getLifecycle()
                .getPreStop()
                .getExec()
                .getCommand());
        assertThat(command.getLast()).contains("kill -QUIT 1;").contains("kill -0 1 ");
        command.replaceAll(word -> word.replaceAll(
                "(kill -(?:QUIT|0)) 1\\b", "$1 " + nginx.process().pid()));
        assertThat(command.getLast()).as("process 1 is not nginx here").doesNotContain("QUIT 1;", "kill -0 1 ");
        return new ProcessBuilder(command).inheritIO().start();
    }
}
