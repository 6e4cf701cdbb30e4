package io.smartrouter.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.codec.ByteArrayCodec;
import io.smartrouter.podwatch.PodInquiry;
import io.smartrouter.pool.AgentProbe;
import io.smartrouter.pool.Incarnation;
import io.smartrouter.pool.PodFacts;
import io.smartrouter.pool.PodSource;
import io.smartrouter.pool.PodWord;
import io.smartrouter.testing.TestRedis;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilderFactory;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;
import org.springframework.boot.web.server.servlet.context.ServletWebServerApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.ComponentScan;
import org.w3c.dom.Element;
import org.xml.sax.InputSource;

/** A router with webhooks and JSON API over a real Redis; nothing but requests writes. */
public final class WebhookRouter {
    static final String OPERATOR = "operator-operator-operator-1";

    private WebhookRouter() {}

    /** Starts one. */
    public static ServletWebServerApplicationContext start(TestRedis redis, int pods, Map<String, Object> more) {
        return start(redis.port(), pods, more);
    }

    static ServletWebServerApplicationContext start(int redisPort, int pods, Map<String, Object> more) {
        Map<String, Object> settings = new HashMap<>(Map.of(
                "server.port", 0,
                "server.address", "127.0.0.1",
                "spring.main.banner-mode", "off",
                "spring.data.redis.host", "127.0.0.1",
                "spring.data.redis.port", redisPort,
                "router.settle.quarantine", "0s",
                "router.stream.base-url", "wss://voice.example.com",
                "router.stream.keys[0].id", "k1",
                "router.stream.keys[0].secret", "stream-secret-stream-secret-stream-secret",
                "test.pods", pods));
        settings.putAll(Map.of(
                "router.api.keys[0].id",
                "operator",
                "router.api.keys[0].secret",
                OPERATOR,
                "router.api.keys[0].role",
                "operator",
                "management.server.port",
                -1,
                "management.endpoint.health.validate-group-membership",
                false));
        settings.put("router.stop.linger", "0s");
        settings.putAll(more);
        SpringApplication application = new SpringApplication(Parts.class);
        // As arguments, which stand above application.yaml.
        String[] arguments = settings.entrySet().stream()
                .map(setting -> "--" + setting.getKey() + "=" + setting.getValue())
                .toArray(String[]::new);
        return (ServletWebServerApplicationContext) application.run(arguments);
    }

    /** Everything that a Redis holds, byte for byte. */
    public static Map<String, String> keySpace(TestRedis server) {
        try (RedisClient client = RedisClient.create(RedisURI.create("127.0.0.1", server.port()))) {
            var redis = client.connect(ByteArrayCodec.INSTANCE).sync();
            Map<String, String> all = new TreeMap<>();
            for (byte[] key : redis.keys("*")) {
                all.put(new String(key, StandardCharsets.UTF_8), HexFormat.of().formatHex(redis.dump(key)));
            }
            return all;
        }
    }

    /** The children of the one Response, which have these names, or begin with the only name that is given. */
    static List<Element> children(String text, String... names) {
        List<Element> children = new ArrayList<>();
        var nodes = xml(text).getChildNodes();
        for (int i = 0; i < nodes.getLength(); i++) {
            children.add((Element) nodes.item(i));
        }
        List<String> found = children.stream().map(Element::getTagName).toList();
        assertThat(found.subList(0, Math.min(names.length, found.size()))).containsExactly(names);
        return children;
    }

    /** The root element, read by a parser that follows nothing. */
    public static Element xml(String text) {
        try {
            DocumentBuilderFactory factory = DocumentBuilderFactory.newDefaultInstance();
            factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
            factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
            Element root = factory.newDocumentBuilder()
                    .parse(new InputSource(new StringReader(text)))
                    .getDocumentElement();
            assertThat(root.getTagName()).isEqualTo("Response");
            return root;
        } catch (java.io.IOException | javax.xml.parsers.ParserConfigurationException | org.xml.sax.SAXException e) {
            throw new AssertionError("no XML: " + text, e);
        }
    }

    @EnableAutoConfiguration
    @ComponentScan(
            basePackages = {
                "io.smartrouter.pool",
                "io.smartrouter.stream",
                "io.smartrouter.web",
                "io.smartrouter.reconcile",
                "io.smartrouter.api",
                "io.smartrouter.webhook"
            },
            excludeFilters = @ComponentScan.Filter(SpringBootConfiguration.class)) // other tests' routers
    @ConfigurationPropertiesScan({
        "io.smartrouter.pool",
        "io.smartrouter.stream",
        "io.smartrouter.reconcile",
        "io.smartrouter.api",
        "io.smartrouter.webhook"
    })
    static class Parts {
        @Bean
        PodSource cluster(@Value("${test.pods}") int pods) {
            List<PodFacts> facts = IntStream.range(0, pods)
                    .mapToObj(i -> new PodFacts(
                            "voice-agent-" + i,
                            Incarnation.of("voice-agent-" + i, "uid-" + i, "containerd://" + i),
                            "1",
                            PodFacts.Readiness.READY,
                            "127.0.0.1:" + (9_000 + i),
                            true,
                            null,
                            null))
                    .toList();
            return new PodSource() {
                @Override
                public boolean isComplete() {
                    return true;
                }

                @Override
                public List<PodFacts> pods() {
                    return facts;
                }

                @Override
                public PodWord ask(String pod, Duration atMost) {
                    return new PodWord.Silent();
                }
            };
        }

        @Bean
        PodInquiry inquiry() {
            return news -> {};
        }

        @Bean
        AgentProbe agents() {
            return new AgentProbe() {
                @Override
                public boolean answers(String address) {
                    return true;
                }

                @Override
                public boolean saysFree(String address) {
                    return false;
                }

                @Override
                public boolean refuses(String address) {
                    return false;
                }
            };
        }
    }
}
