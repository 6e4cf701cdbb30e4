package io.smartrouter.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.marcnuri.helm.Helm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Which values are refused, with their names; and that the page on values and the schema say what is there. */
class ChartValuesTest {
    /** What other values of the chart make, or what no deployment sets. */
    private static final Pattern NOT_IN_SETTINGS = Pattern.compile(
            "router\\.(public-url|trusted-proxies|stream\\..*|api\\..*"
                + "|providers\\..*|redis\\.key-prefix|pods\\.(namespace|selector|container|port)|kubernetes\\.master-url)");

    private static final Pattern ROW = Pattern.compile("^\\| `([^`]+)` \\| `([^`]+)` \\| .+ \\|$");
    private static final Pattern SETTING = Pattern.compile("^\\| `(router\\.[^`]+)` \\|.*");

    @ParameterizedTest
    @CsvSource(delimiterString = "=>", quoteCharacter = '~', textBlock = """
        replica: 3  =>  'replica' not allowed
        replicas: two  =>  /replicas
        replicas: 0  =>  /replicas
        image: {repo: x}  =>  'repo' not allowed
        image: {repository: 'Not A Name'}  =>  /image/repository
        publicHost: https://voice.example.com  =>  /publicHost
        publicHost: ''  =>  publicHost: is empty
        settings: {call: {max-lenght: 2h}}  =>  'max-lenght' not allowed
        settings: {call: {max-length: 2 hours}}  =>  /settings/call/max-length
        settings: {public-url: 'https://other.example.com'}  =>  'public-url' not allowed
        settings: {probe: ping}  =>  /settings/probe
        settings: {overload: {max-in-flight: 100000}}  =>  /settings/overload/max-in-flight
        terminationGracePeriodSeconds: 10  =>  /terminationGracePeriodSeconds
        api: {open: true}  =>  api.open: is true although api.keys
        api: {keys: []}  =>  api.keys: is empty
        api: {keys: [{id: a, role: admin, secretName: s, secretKey: k}]}  =>  /api/keys/0/role
        api: {keys: [{id: a, role: read, secret: in-the-open}]}  =>  'secret' not allowed
        streamKeys: []  =>  streamKeys: is empty
        streamKeys: [{id: a, secretName: s, secretKey: k}, {id: a, secretName: s, secretKey: l}]  =>  streamKeys: has the id "a" twice
        redis: {host: ''}  =>  redis.host: is empty
        redis: {mode: replicated}  =>  /redis/mode
        redis: {mode: sentinel, host: '', nodes: ['s:26379']}  =>  redis.master: is empty
        redis: {mode: cluster, host: ''}  =>  redis.nodes: is empty
        redis: {mode: cluster, nodes: ['n:6379']}  =>  redis.host: belongs to redis.mode standalone
        redis: {mode: cluster, host: '', nodes: ['n:6379'], keyPrefix: voice}  =>  redis.keyPrefix: must be a hash tag
        redis: {mode: cluster, host: '', nodes: ['n:6379'], database: 1}  =>  redis.database: a Cluster has
        redis: {username: router}  =>  redis.passwordSecret.name: is empty
        redis: {tls: {caSecret: {name: ca}}}  =>  redis.tls.enabled: is false
        redis: {port: '6379'}  =>  /redis/port
        redis: {password: in-the-open}  =>  'password' not allowed
        providers: {plvo: {accounts: []}}  =>  'plvo' not allowed
        providers: {plivo: {accounts: [{id: M, secretName: s, secretKeys: [a, b, c]}]}}  =>  /providers/plivo/accounts/0/secretKeys
        providers: {exotel: {allowedAddresses: [198.51.100.7]}}  =>  providers.exotel.allowedAddresses: is set
        autoscaling: {enabled: true, minReplicas: 9, maxReplicas: 3}  =>  autoscaling.minReplicas: is above
        {ingress: {enabled: true}, httpRoute: {enabled: true, parentRefs: [{name: g}]}}  =>  httpRoute.enabled: is true although ingress.enabled
        {ingress: {enabled: true}, nginx: {enabled: false}}  =>  nginx.enabled: is false
        {ingress: {enabled: true}, nginx: {tlsSecret: t}}  =>  nginx.tlsSecret: is set
        httpRoute: {enabled: true}  =>  httpRoute.parentRefs: is empty
        nginx: {service: {loadBalancerSourceRanges: [203.0.113.0/24]}}  =>  nginx.service.loadBalancerSourceRanges: belongs
        serviceAccount: {create: false}  =>  serviceAccount.name: is empty
        sampleAgent: {enabled: true}  =>  sampleAgent.image.repository: is empty
        {sampleAgent: {enabled: true, image: {repository: a}}, agents: {namespace: elsewhere}}  =>  agents.namespace: is another one
        networkPolicy: {agents: true}  =>  networkPolicy.agents: is true although networkPolicy.enabled
        {networkPolicy: {enabled: true, agents: true}, nginx: {enabled: false}}  =>  networkPolicy.agents: is true although nginx.enabled
        {sampleAgent: {enabled: true, image: {repository: a}}, agents: {selector: 'a in (b)'}}  =>  agents.selector: must be
        """)
    void aWrongValueIsRefusedByItsName(String values, String named) {
        assertThatThrownBy(() -> Chart.text(Chart.LEAST, values)).hasMessageContaining(named);
    }

