package io.smartrouter.stream;

import static org.assertj.core.api.Assertions.assertThat;

import io.smartrouter.pool.Allocation;
import io.smartrouter.pool.CallId;
import io.smartrouter.pool.Incarnation;
import io.smartrouter.pool.Lease;
import io.smartrouter.pool.LeaseClaim;
import io.smartrouter.pool.redis.DataSet;
import io.smartrouter.testing.RedisMonitor;
import io.smartrouter.testing.RouterProcess;
import io.smartrouter.testing.TestCluster;
import io.smartrouter.testing.TestRedis;
import io.smartrouter.webhook.WebhookClient;
import io.smartrouter.webhook.WebhookClient.Answer;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Which streams a whole router lets through, asked over HTTP as a proxy asks. */
class StreamAuthorizeIT {
    private static final String K1 = "a-secret-of-more-than-32-characters";
    private static final String K0 = "the-secret-before-it-of-32-characters-or-more";
    private static final String FOREIGN = "nobody-here-has-this-secret-of-32-characters";
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private static TestRedis redis;
    private static TestCluster cluster;
    private static RouterProcess router;
    private static WebhookClient http;
    private static DataSet data;

    @BeforeAll
    static void start() {
        redis = TestRedis.start();
        cluster = TestCluster.start(4);
        Map<String, String> settings = Map.of(
                "router.settle.quarantine", "0s",
                "router.call.connect-timeout", "2m",
                "router.stream.keys[1].id", "k0",
                "router.stream.keys[1].secret", K0);
        router = RouterProcess.start(redis, cluster, settings).awaitReady();
        http = new WebhookClient(router.port());
        data = new DataSet(redis.port());
        Awaitility.await().until(() -> data.available().size() == 4);
    }

    @AfterAll
    static void stop() {
        data.close();
        router.close();
        cluster.close();
        redis.close();
    }

    @AfterEach
    void everyInvariantHolds() {
        assertThat(data.violations()).isEmpty();
    }

