package io.smartrouter.faults;

import io.smartrouter.faults.History.Allocate;
import io.smartrouter.faults.History.Answer;
import io.smartrouter.faults.History.Freed;
import io.smartrouter.faults.History.Given;
import io.smartrouter.faults.History.Refused;
import io.smartrouter.faults.History.Release;
import io.smartrouter.faults.History.Span;
import io.smartrouter.faults.History.Unanswered;
import io.smartrouter.testing.RouterProcess;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Asks the routers over HTTP, in turns, and writes down what was asked and answered. */
final class RouterClient {
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final Pattern URL = Pattern.compile("\"ws_url\":\"([^\"]+)\"");
    private static final Pattern POD = Pattern.compile("\"pod_name\":\"([^\"]+)\"");
    private static final Pattern CODE = Pattern.compile("\"code\":\"([^\"]+)\"");

    private final History history;
    private final List<RouterProcess> routers = new CopyOnWriteArrayList<>();
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(2))
            .build();

    RouterClient(History history) {
        this.history = history;
    }

    void add(RouterProcess router) {
        routers.add(router);
    }

    void remove(RouterProcess router) {
        routers.remove(router);
    }

    /** Whose turn it is: its port, or 0 while none runs. */
    private int router(int turn) {
        List<RouterProcess> now = List.copyOf(routers);
        return now.isEmpty() ? 0 : now.get(Math.floorMod(turn, now.size())).port();
    }

    private HttpResponse<String> send(int router, String path, String json, @Nullable String token)
            throws IOException, InterruptedException {
        if (router == 0) {
            throw new IOException("no router runs");
        }
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + router + path))
                .timeout(PATIENCE)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(json));
        if (token != null) {
            request.header("Authorization", "Bearer " + token);
        }
        return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    /** Asks for a pod; the stream's URL, or null. What was answered is in the history. */
    @Nullable
    String allocate(int turn, String sid) throws InterruptedException {
        int router = router(turn);
        long begun = System.nanoTime();
        Answer answer;
        String url = null;
        try {
            HttpResponse<String> response = send(router, "/allocate", "{\"call_sid\":\"" + sid + "\"}", null);
            if (response.statusCode() == 200) {
                url = find(URL, response.body());
                String token = url.substring(url.lastIndexOf('/') + 1);
                answer = new Given(find(POD, response.body()), Agents.incarnationOf(token), token);
            } else {
                answer = new Refused(find(CODE, response.body()));
            }
        } catch (IOException e) {
            answer = new Unanswered();
        }
        history.add(new Allocate(sid, new Span(begun, System.nanoTime()), answer, router));
        return url;
    }

    /** Ends a call; what was answered. */
    Answer release(int turn, String sid) throws InterruptedException {
        int router = router(turn);
        long begun = System.nanoTime();
        Answer answer;
        try {
            HttpResponse<String> response = send(router, "/release", "{\"call_sid\":\"" + sid + "\"}", null);
            answer = response.statusCode() == 200 ? new Freed() : new Refused(find(CODE, response.body()));
        } catch (IOException e) {
            answer = new Unanswered();
        }
        history.add(new Release(sid, new Span(begun, System.nanoTime()), answer, router));
        return answer;
    }

    /** Ends a call as a provider does, which tells it again until it is believed; false if it had not the patience. */
    boolean hangUp(IntSupplier turns, String sid, Duration patience) throws InterruptedException {
        long until = System.nanoTime() + patience.toNanos();
        while (System.nanoTime() < until) {
            switch (release(turns.getAsInt(), sid)) {
                case Freed freed -> {
                    return true;
                }
                case Refused(String code)
                when code.equals("unknown_call") -> {
                    return true;
                }
                default -> TimeUnit.MILLISECONDS.sleep(50);
            }
        }
        return false;
    }

    /** What which router said to an agent: the code of its answer, or "" where it agreed or said nothing. */
    record Reply(String code, int router) {}

    /** The agent's word about its call. */
    Reply agent(int turn, String sid, String token, String word) {
        int router = router(turn);
        try {
            HttpResponse<String> response = send(router, "/calls/" + sid + "/" + word, "{}", token);
            return new Reply(response.statusCode() == 200 ? "" : find(CODE, response.body()), router);
        } catch (IOException e) {
            return new Reply("", router);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Reply("", router);
        }
    }

    /** Opens a stream; it ends by itself when the agent closes it. */
    WebSocket connect(String url, WebSocket.Listener listener) throws Exception {
        return http.newWebSocketBuilder()
                .buildAsync(URI.create(url), listener)
                .get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    }

    private static String find(Pattern pattern, String body) {
        Matcher matcher = pattern.matcher(body);
        return matcher.find() ? matcher.group(1) : "";
    }
}
