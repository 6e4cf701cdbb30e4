package io.smartrouter.testing;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.server.mock.KubernetesCrudDispatcher;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.fabric8.mockwebserver.Context;
import io.fabric8.mockwebserver.MockWebServer;
import io.fabric8.mockwebserver.crud.AttributeSet;
import io.fabric8.mockwebserver.http.MockResponse;
import io.fabric8.mockwebserver.http.Response;
import io.fabric8.mockwebserver.http.WebSocket;
import io.fabric8.mockwebserver.http.WebSocketListener;
import java.net.InetAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * fabric8's mock of an API server, with the memory of a real one: each change has a version, a watch brings what
 * happened after the version that it names, and one that names a forgotten version is answered 410. A test shows it
 * whole pods, and may have it say what no well-behaved server would.
 */
public final class TestApiServer implements AutoCloseable {
    /** Where the pods are. */
    public static final String NAMESPACE = "test";

    private static final String PODS = "/api/v1/namespaces/" + NAMESPACE + "/pods";
    private static final int NORMAL_CLOSURE = 1000;
    private static final String TOO_OLD =
            "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\","
                    + "\"reason\":\"Expired\",\"message\":\"too old resource version\",\"code\":410}}";

    private final Api api = new Api();
    private final KubernetesMockServer server =
            new KubernetesMockServer(new Context(), new MockWebServer(), new HashMap<>(), api, false);

    private TestApiServer() {
        server.init(InetAddress.getLoopbackAddress(), 0);
    }

    /** Starts one without pods. */
    public static TestApiServer start() {
        return new TestApiServer();
    }

    /** Its port on loopback. */
    public int port() {
        return server.getPort();
    }

    /** Its URL. */
    public String url() {
        return "http://127.0.0.1:" + port();
    }

    /**
     * Stores the pod as it is and tells the watches.
     *
     * @return as stored: with a new version, and a UID if it had none
     */
    public Pod show(Pod pod) {
        return api.show(pod);
    }

    /** Removes a pod and tells the watches: its last state, with a new version. */
    public void remove(String name) {
        api.remove(name);
    }

    /** Says this to the open watches as it is, and remembers nothing of it. */
    public void say(String type, Pod pod) {
        api.say(event(type, Serialization.asJson(pod)));
    }

    /** Forgets what happened until now: who was not watching meanwhile is answered 410 and must list. */
    public void forget() {
        api.forget();
    }

    /** Tells the open watches that their version is too old, as one whose history was compacted. */
    public void sayGone() {
        api.forget();
        api.say(TOO_OLD);
    }

    /** Ends the watches as a server does when their time is over. */
    public void closeWatches() {
        api.closeWatches();
    }

    /** Lists and watches are answered with this status; 0 = as they should be. */
    public void refuseLists(int status) {
        api.listStatus = status;
    }

    /** Single pods are answered with this status; 0 = as they should be. */
    public void refuseGets(int status) {
        api.getStatus = status;
    }

    /** Leaves this pod out of lists though it is there, as a server does that lags. */
    public void omitFromLists(@Nullable String name) {
        api.omitted = name;
    }

    /** How many lists were asked for. */
    public int lists() {
        return api.lists.get();
    }

    /** How many single pods were asked for. */
    public int gets() {
        return api.gets.get();
    }

    /** How many watches were asked for. */
    public int watches() {
        return api.watches.get();
    }

    /** How many watches are open now. */
    public int openWatches() {
        return api.open.size();
    }

    private static String event(String type, String json) {
        return "{\"type\":\"" + type + "\",\"object\":" + json + "}";
    }

    @Override
    public void close() {
        server.destroy();
    }

    private record Change(
            long version,
            String json,
            @Nullable AttributeSet before,
            @Nullable AttributeSet after) {
        @Nullable
        String eventFor(AttributeSet query) {
            boolean was = before != null && before.matches(query);
            boolean is = after != null && after.matches(query);
            return was || is ? event(is ? was ? "MODIFIED" : "ADDED" : "DELETED", json) : null;
        }
    }

    private static final class Api extends KubernetesCrudDispatcher {
        private static final Pattern VERSION = Pattern.compile("[?&]resourceVersion=([0-9]+)");

        private final AtomicInteger lists = new AtomicInteger();
        private final AtomicInteger gets = new AtomicInteger();
        private final AtomicInteger watches = new AtomicInteger();
        private final Set<OneWatch> open = ConcurrentHashMap.newKeySet();
        private final List<Change> history = new ArrayList<>();
        private long version;
        private long forgotten;
        private volatile int listStatus;
        private volatile int getStatus;
        private volatile @Nullable String omitted;