    @Test
    void aGenuineTokenIsLetThroughToItsPodsAddressAndConnectsTheCall() {
        String path = allocate("good-1");
        assertThat(call("good-1").path("state").asString()).isEqualTo("allocated");
        String address = get("/pods/" + pod(path)).path("address").asString();
        for (String at : List.of("/stream/authorize", "/api/v1/stream/authorize")) {
            Answer answer = authorize(at, path);
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.header("x-agent-address")).isEqualTo(address).isNotEmpty();
            assertThat(answer.header("cache-control")).isEqualTo("no-store");
        }
        assertThat(authorize("/voice" + path).status()).isEqualTo(200); // a proxy's prefix
        assertThat(call("good-1").path("state").asString()).isEqualTo("connected");
        release("good-1");
        refused(path);
    }

    /** Each is signed with the router's own key, and is not the lease of a call that lives. */
    @Test
    void aGenuineTokenOfAnotherCallPodIncarnationOrLeaseIsRefused() {
        String mine = allocate("mine-1");
        String other = allocate("other-1");
        LeaseClaim claim = claim(mine);
        LeaseClaim others = claim(other);
        String wrongPod = "/agent/" + others.pod() + "/mine-1/";
        refused("/agent/" + claim.pod() + "/mine-1/" + token(other));
        refused("/agent/" + claim.pod() + "/other-1/" + token(mine));
        refused(wrongPod + token(mine));
        refused(wrongPod + token(other));
        refused(path(signed("k1", K1, claim, "mine-1", claim.pod(), claim.incarnation(), new Lease("another")), claim));
        refused(path(signed("k1", K1, claim, "mine-1", claim.pod(), claim.incarnation(), others.lease()), claim));
        refused("/agent/" + claim.pod() + "/unknown-1/"
                + signed("k1", K1, claim, "unknown-1", claim.pod(), claim.incarnation(), claim.lease()));
        assertThat(call("mine-1").path("state").asString()).isEqualTo("allocated");
        assertThat(call("other-1").path("state").asString()).isEqualTo("allocated");
        assertThat(authorize(mine).status()).isEqualTo(200);
        release("mine-1");
        release("other-1");
        refused(mine);
    }

    @Test
    void aTokenOfAnIncarnationThatIsGoneIsRefusedAndTheNewOneIsLetThrough() {
        String first = allocate("gone-1");
        assertThat(authorize(first).status()).isEqualTo(200);
        cluster.delete(pod(first));
        Awaitility.await().until(() -> call("gone-1").path("state").asString().equals("lost"));
        refused(first);
        cluster.add(pod(first)); // the name is back, another incarnation has it
        Awaitility.await().until(() -> data.available().contains(pod(first)));
        refused(first);
        String second = allocate("gone-1");
        assertThat(claim(second).incarnation()).isNotEqualTo(claim(first).incarnation());
        assertThat(claim(second).lease()).isNotEqualTo(claim(first).lease());
        refused(first);
        assertThat(authorize(second).status()).isEqualTo(200);
        release("gone-1");
        refused(second);
    }

    @Test
    void aForgedTokenIsRefusedWithoutAQuestionToRedis() {
        String path = allocate("held-1");
        List<String> forged = forged(path);
        try (RedisMonitor monitor = new RedisMonitor(redis)) {
            for (int i = 0; i < 10; i++) {
                forged.forEach(StreamAuthorizeIT::refused);
            }
            List<String> meanwhile = monitor.commands().stream()
                    .filter(command -> !command.contains(" lua] ")) // what a script does, which is counted itself
                    .toList();
            // What the router does by itself goes on, and names no call that is asked for.
            assertThat(meanwhile).noneMatch(command -> command.contains("held-1") || command.contains("forged"));
            int sent = 10 * forged.size();
            assertThat(meanwhile.size()).isLessThan(sent);
            assertThat(authorize(path).status()).isEqualTo(200);
            assertThat(monitor.commands()).anyMatch(command -> command.contains("held-1"));
            System.out.println(
                    "forged streams: refused=" + sent + " commands of the router itself=" + meanwhile.size());
        }
        release("held-1");
    }

    private static List<String> forged(String path) {
        LeaseClaim claim = claim(path);
        String token = token(path);
        String[] part = token.split("\\.", -1);
        String at = path.substring(0, path.length() - token.length());
        String evil = Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString("1|forged|x|y|z|1||||||0".getBytes(StandardCharsets.UTF_8));
        List<String> tokens = new ArrayList<>(List.of(
                "",
                "forged",
                "..",
                "k1..",
                token + ".",
                token + "x",
                token.substring(1),
                token.substring(0, token.length() - 2),
                part[0] + "." + part[1],
                part[0] + "." + part[1] + ".",
                part[0] + "." + evil + "." + part[2],
                "k0." + part[1] + "." + part[2], // another key's id
                "K1." + part[1] + "." + part[2],
                "none." + part[1] + "." + part[2],
                part[0] + "." + part[1] + "=." + part[2],
                part[0] + "." + part[2] + "." + part[1],
                "forged".repeat(400),
                signed("k1", FOREIGN, claim, "held-1", claim.pod(), claim.incarnation(), claim.lease()),
                signed("k1", K0, claim, "held-1", claim.pod(), claim.incarnation(), claim.lease()),
                signed("k0", K1, claim, "held-1", claim.pod(), claim.incarnation(), claim.lease()),
                signed("k9", K1, claim, "held-1", claim.pod(), claim.incarnation(), claim.lease())));
        for (int i = part[1].length() - 1; i > 0; i -= 17) { // each byte of the payload is signed
            char turned = part[1].charAt(i) == 'A' ? 'B' : 'A';
            tokens.add(part[0] + "." + part[1].substring(0, i) + turned + part[1].substring(i + 1) + "." + part[2]);
        }
        List<String> paths =
                new ArrayList<>(tokens.stream().map(each -> at + each).toList());
        paths.addAll(List.of(
                "",
                "/",
                path + "?a=b",
                path + "/",
                path + "#x",
                path + "/..",
                path.replace("/agent/", "/agents/"),
                path.replace("/held-1/", "/forged/"),
                path.replace("/held-1/", "/held-1/x/"),
                path.replace(claim.pod(), "forged"),
                path.replace(claim.pod(), "127.0.0.1:6379"),
                "https://forged" + path.substring(1),
                "/agent/" + "forged/".repeat(800) + token));
        return paths;
    }

    /** The first key signs and all verify, each by its id: so tokens of calls that began before a turn stay good. */
    @Test
    void keysAreTurnedById() {
        String path = allocate("turn-1");
        assertThat(token(path)).startsWith("k1.");
        LeaseClaim claim = claim(path);
        String before = signed("k0", K0, claim, "turn-1", claim.pod(), claim.incarnation(), claim.lease());
        assertThat(authorize(path(before, claim)).status()).isEqualTo(200);
        assertThat(authorize(path).status()).isEqualTo(200);
        refused(path(signed("k0", K1, claim, "turn-1", claim.pod(), claim.incarnation(), claim.lease()), claim));
        refused(path(signed("k1", K0, claim, "turn-1", claim.pod(), claim.incarnation(), claim.lease()), claim));
        refused(path(signed("k2", K0, claim, "turn-1", claim.pod(), claim.incarnation(), claim.lease()), claim));
        release("turn-1");
    }

    private static String signed(
            String id, String secret, LeaseClaim claim, String sid, String pod, Incarnation incarnation, Lease lease) {
        return tokens(id, secret)
                .of(new Allocation(
                        new CallId(sid),
                        pod,
                        incarnation,
                        "127.0.0.1:1",
                        claim.pool(),
                        lease,
                        claim.allocatedAt(),
                        claim.connectBy(),
                        claim.provider(),
                        claim.account(),
                        claim.merchant(),
                        claim.continues()));
    }

    private static StreamToken tokens(String id, String secret) {
        return new StreamToken(new StreamProperties(null, List.of(new StreamProperties.Key(id, secret))));
    }

    private static LeaseClaim claim(String path) {
        return tokens("k1", K1).verify(token(path)).orElseThrow();
    }

    private static String path(String token, LeaseClaim claim) {
        return "/agent/" + claim.pod() + "/" + claim.call() + "/" + token;
    }

    private static String token(String path) {
        return path.substring(path.lastIndexOf('/') + 1);
    }

    private static String pod(String path) {
        return path.split("/", -1)[2];
    }

    /** The path of the stream's URL. */
    private static String allocate(String sid) {
        RouterProcess.Answer answer = router.post("/allocate", "{\"call_sid\":\"" + sid + "\"}");
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        return URI.create(JSON.readTree(answer.body()).path("ws_url").asString())
                .getPath();
    }

    private static void release(String sid) {
        assertThat(router.post("/release", "{\"call_sid\":\"" + sid + "\"}").status())
                .isEqualTo(200);
    }

    private static JsonNode call(String sid) {
        return get("/calls/" + sid);
    }

    private static JsonNode get(String path) {
        return JSON.readTree(router.get(path).body());
    }

    private static void refused(String path) {
        Answer answer = authorize(path);
        assertThat(answer.status()).as(path).isEqualTo(403);
        assertThat(answer.headers()).as(path).doesNotContainKey("x-agent-address");
        assertThat(answer.body()).as(path).isEmpty();
    }

    private static Answer authorize(String path) {
        return authorize("/stream/authorize", path);
    }

    private static Answer authorize(String at, String path) {
        return http.send("GET", at, Map.of("X-Original-URI", path), new byte[0]);
    }
}
