package io.smartrouter.webhook.exotel;

import static io.smartrouter.webhook.exotel.ExotelRequests.encoded;
import static io.smartrouter.webhook.exotel.ExotelRequests.get;
import static io.smartrouter.webhook.exotel.ExotelRequests.json;
import static io.smartrouter.webhook.exotel.ExotelRequests.post;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.smartrouter.pool.InvalidInputException;
import io.smartrouter.webhook.Parameters;
import io.smartrouter.webhook.Parameters.Parameter;
import io.smartrouter.webhook.WebhookRequest;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.springframework.http.MediaType;
import tools.jackson.databind.json.JsonMapper;

class ExotelParametersTest {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final String STREAM =
            "{\"StreamSID\":\"s1\",\"Status\":\"completed\",\"Duration\":28,\"StreamUrl\":\"wss://a/b\",\"Error\":null}";

    @Test
    void everyShapeOfOneRequestGivesTheSameParameters() {
        String flat = encoded(
                "CallSid",
                "c1",
                "Stream[StreamSID]",
                "s1",
                "Stream[Status]",
                "completed",
                "Stream[Duration]",
                "28",
                "Stream[StreamUrl]",
                "wss://a/b",
                "digits",
                "\"123\"");
        String text = encoded("CallSid", "c1", "Stream", STREAM, "digits", "123");
        String nested = "{\"CallSid\":\"c1\",\"Stream\":" + STREAM + ",\"digits\":123}";
        String quoted =
                "{\"CallSid\":\"c1\",\"Stream\":" + JSON.writeValueAsString(STREAM) + ",\"digits\":\"\\\"123\\\"\"}";
        List<Parameter> expected = List.of(
                new Parameter("CallSid", "c1"),
                new Parameter("Stream[StreamSID]", "s1"),
                new Parameter("Stream[Status]", "completed"),
                new Parameter("Stream[Duration]", "28"),
                new Parameter("Stream[StreamUrl]", "wss://a/b"),
                new Parameter("digits", "123"));
        for (WebhookRequest request : List.of(
                get(flat),
                get(text),
                post("", flat),
                post("", text),
                post(flat, ""),
                json("", nested),
                json("", quoted),
                post("", MediaType.valueOf("application/json;charset=UTF-8"), nested),
                post("", null, nested),
                json("CallSid=c1", nested.replace("\"CallSid\":\"c1\",", "")))) {
            assertThat(ExotelParameters.of(request).all()).isEqualTo(expected);
        }
    }

