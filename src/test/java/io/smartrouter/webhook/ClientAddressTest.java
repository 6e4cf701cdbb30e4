package io.smartrouter.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.smartrouter.InvalidSettingException;
import java.net.InetAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.springframework.mock.web.MockHttpServletRequest;

/** From where a request came, and which addresses a range holds. */
class ClientAddressTest {
    private final ClientAddress direct = new ClientAddress(new ProxyProperties(List.of()));
    private final ClientAddress behind =
            new ClientAddress(new ProxyProperties(List.of("10.0.0.0/8", "192.0.2.1", "2001:db8:1::/48", "fe80::/10")));

    @Test
    void withoutTrustedProxiesTheHeaderIsWhateverTheSenderLikes() {
        assertThat(of(direct, "10.0.0.1", "203.0.113.7")).isEqualTo("10.0.0.1");
        assertThat(of(direct, "127.0.0.1", "203.0.113.7")).isEqualTo("127.0.0.1");
        assertThat(of(direct, "2001:db8::7")).isEqualTo("2001:db8:0:0:0:0:0:7");
    }

    @Test
    void aStrangersHeaderIsNotRead() {
        assertThat(of(behind, "203.0.113.7", "198.51.100.1")).isEqualTo("203.0.113.7");
        assertThat(of(behind, "203.0.113.7", "10.0.0.1")).isEqualTo("203.0.113.7");
    }

    @Test
    void aTrustedProxyVouchesForTheNextEntryFromTheRight() {
        assertThat(of(behind, "10.0.0.1", "198.51.100.1")).isEqualTo("198.51.100.1");
        // The sender wrote the left one itself.
        assertThat(of(behind, "10.0.0.1", "198.51.100.1, 203.0.113.7")).isEqualTo("203.0.113.7");
        assertThat(of(behind, "10.0.0.1", "198.51.100.1, 203.0.113.7 ,\t192.0.2.1"))
                .isEqualTo("203.0.113.7");
        // Several lines are one list.
        assertThat(of(behind, "10.0.0.1", "198.51.100.1", "203.0.113.7, 10.9.9.9"))
                .isEqualTo("203.0.113.7");
        assertThat(of(behind, "2001:db8:1::5", "2001:db8:2::7")).isEqualTo("2001:db8:2:0:0:0:0:7");
    }

    @Test
    void whereAllAreTrustedTheFirstOneAsked() {
        assertThat(of(behind, "10.0.0.1")).isEqualTo("10.0.0.1");
        assertThat(of(behind, "10.0.0.1", "10.0.0.3, 10.0.0.2")).isEqualTo("10.0.0.3");
    }

    @Test
    void portsZonesAndMappedAddressesAreTheSameAddress() {
        assertThat(of(behind, "10.0.0.1", "203.0.113.7:4711")).isEqualTo("203.0.113.7");
        assertThat(of(behind, "10.0.0.1", "[2001:db8::7]:4711")).isEqualTo("2001:db8:0:0:0:0:0:7");
        assertThat(of(behind, "10.0.0.1", "[2001:db8::7]")).isEqualTo("2001:db8:0:0:0:0:0:7");
        assertThat(of(behind, "::ffff:10.0.0.1", "::ffff:203.0.113.7")).isEqualTo("203.0.113.7");
        assertThat(of(behind, "fe80:0:0:0:0:0:0:1%eth0", "203.0.113.7")).isEqualTo("203.0.113.7");
    }

    @Test
    void whatIsNoAddressIsNobodysAndIsNeverResolved() {
        for (String hop :
                List.of("", "unknown", "localhost", "example.com", "_hidden", "1", "1.2.3", "256.1.1.1", "::g")) {
            assertThat(of(behind, "10.0.0.1", "203.0.113.7, " + hop)).as(hop).isNull();
        }
        assertThat(of(behind, "10.0.0.1", "198.51.100.1,,203.0.113.7")).isEqualTo("203.0.113.7");
    }

    @Test
    void aRangeHoldsItsAddressesAndNoOthers() {
        AddressRanges ranges =
                new AddressRanges("x", List.of("192.0.2.128/25", "198.51.100.7", "2001:db8::/33", "203.0.113.0/31"));
        for (String in : List.of("192.0.2.128", "192.0.2.255", "198.51.100.7", "2001:db8:7fff::1", "203.0.113.1")) {
            assertThat(ranges.contains(InetAddress.ofLiteral(in))).as(in).isTrue();
        }
        for (String out : List.of("192.0.2.127", "198.51.100.8", "2001:db8:8000::1", "203.0.113.2", "::192.0.2.128")) {
            assertThat(ranges.contains(InetAddress.ofLiteral(out))).as(out).isFalse();
        }
        assertThat(new AddressRanges("x", List.of()).isEmpty()).isTrue();
        assertThat(new AddressRanges("x", List.of("0.0.0.0/0")).contains(InetAddress.ofLiteral("::1")))
                .isFalse();
    }

    @Test
    void whatIsNoRangeRefusesTheStart() {
        for (String wrong : List.of(
                "",
                "localhost",
                "exotel.example/24",
                "10.0.0.0/33",
                "10.0.0.0/",
                "10.0.0.0/-1",
                "10.0.0.0/8/8",
                "10/8",
                "2001:db8::/129",
                "10.0.0.0/8;80",
                "10.0.0.1-10.0.0.9",
                "*",
                "/8",
                "fe80::1%eth0")) {
            assertThatThrownBy(() -> new ClientAddress(new ProxyProperties(List.of("10.0.0.1", wrong))))
                    .as(wrong)
                    .isInstanceOf(InvalidSettingException.class)
                    .hasMessageStartingWith("router.trusted-proxies[1]: ");
        }
    }

    private static @Nullable String of(ClientAddress addresses, String remote, String... forwardedFor) {
        MockHttpServletRequest request = new MockHttpServletRequest();
        request.setRemoteAddr(remote);
        for (String line : forwardedFor) {
            request.addHeader("X-Forwarded-For", line);
        }
        InetAddress client = addresses.of(request);
        return client == null ? null : client.getHostAddress();
    }
}