        synchronized Pod show(Pod pod) {
            long next = next();
            String uid = pod.getMetadata().getUid();
            Pod stored = new PodBuilder(pod)
                    .editMetadata()
                    .withNamespace(NAMESPACE)
                    .withUid(uid == null || uid.isEmpty() ? UUID.randomUUID().toString() : uid)
                    .withResourceVersion(Long.toString(next))
                    .endMetadata()
                    .build();
            AttributeSet before = key(pod.getMetadata().getName());
            String json = Serialization.asJson(stored);
            processEvent(PODS, getKey(PODS), before, null, json);
            happened(new Change(next, json, before, key(pod.getMetadata().getName())));
            return stored;
        }

        synchronized void remove(String name) {
            AttributeSet before = key(name);
            if (before == null) {
                throw new IllegalStateException("there is no pod " + name);
            }
            long next = next();
            Pod last = Serialization.unmarshal(map.get(before), Pod.class);
            last.getMetadata().setResourceVersion(Long.toString(next));
            processEvent(PODS, getKey(PODS), before, null, null);
            happened(new Change(next, Serialization.asJson(last), before, null));
        }

        private @Nullable AttributeSet key(String name) {
            AttributeSet wanted = getKey(PODS + "/" + name);
            return map.keySet().stream()
                    .filter(key -> key.matches(wanted))
                    .findFirst()
                    .orElse(null);
        }

        private long next() {
            version = requestResourceVersion();
            return version;
        }

        private void happened(Change change) {
            history.add(change);
            open.forEach(watch -> watch.tell(change));
        }

        synchronized void say(String event) {
            open.forEach(watch -> watch.send(event));
        }

        synchronized void forget() {
            history.clear();
            forgotten = version;
            next(); // a watch from now on names a later one
        }

        void closeWatches() {
            open.forEach(OneWatch::close);
        }

        @Override
        public MockResponse handleGet(String path) {
            boolean one = path.matches(PODS + "/[^?]+");
            boolean watch = path.contains("watch=true");
            (one ? gets : watch ? watches : lists).incrementAndGet();
            int refused = one ? getStatus : listStatus;
            if (refused != 0) {
                return new MockResponse().setResponseCode(refused);
            }
            synchronized (this) {
                return !one && !watch && omitted != null ? without(path, omitted) : super.handleGet(path);
            }
        }

        private MockResponse without(String path, String name) {
            AttributeSet key = key(name);
            String json = key == null ? null : map.remove(key);
            try {
                return super.handleGet(path);
            } finally {
                if (json != null) {
                    map.put(key, json);
                }
            }
        }

        @Override
        public MockResponse handleWatch(String path) {
            Matcher from = VERSION.matcher(path);
            String plain = URLDecoder.decode(path, StandardCharsets.UTF_8);
            return new MockResponse()
                    .withWebSocketUpgrade(new OneWatch(
                            attributeExtractor.fromPath(plain), from.find() ? Long.parseLong(from.group(1)) : 0));
        }

        /** One watch: what happened after its version, then what happens. */
        private final class OneWatch extends WebSocketListener {
            private final AttributeSet query;
            private final long from;
            private @Nullable WebSocket socket;

            OneWatch(AttributeSet query, long from) {
                this.query = query;
                this.from = from;
            }

            @Override
            public void onOpen(WebSocket opened, Response response) {
                synchronized (Api.this) {
                    socket = opened;
                    open.add(this);
                    if (from < forgotten) {
                        send(TOO_OLD);
                    } else {
                        history.stream()
                                .filter(change -> change.version() > from)
                                .forEach(this::tell);
                    }
                }
            }

            void tell(Change change) {
                String event = change.eventFor(query);
                if (event != null) {
                    send(event);
                }
            }

            void send(String event) {
                WebSocket to = socket;
                if (to != null) {
                    to.send(event);
                }
            }

            void close() {
                WebSocket to = socket;
                open.remove(this);
                if (to != null) {
                    to.close(NORMAL_CLOSURE, "");
                }
            }

            @Override
            public void onClosing(WebSocket closing, int code, String reason) {
                open.remove(this);
                closing.close(code, reason);
            }

            @Override
            public void onClosed(WebSocket closed, int code, String reason) {
                open.remove(this);
            }

            @Override
            public void onFailure(WebSocket failed, Throwable fault, @Nullable Response response) {
                open.remove(this);
            }
        }
    }
}
