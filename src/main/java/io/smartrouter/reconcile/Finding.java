package io.smartrouter.reconcile;

import io.smartrouter.pool.Repair;
import org.jspecify.annotations.Nullable;

/**
 * One thing that is not as it should be.
 *
 * @param invariant the invariant that it breaks, or null if it breaks none yet
 * @param subject {@code call} or {@code pod}
 * @param name the sid or the pod's name
 * @param detail what is wrong, without the name
 * @param seq number of the transition that last changed its record, empty if it has none: what tells two looks apart
 * @param kind how it is mended, or null if by something else that is found with it
 */
public record Finding(
        @Nullable Invariant invariant,
        Subject subject,
        String name,
        String detail,
        String seq,
        Repair.@Nullable Kind kind) {
    /** What a finding is about. */
    public enum Subject {
        /** A call, live or waiting. */
        CALL,
        /** A pod. */
        POD;

        /** The word in JSON. */
        public String word() {
            return this == CALL ? "call" : "pod";
        }
    }
}
