package io.smartrouter.pool;

/** What a settlement needs of the configuration: that there is one before pods are shared out. */
interface ConfigurationSource {
    /**
     * Makes sure that a valid configuration is applied: the stored one, else the newest that this router knows, else
     * the one that a new data set begins with.
     *
     * @param token the settlement's
     */
    void restore(String token);
}
