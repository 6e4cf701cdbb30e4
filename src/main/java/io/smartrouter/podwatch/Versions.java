package io.smartrouter.podwatch;

import java.util.regex.Pattern;

/** The order of {@code resourceVersion}s: decimal numbers of any length. */
final class Versions {
    private static final Pattern DECIMAL = Pattern.compile("[1-9][0-9]{0,39}");

    private Versions() {}

    static boolean isValid(String version) {
        return DECIMAL.matcher(version).matches();
    }

    static boolean isNewer(String version, String than) {
        return version.length() == than.length() ? version.compareTo(than) > 0 : version.length() > than.length();
    }
}
