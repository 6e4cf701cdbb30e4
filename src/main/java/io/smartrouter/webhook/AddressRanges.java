package io.smartrouter.webhook;

import io.smartrouter.InvalidSettingException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.catalina.util.NetMask;

/**
 * IP addresses and CIDR blocks out of the settings. A host name is none: what a name means is somebody else's to
 * change, and asking would take time. So nothing is ever resolved.
 */
public final class AddressRanges {
    private static final Pattern LITERAL =
            Pattern.compile("[0-9]{1,3}(\\.[0-9]{1,3}){3}|[0-9A-Fa-f]*:[0-9A-Fa-f:.]{1,44}");

    private static final Pattern RANGE = Pattern.compile("(?<address>[^/]*)(?<length>(/[0-9]{1,3})?)");

    private final List<NetMask> ranges = new ArrayList<>();

    /**
     * Takes them out of the settings.
     *
     * @param setting where they stand, such as {@code router.trusted-proxies}
     * @param texts addresses such as {@code 192.0.2.7} or {@code 2001:db8::7}, and blocks such as {@code 192.0.2.0/24}
     * @throws InvalidSettingException if one is neither
     */
    public AddressRanges(String setting, List<String> texts) {
        for (int i = 0; i < texts.size(); i++) {
            ranges.add(range(setting + "[" + i + "]", texts.get(i)));
        }
    }

    /** Whether there are none. */
    public boolean isEmpty() {
        return ranges.isEmpty();
    }

    /** Whether an address is in one of them. An IPv4 address written as IPv6 ({@code ::ffff:…}) is the IPv4 one. */
    public boolean contains(InetAddress address) {
        return ranges.stream().anyMatch(range -> range.matches(address));
    }

    /** The address that a text is, or empty if it is none; a name is none. */
    static Optional<InetAddress> address(String text) {
        try {
            return LITERAL.matcher(text).matches() ? Optional.of(InetAddress.ofLiteral(text)) : Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private static NetMask range(String setting, String text) {
        Matcher range = RANGE.matcher(text);
        Optional<InetAddress> first = range.matches() ? address(range.group("address")) : Optional.empty();
        try {
            // The address as we read it, not its text: so the mask cannot take it for a name.
            return new NetMask(first.orElseThrow().getHostAddress() + range.group("length"));
        } catch (NoSuchElementException | IllegalArgumentException e) {
            throw new InvalidSettingException(
                    setting, "must be an IP address or a CIDR block, such as 192.0.2.0/24 or 2001:db8::/32");
        }
    }
}
