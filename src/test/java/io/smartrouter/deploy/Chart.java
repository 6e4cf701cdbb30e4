package io.smartrouter.deploy;

import com.marcnuri.helm.Helm;
import com.marcnuri.helm.TemplateCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.MappingIterator;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** The chart, rendered by Helm itself as a library. */
final class Chart {
    static final Path DIRECTORY = Path.of("helm/smart-router");
    static final String NAMESPACE = "default";
    static final String RELEASE = "smart-router";
    static final String KUBERNETES = "1.31.0";

    /** The least that a start needs. */
    static final String LEAST = """
        publicHost: voice.example.com
        redis: {host: redis.data.svc}
        streamKeys: [{id: k1, secretName: stream, secretKey: k1}]
        api: {keys: [{id: operators, role: operator, secretName: api, secretKey: operators}]}
        """;

    private static final YAMLMapper YAML = new YAMLMapper();

    private Chart() {}

    /** The manifests, or Helm's refusal as an exception; of several values the later ones count. */
    static String text(String... values) {
        List<Path> files = new ArrayList<>();
        try {
            for (String some : values) {
                Path file = Files.createTempFile("values", ".yaml");
                files.add(file);
                Files.writeString(file, some);
            }
            TemplateCommand template = new Helm(DIRECTORY)
                    .template()
                    .withName(RELEASE)
                    .withNamespace(NAMESPACE)
                    .withKubeVersion(KUBERNETES);
            files.forEach(template::withValuesFile);
            return template.call();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        } finally {
            files.forEach(file -> file.toFile().delete());
        }
    }

    /** The objects. */
    static List<JsonNode> objects(String... values) {
        return documents(text(values));
    }

    static List<JsonNode> documents(String yaml) {
        try (MappingIterator<JsonNode> all = YAML.readerFor(JsonNode.class).readValues(yaml)) {
            return all.readAll().stream().filter(JsonNode::isObject).toList();
        }
    }

    static JsonNode yaml(String text) {
        return YAML.readTree(text);
    }
}
