package io.smartrouter.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.smartrouter.InvalidSettingException;
import io.smartrouter.api.ApiKeys.Caller;
import io.smartrouter.api.ApiKeys.Role;
import java.io.IOException;
import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

class ApiKeysTest {
    private static final String SECRET = "a-secret-of-24-characters";

    private static ApiKeys keys(ApiKey... keys) {
        return new ApiKeys(new ApiProperties(List.of(keys), false));
    }

    private static ApiKey key(String id, @Nullable String secret, @Nullable String file, String role) {
        return new ApiKey(id, secret, file, role);
    }

    @Test
    void severalKeysAreKnownAtOnce(@TempDir Path directory) throws IOException {
        Path file = Files.writeString(directory.resolve("key"), "another-secret-in-a-file-é\n");
        ApiKeys keys = keys(
                key("old", SECRET, null, "operator"),
                key("new", SECRET + "2", null, "operator"),
                key("file", null, file.toString(), "read"));
        assertThat(keys.callerOf(SECRET)).contains(new Caller("old", Role.OPERATOR));
        assertThat(keys.callerOf(SECRET + "2")).contains(new Caller("new", Role.OPERATOR));
        String asTomcatReadsIt =
                new String("another-secret-in-a-file-é".getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
        assertThat(keys.callerOf(asTomcatReadsIt)).contains(new Caller("file", Role.READ));
        assertThat(keys.callerOf(SECRET + "3")).isEmpty();
        assertThat(keys.callerOf("")).isEmpty();
        assertThat(keys.isOpen()).isFalse();
    }

    @Test
    void noKeysNeedTheWordAloud() {
        assertThatThrownBy(ApiKeysTest::keys)
                .isInstanceOf(InvalidSettingException.class)
                .hasMessageContaining("router.api.open: true");
        assertThat(new ApiKeys(new ApiProperties(List.of(), true)).isOpen()).isTrue();
        assertThatThrownBy(() -> new ApiKeys(new ApiProperties(List.of(key("k", SECRET, null, "read")), true)))
                .isInstanceOf(InvalidSettingException.class)
                .hasMessageStartingWith("router.api.open");
    }

    @Test
    void aBadKeyStopsTheStartAndIsNotQuoted() {
        ApiKey good = key("good", SECRET, null, "read");
        for (ApiKey bad : List.of(
                key("", SECRET + "x", null, "read"),
                key("a b", SECRET + "x", null, "read"),
                key("good", SECRET + "x", null, "read"),
                key("same", SECRET, null, "read"),
                key("role", SECRET + "x", null, "admin"),
                key("role", SECRET + "x", null, ""),
                key("short", "a-secret-of-23-letters!", null, "read"),
                key("none", null, null, "read"),
                key("both", SECRET + "x", "/etc/hostname", "read"),
                key("lost", null, "/no/such/file", "read"))) {
            assertThatThrownBy(() -> keys(good, bad))
                    .as(bad.toString())
                    .isInstanceOf(InvalidSettingException.class)
                    .hasMessageStartingWith("router.api.keys")
                    .hasMessageNotContaining("a-secret");
        }
    }

    @Test
    void aBoundKeyForgetsItsSecret() throws IllegalAccessException {
        ApiProperties properties = new Binder(new MapConfigurationPropertySource(Map.of(
                        "router.api.keys[0].id", "k",
                        "router.api.keys[0].secret", SECRET,
                        "router.api.keys[0].role", "read")))
                .bind("router.api", ApiProperties.class)
                .get();
        assertThat(properties.toString()).contains("id=k").doesNotContain(SECRET);
        ApiKey key = properties.keys().getFirst();
        for (Field field : ApiKey.class.getDeclaredFields()) {
            field.setAccessible(true);
            assertThat(field.get(key)).isNotEqualTo(SECRET);
        }
        assertThat(new ApiKeys(properties).callerOf(SECRET)).isPresent();
    }
}
