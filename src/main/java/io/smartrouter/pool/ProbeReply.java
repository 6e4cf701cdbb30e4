package io.smartrouter.pool;

/** What a probe's result changed. */
public enum ProbeReply {
    /** It answers, and takes calls as far as the probe is concerned. */
    READY,
    /** It is suspect for a while. */
    SUSPECT,
    /** It stays as it was: too many of its pool failed already. */
    KEPT,
    /** It is another incarnation by now. */
    STALE
}
