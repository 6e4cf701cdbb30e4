package io.smartrouter.agent;

import io.smartrouter.pool.AgentProbe;
import io.smartrouter.pool.PoolProperties;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.stereotype.Component;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Asks over TCP or HTTP. The whole question, body included, takes no longer than {@code router.probe-timeout}; whatever
 * goes wrong is no answer. Redirects are not followed: an agent speaks for itself.
 */
@Component
class NetworkAgentProbe implements AgentProbe, DisposableBean {
    private static final int MOST_BODY_BYTES = 4 * 1024;
    /** Two readers may take {@code {"active_calls":1,"active_calls":0}} for different things: here it is nothing. */
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private final PoolProperties properties;
    private final AgentProperties agent;
    private final HttpClient http;

    NetworkAgentProbe(PoolProperties properties, AgentProperties agent) {
        this.properties = properties;
        this.agent = agent;
        this.http = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(properties.probeTimeout())
                .executor(Executors.newVirtualThreadPerTaskExecutor())
                .build();
    }

    @Override
    public boolean answers(String address) {
        return switch (properties.probe()) {
            case OFF -> true;
            case TCP -> connects(address);
            case HTTP ->
                // The status line is the answer: its body is not waited for.
                ask("http://" + address + properties.probePath(), BodyHandlers.ofInputStream())
                        .map(NetworkAgentProbe::isSuccess)
                        .orElse(false);
        };
    }

    @Override
    public boolean saysFree(String address) {
        OptionalInt calls = activeCalls(address);
        return calls.isPresent() && calls.getAsInt() == 0;
    }

    @Override
    public OptionalInt activeCalls(String address) {
        String template = agent.statusUrl();
        return template == null
                ? OptionalInt.empty()
                : ask(
                                template.replace("{address}", address),
                                BodyHandlers.limiting(BodyHandlers.ofByteArray(), MOST_BODY_BYTES))
                        .filter(answer -> answer.statusCode() == 200)
                        .map(answer -> calls(answer.body()))
                        .orElse(OptionalInt.empty());
    }

    private static boolean isSuccess(HttpResponse<InputStream> answer) {
        try {
            answer.body().close();
        } catch (IOException e) {
            // it was not to be read
        }
        return answer.statusCode() / 100 == 2;
    }

    private static OptionalInt calls(byte[] body) {
        try {
            JsonNode calls = JSON.readTree(body).path("active_calls");
            boolean counts = calls.isIntegralNumber() && calls.canConvertToInt() && calls.intValue() >= 0;
            return counts ? OptionalInt.of(calls.intValue()) : OptionalInt.empty();
        } catch (JacksonException e) {
            return OptionalInt.empty();
        }
    }

    @Override
    public boolean refuses(String address) {
        try {
            connect(address);
            return false;
        } catch (ConnectException e) {
            return true; // the JDK throws this one for a refusal alone; a host out of reach is another
        } catch (IOException | RuntimeException e) {
            return false;
        }
    }

    private boolean connects(String address) {
        try {
            connect(address);
            return true;
        } catch (IOException | RuntimeException e) {
            return false;
        }
    }

    private void connect(String address) throws IOException {
        URI url = URI.create("tcp://" + address);
        String host = url.getHost();
        if (host == null || url.getPort() < 0) {
            throw new IOException("no address");
        }
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(host, url.getPort()), timeoutMs());
        }
    }

    /** The answer, or empty if none came in time; then the exchange is given up, not left to end by itself. */
    private <T> Optional<HttpResponse<T>> ask(String url, BodyHandler<T> body) {
        CompletableFuture<HttpResponse<T>> answer = null;
        try {
            Duration timeout = properties.probeTimeout();
            answer = http.sendAsync(
                    HttpRequest.newBuilder(URI.create(url))
                            .timeout(timeout)
                            .GET()
                            .build(),
                    body);
            return Optional.of(answer.get(timeout.toMillis(), TimeUnit.MILLISECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException | RuntimeException e) {
            // no answer is an answer here
        }
        if (answer != null) {
            answer.cancel(true);
        }
        return Optional.empty();
    }

    private int timeoutMs() {
        return Math.toIntExact(properties.probeTimeout().toMillis());
    }

    @Override
    public void destroy() {
        http.shutdownNow();
    }
}
