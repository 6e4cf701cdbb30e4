package io.smartrouter.webhook;

import io.smartrouter.InvalidSettingException;
import io.smartrouter.pool.ProviderAbilities;
import io.smartrouter.pool.WhenExhausted;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.core.env.Environment;
import org.springframework.core.env.Profiles;
import org.springframework.stereotype.Component;

/** The providers that have an adapter, and which of them are believed without proof. */
@Component
class Providers implements ProviderAbilities {
    private static final Logger log = LoggerFactory.getLogger(Providers.class);

    private final Map<String, ProviderAdapter> adapters = new TreeMap<>();
    private final WebhookProperties properties;

    /**
     * Checks the settings that all providers share.
     *
     * @throws InvalidSettingException if one names no provider, or believes everybody where calls are real
     */
    Providers(List<ProviderAdapter> all, WebhookProperties properties, Environment environment) {
        this.properties = properties;
        for (ProviderAdapter adapter : all) {
            if (adapters.put(adapter.provider(), adapter) != null) {
                throw new IllegalStateException("two adapters are named " + adapter.provider());
            }
        }
        boolean dev = environment.acceptsProfiles(Profiles.of("dev"));
        properties.providers().forEach((name, provider) -> {
            ProviderAdapter adapter = adapters.get(name);
            if (adapter == null) {
                throw new InvalidSettingException(
                        "router.providers." + name, "no such provider here; there are: " + adapters.keySet());
            }
            String setting = "router.providers." + name + ".unverified";
            if (provider.unverified() && !dev) {
                throw new InvalidSettingException(
                        setting,
                        "lets anybody end and begin calls, so it is for the profile dev alone; remove it and set"
                                + " router.providers." + name + ".accounts");
            }
            if (isBelieved(adapter)) {
                log.warn("provider is believed without proof, profile dev alone provider={} setting={}", name, setting);
            }
        });
    }

    Optional<ProviderAdapter> named(String provider) {
        return Optional.ofNullable(adapters.get(provider));
    }

    List<ProviderAdapter> all() {
        return List.copyOf(adapters.values());
    }

    @Override
    public Map<String, Set<WhenExhausted.Action>> whenExhausted() {
        Map<String, Set<WhenExhausted.Action>> abilities = new TreeMap<>();
        adapters.values().stream()
                .filter(adapter -> adapter.hasAccounts() || isBelieved(adapter))
                .forEach(adapter -> abilities.put(adapter.provider(), adapter.whenExhausted()));
        return abilities;
    }

    /** The adapter's verdict, or where none of its accounts is configured and the settings say so: believed. */
    Verdict verdict(ProviderAdapter adapter, WebhookRequest request) {
        return isBelieved(adapter) ? new Verdict.Proven(null) : adapter.verify(request);
    }

    boolean isBelieved(ProviderAdapter adapter) {
        WebhookProperties.Provider provider = properties.providers().get(adapter.provider());
        return provider != null && provider.unverified() && !adapter.hasAccounts();
    }
}
