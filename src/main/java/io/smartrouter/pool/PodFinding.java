package io.smartrouter.pool;

/**
 * What was found out about a call's pod beyond what the store knows.
 *
 * @param lease the call's lease when it was asked: the finding holds for no other
 * @param serves whether the pod is well as far as anybody can tell
 */
public record PodFinding(Lease lease, boolean serves) {}
