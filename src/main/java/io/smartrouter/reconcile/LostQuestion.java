package io.smartrouter.reconcile;

import io.smartrouter.pool.Repair;

/**
 * A live call on a pod that the store does not know. Only Kubernetes can say whether its incarnation is gone.
 *
 * @param repair what to do if it is
 * @param pod the pod that the call names
 * @param incarnation the life that it names
 */
public record LostQuestion(Repair repair, String pod, String incarnation) {}
