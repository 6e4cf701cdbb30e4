package io.smartrouter.podwatch;

import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.WatcherException;

/** Faults of the cluster's API in one line for an operator: what it answered, or why it could not be asked. */
final class Problems {
    private static final int MOST = 200;

    private Problems() {}

    static String say(Throwable fault) {
        Throwable root = fault;
        while (!(root instanceof KubernetesClientException e && e.getCode() > 0)) {
            Throwable cause = root.getCause();
            if (cause == null) {
                break;
            }
            root = cause;
        }
        String text = root instanceof KubernetesClientException e && e.getCode() > 0
                ? "the API server answered " + e.getCode() + ": " + status(e)
                : root instanceof WatcherException || root instanceof KubernetesClientException
                        ? String.valueOf(root.getMessage())
                        : root.getClass().getSimpleName() + ": " + root.getMessage();
        String line = text.replaceAll("\\s+", " ").strip();
        return line.length() > MOST ? line.substring(0, MOST) : line;
    }

    private static String status(KubernetesClientException e) {
        return e.getStatus() == null || e.getStatus().getMessage() == null
                ? String.valueOf(e.getMessage())
                : e.getStatus().getMessage();
    }
}
