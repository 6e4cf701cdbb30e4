package io.smartrouter.ops;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;

/**
 * Asks a router on this machine whether it is ready, for who watches a container and can only start a program in it:
 * the image has neither a shell nor curl. Kubernetes asks by itself.
 */
final class Healthcheck {
    private static final int PATIENCE_MS = 2000;

    private Healthcheck() {}

    /**
     * Exits with 0 if the router is ready, else with 1.
     *
     * @param args the URL to ask, or nothing for readiness on the management port's default
     */
    public static void main(String[] args) {
        String url = args.length > 0 ? args[0] : "http://127.0.0.1:8081/actuator/health/readiness";
        System.exit(answersOk(URI.create(url)) ? 0 : 1);
    }

    static boolean answersOk(URI url) {
        try {
            HttpURLConnection connection = (HttpURLConnection) url.toURL().openConnection();
            connection.setConnectTimeout(PATIENCE_MS);
            connection.setReadTimeout(PATIENCE_MS);
            try {
                return connection.getResponseCode() == HttpURLConnection.HTTP_OK;
            } finally {
                connection.disconnect();
            }
        } catch (IOException e) {
            return false; // it does not listen, or not any more
        }
    }
}