    @Test
    void randomObjectsGiveTheSameParametersAsAFormAndAsJson() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int i = 0; i < 2_000; i++) {
            Map<String, Object> object = new LinkedHashMap<>();
            List<String> flat = new ArrayList<>();
            fill(random, "", object, flat, 0);
            String form = encoded(flat.toArray(String[]::new));
            String body = JSON.writeValueAsString(object);
            assertThat(ExotelParameters.of(json("", body)))
                    .as("seed=%d %s", seed, body)
                    .isEqualTo(ExotelParameters.of(post("", form)));
        }
    }

    @Test
    void arraysAreNumbered() {
        Parameters parameters =
                ExotelParameters.of(json("", "{\"Legs\":[{\"Status\":\"busy\"},{\"Status\":true},7.50]}"));
        assertThat(parameters.one("Legs[0][Status]")).contains("busy");
        assertThat(parameters.one("Legs[1][Status]")).contains("true");
        assertThat(parameters.has("Legs[2]")).isTrue();
    }

    @Test
    void onlyTheStreamIsReadAsJsonInAText() {
        String text = "{\"a\":1,\"a\":2";
        for (WebhookRequest request : List.of(
                get(encoded("CustomField", text)), json("", JSON.writeValueAsString(Map.of("CustomField", text))))) {
            assertThat(ExotelParameters.of(request).one("CustomField")).contains(text);
        }
        assertThat(ExotelParameters.of(get("Stream=null&CallSid=c1")).one("Stream"))
                .contains("null");
        assertThat(ExotelParameters.of(get("digits=%22&CallSid=c1")).one("digits"))
                .contains("\"");
    }

    @Test
    void jsonIsReadStrictly() {
        for (String broken : List.of(
                "null",
                "[]",
                "\"x\"",
                "1",
                "{",
                "{}{}",
                "{} x",
                "{'a':1}",
                "{a:1}",
                "{\"a\":1,}",
                "{\"a\":NaN}",
                "{\"a\":1,\"a\":1}",
                "{\"a\":{\"b\":1,\"b\":2}}",
                "{\"a\":\"\n\"}",
                "{\"a\":01}",
                "// x\n{}",
                "{\"a\":" + "{\"a\":".repeat(8) + "1" + "}".repeat(9),
                "{\"a\":" + "[".repeat(20_000),
                "{\"" + "n".repeat(101) + "\":1}",
                "{\"a\":" + "9".repeat(31) + "}",
                "{\"a\":[" + "1,".repeat(500) + "1]}")) {
            refused(json("CallSid=c1", broken), "body");
            if (broken.startsWith("{")) {
                assertThatThrownBy(() -> ExotelParameters.of(get(encoded("Stream", broken))))
                        .isInstanceOf(InvalidInputException.class);
            }
        }
        refused(post("", MediaType.TEXT_PLAIN, "CallSid=c1"), "body");
        refused(get(encoded("Stream", "{\"a\":1,\"a\":1}")), "Stream");
        assertThat(ExotelParameters.of(json("CallSid=c1", " \r\n")).one("CallSid"))
                .contains("c1");
    }

    @Test
    void aFieldThatTwoShapesGiveDifferentlyIsRefusedWhenAskedFor() {
        Parameters twice = ExotelParameters.of(json("CallSid=c1", "{\"CallSid\":\"c2\"}"));
        assertThatThrownBy(() -> twice.call("CallSid")).isInstanceOf(InvalidInputException.class);
        Parameters both = ExotelParameters.of(get(encoded("Stream[Status]", "failed", "Stream", STREAM)));
        assertThatThrownBy(() -> both.one("Stream[Status]")).isInstanceOf(InvalidInputException.class);
        assertThat(ExotelParameters.of(json("CallSid=c1", "{\"CallSid\":\"c1\"}"))
                        .one("CallSid"))
                .contains("c1");
    }

    private static void refused(WebhookRequest request, String field) {
        assertThatThrownBy(() -> ExotelParameters.of(request))
                .as(request.body())
                .isInstanceOfSatisfying(
                        InvalidInputException.class, e -> assertThat(e.field()).isEqualTo(field));
    }

    private static void fill(Random random, String prefix, Map<String, Object> object, List<String> flat, int depth) {
        int fields = 1 + random.nextInt(4);
        HashSet<String> used = new HashSet<>();
        for (int i = 0; i < fields; i++) {
            String name = text(random) + i;
            if (used.add(name)) {
                String full = prefix.isEmpty() ? name : prefix + "[" + name + "]";
                if (depth < 4 && random.nextInt(3) == 0) {
                    Map<String, Object> inner = new LinkedHashMap<>();
                    object.put(name, inner);
                    fill(random, full, inner, flat, depth + 1);
                } else {
                    String value = text(random);
                    object.put(name, value);
                    flat.addAll(List.of(full, value));
                }
            }
        }
    }

    private static String text(Random random) {
        StringBuilder text = new StringBuilder();
        int length = random.nextInt(6);
        for (int i = 0; i < length; i++) {
            text.appendCodePoint(
                    switch (random.nextInt(3)) {
                        case 0 -> " &=+%[]{}\"\\/\r\n\0".codePointAt(random.nextInt(15));
                        case 1 -> 'A' + random.nextInt(58);
                        default -> 0x10000 + random.nextInt(0x10000);
                    });
        }
        return text.toString();
    }
}
