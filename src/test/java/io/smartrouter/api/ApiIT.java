package io.smartrouter.api;

import static io.smartrouter.api.TestRouter.OPERATOR;
import static io.smartrouter.api.TestRouter.OPERATOR_NEXT;
import static io.smartrouter.api.TestRouter.READER;
import static org.assertj.core.api.Assertions.assertThat;

import io.smartrouter.api.HttpClientForTests.Answer;
import io.smartrouter.pool.RoutingConfigurations;
import io.smartrouter.testing.TestRedis;
import java.util.Map;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** The whole JSON API over HTTP and a real Redis. */
@NullUnmarked
class ApiIT {
    private TestRedis redis;
    private TestRouter router;
    private HttpClientForTests http;

    @BeforeEach
    void start() {
        redis = TestRedis.start();
        router = new TestRouter(redis, 2, Map.of());
        http = router.http();
    }

    @AfterEach
    void stop() {
        router.close();
        redis.close();
    }

    private Answer post(String path, String body) {
        return http.json("POST", path, OPERATOR, body);
    }

    private static String tokenOf(Answer allocated) {
        String url = allocated.text("ws_url");
        return url.substring(url.lastIndexOf('/') + 1);
    }

    private Answer agent(String path, String token) {
        return http.send("POST", path, Map.of("Authorization", "Bearer " + token), new byte[0]);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "/api/v1"})
    void aCallIsAllocatedOnceAndReleasedOnce(String prefix) {
        String call = "{\"call_sid\":\"CA1\",\"reseller_id\":\"acme\",\"flow\":\"f\",\"template\":\"t\",\"more\":[1]}";
        Answer first = post(prefix + "/allocate", call);
        assertThat(first.status()).isEqualTo(200);
        assertThat(first.header("content-type")).startsWith("application/json");
        assertThat(first.header("cache-control")).isEqualTo("no-store");
        assertThat(first.header("content-length"))
                .as("not in chunks, of which the last is a packet of its own")
                .isEqualTo(Integer.toString(first.body().length()));
        assertThat(first.json().propertyNames())
                .containsExactlyInAnyOrder(
                        "success", "call_sid", "pod_name", "ws_url", "source_pool", "was_existing", "allocated_at");
        assertThat(first.text("ws_url"))
                .startsWith("wss://voice.example.com/agent/" + first.text("pod_name") + "/CA1/");
        assertThat(first.text("allocated_at")).matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d{1,3})?Z");
        assertThat(first.json().get("was_existing").asBoolean()).isFalse();

        Answer second = post(prefix + "/allocate", call);
        assertThat(second.body()).isEqualTo(first.body().replace("\"was_existing\":false", "\"was_existing\":true"));

        Answer released = post(prefix + "/release", "{\"call_sid\":\"CA1\",\"reason\":\"done\"}");
        assertThat(released.status()).isEqualTo(200);
        assertThat(released.body())
                .isEqualTo(
                        "{\"success\":true,\"pod_name\":\"%s\",\"released_to_pool\":\"default\",\"was_draining\":false}",
                        first.text("pod_name"));
        assertThat(post(prefix + "/release", "{\"call_sid\":\"CA1\"}").body()).isEqualTo(released.body());

        Answer ended = post(prefix + "/allocate", call);
        assertThat(ended.status()).isEqualTo(409);
        assertThat(ended.text("code")).isEqualTo("call_ended");
        assertThat(http.get(prefix + "/calls/CA1", READER).text("end_reason")).isEqualTo("done");
    }

    @Test
    void aFullHouseIsExhaustedAndAnUnknownCallUnknown() {
        assertThat(post("/allocate", "{\"call_sid\":\"CA1\"}").status()).isEqualTo(200);
        assertThat(post("/allocate", "{\"call_sid\":\"CA2\"}").status()).isEqualTo(200);
        Answer third = post("/allocate", "{\"call_sid\":\"CA3\"}");
        assertThat(third.status()).isEqualTo(503);
        assertThat(third.text("code")).isEqualTo("exhausted");
        assertThat(third.header("retry-after")).isEqualTo("1");
        Answer unknown = post("/release", "{\"call_sid\":\"CA9\"}");
        assertThat(unknown.status()).isEqualTo(404);
        assertThat(unknown.text("code")).isEqualTo("unknown_call");
        assertThat(post("/allocate", "{\"call_sid\":\"CA9\"}").text("code")).isEqualTo("call_ended");
    }

    @Test
    void aReleaseThatNamesAnotherLeaseFreesNothing() {
        post("/allocate", "{\"call_sid\":\"CA1\"}");
        String lease = http.get("/calls/CA1", READER).text("lease");
        Answer stale = post("/release", "{\"call_sid\":\"CA1\",\"lease\":\"another\"}");
        assertThat(stale.status()).isEqualTo(409);
        assertThat(stale.text("code")).isEqualTo("stale_lease");
        assertThat(http.get("/calls/CA1", READER).text("state")).isEqualTo("allocated");
        assertThat(post("/release", "{\"call_sid\":\"CA1\",\"lease\":\"" + lease + "\"}")
                        .status())
                .isEqualTo(200);
    }

    @Test
    void aDrainedPodKeepsItsCallAndGetsNoOther() {
        String pod = post("/allocate", "{\"call_sid\":\"CA1\"}").text("pod_name");
        Answer drained = post("/drain", "{\"pod_name\":\"" + pod + "\"}");
        assertThat(drained.status()).isEqualTo(200);
        assertThat(drained.json().get("has_active_call").asBoolean()).isTrue();
        assertThat(http.get("/pod/" + pod, READER).text("state")).isEqualTo("draining");
        assertThat(http.get("/pods?state=draining", READER)
                        .json()
                        .at("/pods/0/calls/0")
                        .asString())
                .isEqualTo("CA1");
        assertThat(post("/release", "{\"call_sid\":\"CA1\"}")
                        .json()
                        .get("was_draining")
                        .asBoolean())
                .isTrue();
        assertThat(post("/allocate", "{\"call_sid\":\"CA2\"}").text("pod_name")).isNotEqualTo(pod);
        assertThat(post("/allocate", "{\"call_sid\":\"CA3\"}").text("code")).isEqualTo("exhausted");
        assertThat(post("/pods/" + pod + "/undrain", "{}").text("state")).isEqualTo("ready");
        assertThat(post("/allocate", "{\"call_sid\":\"CA3\"}").text("pod_name")).isEqualTo(pod);
        assertThat(post("/drain", "{\"pod_name\":\"no-such-pod\"}").text("code"))
                .isEqualTo("unknown_pod");
    }

    @Test
    void statusAndPodsCountAndPage() {
        post("/allocate", "{\"call_sid\":\"CA1\"}");
        Answer status = http.get("/status", READER);
        assertThat(status.json().get("live_calls").asInt()).isEqualTo(1);
        assertThat(status.json().get("configuration_problem").isNull()).isTrue();
        assertThat(status.json().at("/pools/0").toString())
                .isEqualTo("{\"pool\":\"default\",\"target\":0,\"pods\":2,\"ready\":2,\"suspect\":0,\"draining\":0,"
                        + "\"available\":1,\"capacity\":2,\"calls\":1,\"overbooked\":0}");
        Answer page = http.get("/pods?limit=1", READER);
        assertThat(page.json().at("/pods/0/pod_name").asString()).isEqualTo("voice-agent-0");
        assertThat(page.json().get("matching").asInt()).isEqualTo(2);
        Answer next = http.get("/pods?limit=1&after=" + page.text("next_after"), READER);
        assertThat(next.json().at("/pods/0/pod_name").asString()).isEqualTo("voice-agent-1");
        assertThat(next.json().get("next_after").isNull()).isTrue();
        assertThat(http.get("/pods/no-such-pod", READER).text("code")).isEqualTo("unknown_pod");
        assertThat(http.get("/calls/CA404", READER).text("code")).isEqualTo("unknown_call");
    }

    @Test
    void tiersAndMerchantsAreConfiguredAndRule() {
        Answer tiers = http.json(
                "PUT",
                "/tiers",
                OPERATOR,
                "{\"tiers\":{\"gold\":{\"type\":\"exclusive\",\"target\":1},"
                        + "\"basic\":{\"type\":\"shared\",\"target\":1,\"max_concurrent\":2}},"
                        + "\"default_chain\":[\"basic\"]}");
        assertThat(tiers.status()).isEqualTo(200);
        assertThat(tiers.json().at("/tiers/basic/max_concurrent").asInt()).isEqualTo(2);
        Answer put = http.json(
                "PUT",
                "/merchants/acme",
                OPERATOR,
                "{\"tier\":\"gold\",\"fallback\":[\"basic\"],\"max_concurrent_calls\":1}");
        assertThat(put.status()).as(put.body()).isEqualTo(200);
        assertThat(post("/allocate", "{\"call_sid\":\"CA1\",\"merchant_id\":\"acme\"}")
                        .text("source_pool"))
                .isEqualTo("gold");
        Answer limited = post("/allocate", "{\"call_sid\":\"CA2\",\"merchant_id\":\"acme\"}");
        assertThat(limited.status()).isEqualTo(429);
        assertThat(limited.text("code")).isEqualTo("merchant_limit");
        Answer acme = http.get("/merchants/acme", READER);
        assertThat(acme.json().get("live_calls").asInt()).isEqualTo(1);
        assertThat(acme.json().get("chain").toString()).isEqualTo("[\"gold\",\"basic\"]");
        assertThat(http.get("/merchants", READER)
                        .json()
                        .at("/merchants/acme/tier")
                        .asString())
                .isEqualTo("gold");
        Answer inUse = http.send("DELETE", "/tiers/gold", Map.of("X-API-Key", OPERATOR), null);
        assertThat(inUse.status()).isEqualTo(409);
        assertThat(inUse.text("code")).isEqualTo("tier_in_use");
        assertThat(http.send("DELETE", "/merchants/acme", Map.of("X-API-Key", OPERATOR), null)
                        .status())
                .isEqualTo(200);
        assertThat(http.send("DELETE", "/tiers/gold", Map.of("X-API-Key", OPERATOR), null)
                        .status())
                .isEqualTo(200);
        assertThat(http.get("/merchants/acme", READER).text("code")).isEqualTo("unknown_merchant");
        assertThat(http.get("/tiers/gold", READER).text("code")).isEqualTo("unknown_tier");
        assertThat(http.json("PUT", "/tiers/silver", OPERATOR, "{\"type\":\"exclusive\"}")
                        .status())
                .isEqualTo(200);
        assertThat(http.get("/tiers", READER).json().get("default_chain").toString())
                .isEqualTo("[\"basic\",\"silver\"]");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/numbers/+14155550100", "/numbers/%2B14155550100", "/api/v1/numbers/%2b14155550100"})
    void aNumberIsConfiguredReadAndRemovedHoweverItsPlusIsWritten(String path) {
        assertThat(http.get(path, READER).text("code")).isEqualTo("unknown_number");
        Answer put = http.json("PUT", path, OPERATOR, "{\"merchant_id\":\"acme\"}");
        assertThat(put.status()).as(put.body()).isEqualTo(200);
        assertThat(put.body()).isEqualTo("{\"success\":true,\"number\":\"+14155550100\"}");
        for (String same : new String[] {path, "/numbers/14155550100"}) {
            assertThat(http.get(same, READER).body())
                    .isEqualTo("{\"number\":\"+14155550100\",\"merchant_id\":\"acme\"}");
        }
        assertThat(http.get("/numbers/1415", READER).status()).isEqualTo(404);
        assertThat(router.bean(RoutingConfigurations.class).current().merchantOf("+1 415 555 0100"))
                .hasValue("acme");
        assertThat(http.json("PUT", "/numbers/14155550100", OPERATOR, "{\"merchant_id\":\"bob\"}")
                        .status())
                .isEqualTo(200);
        assertThat(http.get("/numbers", READER).body())
                .isEqualTo("{\"numbers\":{\"14155550100\":\"bob\"},\"configured\":1,\"next_after\":null}");
        assertThat(http.send("DELETE", path, Map.of("X-API-Key", OPERATOR), null)
                        .status())
                .isEqualTo(200);
        assertThat(http.send("DELETE", path, Map.of("X-API-Key", OPERATOR), null)
                        .text("code"))
                .isEqualTo("unknown_number");
    }

    @Test
    void numbersArePagedByTheirDigitsWhicheverWayTheNextPageIsAsked() {
        for (String number : new String[] {"+49", "1", "+1415", "+14155550100", "44"}) {
            http.json("PUT", "/numbers/" + number, OPERATOR, "{\"merchant_id\":\"m" + number.length() + "\"}");
        }
        Answer page = http.get("/numbers?limit=2", READER);
        assertThat(page.body())
                .isEqualTo("{\"numbers\":{\"1\":\"m1\",\"+1415\":\"m5\"},\"configured\":5,\"next_after\":\"1415\"}");
        for (String after : new String[] {"1415", "+1415", "%2B1415"}) {
            assertThat(http.get("/numbers?limit=2&after=" + after, READER).body())
                    .isEqualTo("{\"numbers\":{\"+14155550100\":\"m12\",\"44\":\"m2\"},\"configured\":5,"
                            + "\"next_after\":\"44\"}");
        }
        assertThat(http.get("/numbers?limit=2&after=44", READER).body())
                .isEqualTo("{\"numbers\":{\"+49\":\"m3\"},\"configured\":5,\"next_after\":null}");
    }

    @Test
    @ExtendWith(OutputCaptureExtension.class)
    void noNumberIsLogged(CapturedOutput output) {
        http.json("PUT", "/numbers/%2B14155550100", OPERATOR, "{\"merchant_id\":\"acme\"}");
        http.json("PUT", "/numbers/%2B14155550100", OPERATOR, "{\"merchant_id\":\"a b\"}");
        http.json("PUT", "/numbers/%2B1415555010x", OPERATOR, "{\"merchant_id\":\"acme\"}");
        http.json(
                "PUT",
                "/merchants/acme",
                OPERATOR,
                "{\"when_exhausted\":{\"action\":\"forward\",\"to\":\"+14155550100\"}}"); // refused
        http.get("/numbers/%2B14155550100", READER);
        http.send("DELETE", "/numbers/%2B14155550100", Map.of("X-API-Key", OPERATOR), null);
        assertThat(output.getAll())
                .contains("number configured merchant=acme key=old")
                .contains("number removed merchant=acme key=old")
                .doesNotContain("4155550");
    }

    @Test
    void whatCallersGetWhenNoPodIsFreeGoesInAndComesOutAsItIs() {
        String tiers = "{\"tiers\":{\"default\":{\"type\":\"exclusive\",\"target\":2,\"max_concurrent\":null,"
                + "\"placement\":null}},\"default_chain\":[\"default\"],"
                + "\"when_exhausted\":{\"action\":\"hold\",\"text\":\"Please hold.\",\"max_wait_s\":60,\"poll_s\":5},"
                + "\"when_exhausted_at\":{\"exotel\":{\"action\":\"message\","
                + "\"audio\":\"https://cdn.example.com/busy.mp3\"}}}";
        Answer put = http.json("PUT", "/tiers", OPERATOR, tiers);
        assertThat(put.status()).as(put.body()).isEqualTo(200);
        assertThat(put.body()).isEqualTo(tiers);
        http.json("PUT", "/tiers/silver", OPERATOR, "{\"type\":\"exclusive\"}");
        http.send("DELETE", "/tiers/silver", Map.of("X-API-Key", OPERATOR), null);
        assertThat(http.get("/tiers", READER).body()).isEqualTo(tiers);

        String policy = "{\"tier\":null,\"pool\":null,\"fallback\":null,\"max_concurrent_calls\":3,"
                + "\"when_exhausted\":{\"action\":\"forward\",\"to\":\"+14155550100\"},"
                + "\"when_exhausted_at\":{\"exotel\":{\"action\":\"reject\"}}}";
        assertThat(http.json("PUT", "/merchants/acme", OPERATOR, policy).status())
                .isEqualTo(200);
        assertThat(http.get("/merchants/acme", READER).json().get("policy").toString())
                .isEqualTo(policy);
        assertThat(http.get("/merchants", READER).json().at("/merchants/acme").toString())
                .isEqualTo(policy);
    }

    @Test
    void whatAProviderInUseCannotDoIsRefusedWithItsField() {
        String forward = "{\"action\":\"forward\",\"to\":\"+14155550100\"}";
        Answer tiers = http.json(
                "PUT",
                "/tiers",
                OPERATOR,
                "{\"tiers\":{\"default\":{\"type\":\"exclusive\"}},\"when_exhausted\":" + forward + "}");
        assertThat(tiers.status()).isEqualTo(400);
        assertThat(tiers.text("field")).isEqualTo("when_exhausted");
        assertThat(tiers.text("detail"))
                .isEqualTo("when_exhausted \"forward\" cannot be done at exotel; give that provider its own in"
                        + " when_exhausted_at.");
        Answer merchant =
                http.json("PUT", "/merchants/acme", OPERATOR, "{\"when_exhausted_at\":{\"exotel\":" + forward + "}}");
        assertThat(merchant.status()).isEqualTo(400);
        assertThat(merchant.text("field")).endsWith("when_exhausted_at");
        assertThat(http.get("/merchants/acme", READER).status()).isEqualTo(404);
        assertThat(http.json("PUT", "/merchants/acme", OPERATOR, "{\"when_exhausted_at\":{\"other\":" + forward + "}}")
                        .status())
                .isEqualTo(200);
    }

    @Test
    void anAgentSpeaksForItsOwnCallByItsToken() {
        Answer allocated = post("/allocate", "{\"call_sid\":\"CA1\"}");
        String token = tokenOf(allocated);
        String other = tokenOf(post("/allocate", "{\"call_sid\":\"CA2\"}"));
        assertThat(agent("/calls/CA1/connected", token).body()).isEqualTo("{\"success\":true,\"state\":\"live\"}");
        assertThat(http.get("/calls/CA1", token).text("state")).isEqualTo("connected");
        assertThat(http.get("/calls/CA1", other).status()).isEqualTo(403);
        assertThat(http.get("/calls/CA1", token + "x").status()).isEqualTo(401);
        assertThat(http.get("/status", token).status()).isEqualTo(401);
        assertThat(agent("/calls/CA1/heartbeat", other).status()).isEqualTo(403);
        assertThat(agent("/calls/CA1/heartbeat", OPERATOR).status()).isEqualTo(401);
        assertThat(http.send("POST", "/calls/CA1/ended", Map.of(), new byte[0]).header("www-authenticate"))
                .startsWith("Bearer");
        assertThat(agent("/api/v1/calls/CA1/heartbeat", token).status()).isEqualTo(200);

        Answer ended = http.json("POST", "/calls/CA1/ended", token, "{\"reason\":\"caller_left\"}");
        assertThat(ended.text("pod_name")).isEqualTo(allocated.text("pod_name"));
        assertThat(agent("/calls/CA1/ended", token).body()).isEqualTo(ended.body());
        assertThat(http.get("/calls/CA1", READER).text("end_reason")).isEqualTo("caller_left");
        Answer late = agent("/calls/CA1/heartbeat", token);
        assertThat(late.status()).isEqualTo(410);
        assertThat(late.text("code")).isEqualTo("call_ended");
        assertThat(agent("/calls/CA2/ended", other).status()).isEqualTo(200);
        assertThat(http.get("/calls/CA2", READER).text("end_reason")).isEqualTo("agent_ended");
    }

    @Test
    void aCallThatRedisLostIsLiveAgainBeforeItsAgentSpeaks() {
        Answer allocated = post("/allocate", "{\"call_sid\":\"CA1\"}");
        assertThat(redis.command("FLUSHALL")).startsWith("+OK");
        Answer back = agent("/calls/CA1/heartbeat", tokenOf(allocated));
        assertThat(back.body()).isEqualTo("{\"success\":true,\"state\":\"live\"}");
        assertThat(http.get("/calls/CA1", READER).text("pod_name")).isEqualTo(allocated.text("pod_name"));
    }

    @Test
    void aHeartbeatBringsACallBackThatRedisAndTheMirrorsLost() {
        Answer allocated = post("/allocate", "{\"call_sid\":\"CA1\"}");
        String pod = allocated.text("pod_name");
        assertThat(redis.command("FLUSHALL")).startsWith("+OK");
        assertThat(agent("/calls/CA1/heartbeat", tokenOf(allocated)).status()).isEqualTo(200); // it is open again
        assertThat(redis.command("DEL voice:call:CA1 voice:pod:" + pod + ":calls"))
                .startsWith(":2");
        assertThat(redis.command("ZREM voice:calls CA1")).startsWith(":1");
        Answer back = agent("/calls/CA1/heartbeat", tokenOf(allocated));
        assertThat(back.body()).isEqualTo("{\"success\":true,\"state\":\"restored\"}");
        assertThat(http.get("/calls/CA1", READER).text("pod_name")).isEqualTo(pod);
    }

    @ParameterizedTest
    @CsvSource({
        "GET,    /status,        none,     401",
        "GET,    /status,        wrong,    401",
        "GET,    /status,        reader,   200",
        "GET,    /status,        operator, 200",
        "GET,    /status,        next,     200",
        "HEAD,   /status,        reader,   200",
        "HEAD,   /status,        none,     401",
        "POST,   /allocate,      none,     401",
        "POST,   /allocate,      wrong,    401",
        "POST,   /allocate,      reader,   403",
        "POST,   /allocate,      operator, 200",
        "POST,   /allocate,      next,     200",
        "POST,   /release,       reader,   403",
        "POST,   /drain,         reader,   403",
        "POST,   /pods/voice-agent-0/undrain, reader, 403",
        "PUT,    /tiers,         reader,   403",
        "PUT,    /tiers/x,       none,     401",
        "DELETE, /tiers/x,       reader,   403",
        "PUT,    /merchants/x,   reader,   403",
        "PUT,    /numbers/1,     reader,   403",
        "DELETE, /numbers/1,     none,     401",
        "DELETE, /numbers/1,     reader,   403",
        "GET,    /numbers,       none,     401",
        "GET,    /numbers,       reader,   200",
        "GET,    /numbers/%2B1,  wrong,    401",
        "DELETE, /merchants/x,   none,     401",
        "GET,    /merchants,     none,     401",
        "GET,    /pods,          none,     401",
        "GET,    /calls/CA1,     none,     401",
        "GET,    //status,       none,     4",
        "GET,    /./status,      none,     4",
        "GET,    /status;x=y,    none,     401",
        "GET,    /%73tatus,      none,     401",
        "GET,    /api/v1/../../status, none, 4",
        "GET,    /STATUS,        none,     404"
    })
    void keysDecideWhoMayDoWhat(String method, String path, String who, String status) {
        String key =
                switch (who) {
                    case "reader" -> READER;
                    case "operator" -> OPERATOR;
                    case "next" -> OPERATOR_NEXT;
                    case "wrong" -> "wrong-wrong-wrong-wrong-wrong";
                    default -> "";
                };
        for (String header : new String[] {"Authorization", "X-API-Key"}) {
            Map<String, String> headers = key.isEmpty()
                    ? Map.of("Content-Type", "application/json")
                    : Map.of(
                            "Content-Type",
                            "application/json",
                            header,
                            header.equals("X-API-Key") ? key : "Bearer " + key);
            boolean body = method.equals("POST") || method.equals("PUT");
            Answer answer = http.send(
                    method,
                    path,
                    headers,
                    body ? "{\"call_sid\":\"CA1\"}".getBytes(java.nio.charset.StandardCharsets.UTF_8) : null);
            assertThat(Integer.toString(answer.status())).as(answer.body()).startsWith(status);
            if (answer.status() == 401) {
                assertThat(answer.header("www-authenticate")).startsWith("Bearer");
            }
            if (answer.status() >= 400 && !method.equals("HEAD")) {
                assertThat(answer.header("content-type")).startsWith("application/problem+json");
            }
        }
    }

    @Test
    void aKeyDoesNotStandInForAProvidersSignature() {
        for (String header : new String[] {"X-Plivo-Signature-V3", "X-Twilio-Signature", "X-Plivo-Signature-Ma-V3"}) {
            Answer answer = http.send(
                    "POST",
                    "/allocate",
                    Map.of("Authorization", "Bearer " + OPERATOR, "Content-Type", "application/json", header, "x"),
                    "{\"call_sid\":\"CA1\"}".getBytes(java.nio.charset.StandardCharsets.UTF_8));
            assertThat(answer.status()).isBetween(400, 499);
        }
        assertThat(http.get("/calls/CA1", READER).status()).isEqualTo(404);
    }
}
