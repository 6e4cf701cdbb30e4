package io.smartrouter.pool;

import java.util.Map;

/** What is written to the configuration's source in the step that applies it. */
public sealed interface ConfigurationEdit {
    /** Nothing: an operator has written it. */
    record None() implements ConfigurationEdit {}

    /**
     * The tiers.
     *
     * @param json their JSON
     */
    record Tiers(String json) implements ConfigurationEdit {}

    /**
     * One merchant.
     *
     * @param merchant its name
     * @param json its JSON
     */
    record Merchant(String merchant, String json) implements ConfigurationEdit {}

    /**
     * One merchant less.
     *
     * @param merchant its name
     */
    record MerchantRemoved(String merchant) implements ConfigurationEdit {}

    /**
     * Everything, after the store lost it.
     *
     * @param tiers JSON of the tiers
     * @param merchants merchant → JSON
     */
    record All(String tiers, Map<String, String> merchants) implements ConfigurationEdit {
        /** Copies the map. */
        public All {
            merchants = Map.copyOf(merchants);
        }
    }
}
