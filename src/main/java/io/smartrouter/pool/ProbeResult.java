package io.smartrouter.pool;

/** What came of asking a pod's agent whether it is there. */
public enum ProbeResult {
    /** It is. */
    ANSWERED,
    /** No answer came in time: it, or the network, may be at fault. */
    SILENT,
    /** Its machine says that nothing listens there: a proof. */
    REFUSED
}
