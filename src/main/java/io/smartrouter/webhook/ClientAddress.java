package io.smartrouter.webhook;

import jakarta.servlet.http.HttpServletRequest;
import java.net.InetAddress;
import java.util.Collections;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Tells from which address a request came. Each proxy adds to {@code X-Forwarded-For} whom it was called by, at the
 * right; what stands left of the first address that is no trusted proxy was written by whoever sent it. So the entries
 * are followed from the right, for as long as a trusted proxy vouches for the next one.
 */
@Component
class ClientAddress {
    private static final String FORWARDED_FOR = "X-Forwarded-For";
    private static final Pattern WITH_PORT =
            Pattern.compile("\\[(?<v6>[^\\]]*)\\](:[0-9]{1,5})?|(?<v4>[0-9.]+):[0-9]{1,5}");

    private final AddressRanges trustedProxies;

    ClientAddress(ProxyProperties properties) {
        trustedProxies = new AddressRanges("router.trusted-proxies", properties.trustedProxies());
    }

    /** The client's address, or null if a trusted proxy wrote something that is none. */
    @Nullable
    InetAddress of(HttpServletRequest request) {
        List<String> hops = Collections.list(request.getHeaders(FORWARDED_FOR)).stream()
                .flatMap(line -> List.of(line.split(",", -1)).stream())
                .toList();
        InetAddress client = read(request.getRemoteAddr());
        for (int i = hops.size() - 1; i >= 0 && client != null && trustedProxies.contains(client); i--) {
            client = read(hops.get(i).strip());
        }
        return client;
    }

    /** Some proxies add the port, and a link-local address has a zone. */
    private static @Nullable InetAddress read(String text) {
        Matcher port = WITH_PORT.matcher(text);
        String address = !port.matches() ? text : port.group("v6") == null ? port.group("v4") : port.group("v6");
        int zone = address.indexOf('%');
        return AddressRanges.address(zone < 0 ? address : address.substring(0, zone))
                .orElse(null);
    }
}