    @Test
    void theDefaultsAloneSayWhatIsMissing() {
        assertThatThrownBy(Chart::text).hasMessageContaining("publicHost: is empty; set it to the host");
    }

    @Test
    void thePageOnValuesSaysWhatIsThere() throws IOException {
        Map<String, String> values = new LinkedHashMap<>();
        collect("", Chart.yaml(Files.readString(Chart.DIRECTORY.resolve("values.yaml"))), values);
        Map<String, String> page = new LinkedHashMap<>();
        for (String line : Files.readAllLines(Chart.DIRECTORY.resolve("README.md"))) {
            var row = ROW.matcher(line);
            if (row.matches()) {
                page.put(row.group(1), row.group(2));
            }
        }
        assertThat(page).containsExactlyEntriesOf(values);
    }

    private static void collect(String path, JsonNode node, Map<String, String> into) {
        if (node.isObject() && !node.isEmpty()) {
            node.propertyStream()
                    .forEach(field -> collect(
                            path.isEmpty() ? field.getKey() : path + "." + field.getKey(), field.getValue(), into));
        } else {
            into.put(path, node.toString());
        }
    }

    @Test
    void theSchemaKnowsEverySettingThatNoOtherValueMakes() throws IOException {
        Set<String> documented = Files.readAllLines(Path.of("docs/configuration.md")).stream()
                .map(SETTING::matcher)
                .filter(row -> row.matches())
                .map(row -> row.group(1))
                .filter(name -> !NOT_IN_SETTINGS.matcher(name).matches())
                .collect(Collectors.toCollection(TreeSet::new));
        Set<String> known = new TreeSet<>();
        settings("router", schema().at("/properties/settings"), known);
        assertThat(known)
                .as("`settings` of values.schema.json (add what is new there)")
                .isEqualTo(documented);
    }

    private static void settings(String path, JsonNode schema, Set<String> into) {
        if (schema.has("properties")) {
            schema.get("properties")
                    .propertyStream()
                    .forEach(field -> settings(path + "." + field.getKey(), field.getValue(), into));
        } else {
            into.add(path);
        }
    }

    @Test
    void theSchemaLeavesNoObjectOpenThatIsOurs() throws IOException {
        assertNothingOpen("", schema());
    }

    private static void assertNothingOpen(String path, JsonNode schema) {
        if (schema.has("properties")) {
            assertThat(schema.path("additionalProperties").isBoolean()
                            && !schema.path("additionalProperties").asBoolean())
                    .as(path)
                    .isTrue();
            schema.get("properties")
                    .propertyStream()
                    .forEach(field -> assertNothingOpen(path + "/" + field.getKey(), field.getValue()));
        }
        if (schema.has("items")) {
            assertNothingOpen(path + "/0", schema.get("items"));
        }
    }

    private static JsonNode schema() throws IOException {
        return new JsonMapper().readTree(Files.readString(Chart.DIRECTORY.resolve("values.schema.json")));
    }

    @Test
    void theNotesHaveTheUrlsToPasteAtTheProviders() throws IOException {
        assertThat(notes(ChartValues.GOOD.get("all providers")))
                .contains(
                        "https://voice.example.com/plivo/allocate",
                        "https://voice.example.com/plivo/hangup",
                        "https://voice.example.com/twilio/allocate",
                        "https://voice.example.com/twilio/hangup",
                        "https://voice.example.com/vonage/allocate",
                        "https://voice.example.com/vonage/hangup",
                        "https://voice.example.com/exotel/<secret>/allocate",
                        "https://voice.example.com/exotel/<secret>/continue",
                        "http://smart-router.default.svc:8080");
        assertThat(notes("{}"))
                .contains("every webhook is refused", "Nothing leads from voice.example.com")
                .doesNotContain("/plivo/");
        assertThat(notes("api: {open: true, keys: []}")).contains("WARNING: api.open is true");
    }

    private static String notes(String values) throws IOException {
        Path least = Files.createTempFile("values", ".yaml");
        Path more = Files.createTempFile("values", ".yaml");
        try {
            Files.writeString(least, Chart.LEAST);
            Files.writeString(more, values);
            return new Helm(Chart.DIRECTORY)
                    .install()
                    .clientOnly()
                    .dryRun()
                    .withName(Chart.RELEASE)
                    .withNamespace(Chart.NAMESPACE)
                    .withKubeVersion(Chart.KUBERNETES)
                    .withValuesFile(least)
                    .withValuesFile(more)
                    .call()
                    .getOutput();
        } finally {
            Files.delete(least);
            Files.delete(more);
        }
    }
}
