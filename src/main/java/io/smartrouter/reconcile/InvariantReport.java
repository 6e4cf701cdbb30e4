package io.smartrouter.reconcile;

import java.time.Instant;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * What breaks an invariant, seen in two looks on the same evidence.
 *
 * @param lookedAt when, in Redis' time
 * @param open whether the data set was open; nothing is judged while it is not
 * @param calls how many live calls were looked at
 * @param pods how many pods
 * @param overbooked pods with more calls than slots, which a settled data set may have: no violation
 * @param violations what breaks them, by invariant and name
 */
public record InvariantReport(
        Instant lookedAt, boolean open, int calls, int pods, int overbooked, List<Finding> violations) {
    /** Copies the list. */
    public InvariantReport {
        violations = List.copyOf(violations);
    }

    /** What a finding is sorted by; also where the next page begins. */
    public static String key(Finding finding) {
        Invariant invariant = finding.invariant();
        return (invariant == null ? "" : invariant.word()) + ' ' + finding.name() + ' ' + finding.detail();
    }

    /** How many there are of each; each invariant has an entry. */
    public Map<Invariant, Long> counts() {
        Map<Invariant, Long> counts = new EnumMap<>(Invariant.class);
        for (Invariant invariant : Invariant.values()) {
            counts.put(
                    invariant,
                    violations.stream()
                            .filter(finding -> finding.invariant() == invariant)
                            .count());
        }
        return counts;
    }
}
