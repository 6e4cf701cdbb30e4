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
     * One number given to a merchant, in this spelling and no longer in the other one, with or without its +.
     *
     * @param number the number, or prefix of numbers
     * @param merchant whose it is
     */
    record NumberGiven(String number, String merchant) implements ConfigurationEdit {}

    /**
     * One number less, in whichever spelling it stands.
     *
     * @param number the number, or prefix of numbers
     */
    record NumberRemoved(String number) implements ConfigurationEdit {}

    /**
     * Everything, after the store lost it.
     *
     * @param tiers JSON of the tiers
     * @param merchants merchant → JSON
     * @param numbers number → merchant
     */
    record All(String tiers, Map<String, String> merchants, Map<String, String> numbers) implements ConfigurationEdit {
        /** Copies the maps. */
        public All {
            merchants = Map.copyOf(merchants);
            numbers = Map.copyOf(numbers);
        }
    }
}
