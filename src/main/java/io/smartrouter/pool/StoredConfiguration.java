package io.smartrouter.pool;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Configuration as it stands in the store.
 *
 * @param tiers JSON of the tiers as operators write it, or null
 * @param merchants merchant → JSON, as operators write it
 * @param numbers dialled number or prefix → merchant, as operators write it
 * @param revision revision of the applied configuration, {@code 0} if none is
 * @param source digest of the sources that it was compiled from, or null
 * @param dataSet id of the data set that it stands in; empty if that was never opened
 */
public record StoredConfiguration(
        @Nullable String tiers,
        Map<String, String> merchants,
        Map<String, String> numbers,
        String revision,
        @Nullable String source,
        String dataSet) {
    /** Copies the maps. */
    public StoredConfiguration {
        merchants = Map.copyOf(merchants);
        numbers = Map.copyOf(numbers);
    }
}
