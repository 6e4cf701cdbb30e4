package io.smartrouter.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.Mockito.CALLS_REAL_METHODS;
import static org.mockito.Mockito.doReturn;
import static org.mockito.Mockito.mock;

import io.smartrouter.pool.WhenExhausted.Action;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.mock.env.MockEnvironment;

class ProvidersTest {
    private static ProviderAdapter adapter(String name, boolean hasAccounts) {
        ProviderAdapter adapter = mock(ProviderAdapter.class, CALLS_REAL_METHODS);
        doReturn(name).when(adapter).provider();
        doReturn(hasAccounts).when(adapter).hasAccounts();
        return adapter;
    }

    @Test
    void aProviderIsInUseThatHasAccountsOrIsBelieved() {
        ProviderAdapter limited = adapter("exotel", true);
        doReturn(EnumSet.of(Action.REJECT)).when(limited).whenExhausted();
        MockEnvironment dev = new MockEnvironment();
        dev.setActiveProfiles("dev");
        Providers providers = new Providers(
                List.of(adapter("plivo", true), limited, adapter("twilio", false), adapter("vonage", false)),
                new WebhookProperties(null, null, Map.of("vonage", new WebhookProperties.Provider(true))),
                dev);

        assertThat(providers.whenExhausted())
                .isEqualTo(Map.of(
                        "plivo", EnumSet.allOf(Action.class),
                        "exotel", EnumSet.of(Action.REJECT),
                        "vonage", EnumSet.allOf(Action.class)));
    }
}
